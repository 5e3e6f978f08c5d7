// What the tests of faults share: a world whose clock stands while anything real is on its way, stores, and counts.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { VirtualTime } from "../kit/virtual-time.mjs";
import { api, createSandbox, HOST, people } from "./helpers.mjs";

export const STATE_KEY = "sixteen characters and more";

/**
 * One clock for the sandbox and any number of runs; `jump()` is added to what a run reads off it. `intercept(url, init)`
 * stands before the sandbox: what it gives is the answer, and nothing lets the request through.
 */
export function timed({ jump = () => 0, intercept = () => undefined, ...options } = {}) {
  const time = new VirtualTime();
  const sandbox = createSandbox({ ...options, now: () => time.now });
  const sent = [];
  const host = {
    now: () => time.now + jump(time.now),
    seed: () => 7n,
    sleep: time.sleep,
    fetch: (url, init) =>
      real(time, async () => {
        sent.push({ at: time.now, method: init.method, path: new URL(url).pathname, url, headers: init.headers, body: init.body });
        return (await intercept(url, init)) ?? sandbox.fetch(new Request(url, init));
      }),
  };
  const connection = { host: HOST, apiKey: sandbox.key };
  const imports = () => sent.filter(({ method, path }) => method === "POST" && path.endsWith("bulk_import"));
  return { time, sandbox, host, connection, sent, imports };
}

/** Does something that takes no time on the virtual clock. */
export async function real(time, work) {
  time.start();
  try {
    return await work();
  } finally {
    time.end();
  }
}

/** A store whose commits take no time on the virtual clock; `before` and `behind` are called around each, and may throw. */
export function wrapped(store, time, { before = () => undefined, behind = () => undefined } = {}) {
  return {
    ...store,
    async claim() {
      const claim = await store.claim();
      const commit = async (state) => {
        await before(state);
        const outcome = await claim.commit(state);
        await behind(state, outcome);
        return outcome;
      };
      return {
        fence: claim.fence,
        ...(claim.givenUp ? { givenUp: true } : {}),
        ...(claim.run ? { run: claim.run } : {}),
        ...(claim.last ? { last: claim.last } : {}),
        commit: (state) => real(time, () => commit(state)),
        crashed: () => claim.crashed(),
        end: () => claim.end(),
        release: () => claim.release(),
      };
    },
  };
}

/** A store in memory. A state that comes again as it was is the same state, and stored already. */
export function memoryStore() {
  const kept = { log: new Uint8Array(), rejections: [], commits: [], fence: 0, checkpoint: undefined, last: undefined };
  const claim = async () => {
    kept.fence += 1;
    const { fence } = kept;
    return {
      fence,
      ...(kept.checkpoint ? { run: { checkpoint: kept.checkpoint, log: kept.log } } : {}),
      ...(kept.last ? { last: kept.last } : {}),
      async commit(state) {
        if (fence !== kept.fence) return "taken_over";
        kept.commits.push(state);
        const { checkpoint, log, logBytes, rejections } = state;
        if (kept.checkpoint && Buffer.compare(kept.checkpoint, checkpoint) === 0) return "stored";
        const whole = new Uint8Array(logBytes);
        whole.set(kept.log.subarray(0, logBytes - log.byteLength));
        whole.set(log, logBytes - log.byteLength);
        Object.assign(kept, { checkpoint, log: whole, rejections: [...kept.rejections, ...rejections] });
        return "stored";
      },
      crashed: async () => undefined,
      end: async () => Object.assign(kept, { last: kept.checkpoint, checkpoint: undefined, log: new Uint8Array() }),
      release: async () => undefined,
    };
  };
  return { kept, claim };
}

/** A folder for a run, gone after the tests. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "acx-faults-"));
  after(() => rmSync(path, { recursive: true, force: true }));
  return join(path, "run");
}

/** Profiles as they stand in a source, with the contacts that they become. */
export const addresses = (count) => Array.from({ length: count }, (_, index) => `person${index}@example.com`);

/** How often an import wrote each contact of `people(count)`: [never, once, more often]. */
export function written(sandbox, count) {
  const times = [0, 0, 0];
  for (const email of addresses(count)) times[Math.min(2, sandbox.account.contact(email)?.imports.length ?? 0)] += 1;
  return times;
}

/** Runs an export, and stops it as Ctrl-C would once `when` says so of a report. */
export async function cancelled(options, when) {
  const controller = new AbortController();
  const run = api.exportSegment({ ...options, signal: controller.signal });
  for await (const event of run) {
    if (event.type === "progress" && when(event.progress)) controller.abort();
  }
  return run.summary;
}

/** The most that fall into any window of so many milliseconds. */
export function mostWithin(times, millis) {
  const sorted = [...times].sort((one, other) => one - other);
  let from = 0;
  let most = 0;
  for (let to = 0; to < sorted.length; to += 1) {
    while (sorted[to] - sorted[from] >= millis) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** A run of `count` profiles that ended well, each delivered once. */
export function assertDone(summary, count) {
  const { result, read, delivered, pending, queued, unverified } = summary;
  assert.deepEqual({ result, read, delivered, pending, queued, unverified }, { result: "succeeded", read: count, delivered: count, pending: 0, queued: 0, unverified: 0 }, JSON.stringify(summary));
}

/** What an export needs, for `people(count)`. */
export const partsOf = ({ connection, host }, definition, count, store) => ({
  connection,
  host,
  definition,
  source: people(count),
  ...(store ? { checkpoints: { store, key: STATE_KEY } } : {}),
});
