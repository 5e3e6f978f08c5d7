/** Whole exports into a sandbox account in the same runtime; what is asserted is what the account really holds. */
import { assert } from "chai";
import type { ExportDefinition } from "../../src/types.js";
import type { Check } from "../checks.js";
import { csv, definition, failureOf, finish, HOSTNAME, type HostUnderTest, makeWorld, optionsOf, people, textOf, written } from "./world.js";

/** One of each kind: new, updated, refused here, refused there, duplicate, without consent. */
const segment = csv(
  ["Id", "EMail", "First", "Tier", "Consent"],
  ["1", "nina@example.com", "Nina", "high", "yes"],
  ["2", "gil.gold@example.com", "Gilbert", "low", "yes"],
  ["3", "no address", "Nobody", "low", "yes"],
  ["4", "una.unsubscribed@example.com", "Una", "low", "yes"],
  ["5", "NINA@example.com", "Nina", "low", "yes"],
  ["6", "eve@example.com", "Eve", "low", "no"],
);
const mapped: ExportDefinition = {
  version: 1,
  list: 1,
  mapping: { id: "Id", email: "EMail", firstName: "First", fields: [{ field: "Loyalty tier", column: "Tier" }], tags: ["spring 2026", { column: "Tier", prefix: "tier: " }], consent: "Consent" },
};

async function wholeExport(host: HostUnderTest): Promise<void> {
  const world = makeWorld(host);
  const before = world.sandbox.account.contactCount;
  const options = { connection: world.connection, host: world.host, definition: mapped, source: segment };
  const { summary, rejections } = await finish(host.api.exportSegment(options));
  assert.deepInclude(summary, { result: "completed_with_rejections", read: 6, delivered: 2, rejected: 2, duplicate: 1, excluded: 1, unverified: 0 });
  assert.deepEqual(rejections.map(({ row, sourceId, rule, value }) => [row, sourceId, rule, value]).sort(), [
    [3, "3", "email_no_at", "n***"], [4, "4", "failed_in_import", "u***@e***"], [5, "5", "duplicate", "n***@e***"],
  ]);
  const { account } = world.sandbox;
  assert.equal(account.contactCount, before + 1);
  const held = (email: string): object => {
    const { firstName, fields, tags, lists, automations } = account.contact(email) ?? assert.fail(`${email} is not in the account`);
    return { firstName, tier: fields["2"], tags, lists, automations };
  };
  assert.deepEqual(held("nina@example.com"), { firstName: "Nina", tier: "high", tags: ["spring 2026", "tier: high"], lists: { 1: "active" }, automations: 0 });
  assert.deepEqual(held("gil.gold@example.com"), { firstName: "Gilbert", tier: "low", tags: ["spring 2026", "tier: low"], lists: { 1: "active", 2: "active", 4: "active" }, automations: 0 });
  assert.deepEqual(account.contact("una.unsubscribed@example.com")?.lists, { 1: "unsubscribed" });
  assert.equal(account.contact("eve@example.com"), undefined);
  for (const { key } of world.sent) assert.equal(key, world.sandbox.key);
}

async function atItsPace(host: HostUnderTest): Promise<void> {
  const world = makeWorld(host);
  const { summary } = await finish(host.api.exportSegment(optionsOf(world, 30_000)));
  assert.deepInclude(summary, { result: "succeeded", read: 30_000, delivered: 30_000, batches: 120, resent: 0 });
  assert.deepEqual(written(world, 30_000), [0, 30_000, 0]);
  // The account's own limit, [doc]: 100 a minute.
  const at = world.imports().map((request) => request.at);
  for (const [index, start] of at.entries()) assert.isAtLeast((at[index + 100] ?? Infinity) - start, 60_000);
  assert.isAtLeast(summary.durationMillis, 60_000);
}

/** An answer that refuses the first imports, of which the account hears nothing. */
const refusing = (times: number, answer: () => Response): ((request: Request) => Response | undefined) => {
  let left = times;
  return ({ method, url }) => {
    if (left === 0 || method !== "POST" || !url.endsWith("bulk_import")) return undefined;
    left -= 1;
    return answer();
  };
};

const faults = (host: HostUnderTest): Check[] => [
  {
    name: "a 429 closes the account's window for as long as it says, and nothing is lost",
    async run() {
      const world = makeWorld(host, {}, refusing(1, () => new Response("", { status: 429, headers: { "retry-after": "37" } })));
      const { summary } = await finish(host.api.exportSegment(optionsOf(world, 600)));
      assert.deepInclude(summary, { result: "succeeded", delivered: 600, rejected: 0, unverified: 0 });
      assert.deepEqual(written(world, 600), [0, 600, 0]);
      // Some were on their way already when the answer came; after it, none for as long as it says.
      const waits = world.imports().map(({ at }) => at - (world.imports()[0]?.at ?? 0));
      assert.equal(waits.length, 4);
      for (const wait of waits) assert.isTrue(wait < 2_000 || wait >= 37_000, `${wait} ms`);
      assert.isAtLeast(waits[3] ?? 0, 37_000);
    },
  },
  {
    name: "a 503 is tried again, each time later",
    async run() {
      const world = makeWorld(host, {}, refusing(3, () => new Response("<html>", { status: 503 })));
      const { summary } = await finish(host.api.exportSegment(optionsOf(world, 200)));
      assert.deepInclude(summary, { result: "succeeded", delivered: 200, unverified: 0 });
      assert.equal(world.imports().length, 4);
      assert.deepEqual(written(world, 200), [0, 200, 0]);
    },
  },
  {
    name: "an answer that is lost is sent again, and said so",
    async run() {
      const world = makeWorld(host, { knobs: { faults: [{ kind: "lost" }] } });
      const { summary } = await finish(host.api.exportSegment(optionsOf(world, 200)));
      assert.deepInclude(summary, { result: "succeeded", delivered: 200, resent: 200, unverified: 0 });
      assert.deepEqual(written(world, 200), [0, 0, 200]);
    },
  },
  {
    name: "a refused key stops the run and is the credentials' fault",
    async run() {
      const world = makeWorld(host);
      const { summary } = await finish(host.api.exportSegment(optionsOf(world, 10, { connection: { host: HOSTNAME, apiKey: "another-key" } })));
      assert.equal(summary.result, "blocked");
      assert.deepInclude(summary.stop ?? {}, { code: "key_refused", category: "credentials", retryHelps: false });
      assert.equal(world.imports().length, 0);
      assert.notInclude(JSON.stringify(summary), "another-key");
    },
  },
];

const ends = (host: HostUnderTest): Check[] => [
  { name: "a segment is exported, and the account holds what the summary says", run: () => wholeExport(host) },
  { name: "a large one keeps the account's pace", run: () => atItsPace(host) },
  {
    name: "a run that is cancelled sends nothing new and settles what was taken",
    async run() {
      const world = makeWorld(host);
      const controller = new AbortController();
      const run = host.api.exportSegment(optionsOf(world, 5_000, { signal: controller.signal }));
      for await (const event of run) if (event.type === "progress" && event.progress.queued > 0) controller.abort();
      const summary = await run.summary;
      assert.deepInclude(summary, { result: "cancelled", queued: 0, unverified: 0 });
      assert.isTrue(summary.delivered > 0 && summary.delivered < 5_000, `${summary.delivered} delivered`);
      assert.equal(summary.delivered, written(world, 5_000)[1]);
    },
  },
  {
    name: "a source that breaks off leaves nothing falsely delivered",
    async run() {
      const world = makeWorld(host);
      const bytes = people(900);
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield bytes.subarray(0, bytes.length >> 1);
        throw new Error("the disk is gone");
      }
      const { summary } = await finish(host.api.exportSegment(optionsOf(world, 0, { source: broken() })));
      assert.deepInclude(summary.stop ?? {}, { code: "source_failed", category: "source" });
      assert.equal(summary.delivered, written(world, 900)[1]);
    },
  },
  {
    name: "hosts and keys that cannot be are refused before anything is sent",
    async run() {
      const world = makeWorld(host);
      const of = (connection: object): Promise<{ code: string }> =>
        failureOf(host.api, () => host.api.exportSegment(optionsOf(world, 1, { connection: { host: HOSTNAME, apiKey: "k", ...connection } })));
      assert.equal((await of({ host: "evil.example" })).code, "hostname");
      assert.equal((await of({ apiKey: "" })).code, "key_missing");
      assert.equal((await of({ apiKey: "a\nb" })).code, "key_malformed");
      assert.equal((await of({ sandbox: "http://192.168.1.2" })).code, "sandbox");
      assert.equal(world.sent.length, 0);
    },
  },
  {
    name: "an account is described to its last page",
    async run() {
      const world = makeWorld(host, { seed: { ...host.sandbox.defaultSeed(), generate: { lists: 250, fields: 130 } } });
      const found = await host.api.describeAccount(world.connection, world.host);
      assert.equal(found.lists.length, world.sandbox.account.lists.length);
      assert.equal(found.fields.length, world.sandbox.account.fields.length);
      assert.isAbove(found.lists.length, 250);
    },
  },
];

/** Over HTTP, with the runtime's own `fetch`, clock and timers; only this one takes real seconds. */
async function overHttp({ api, origin }: HostUnderTest): Promise<void> {
  const connection = { host: HOSTNAME, apiKey: "sandbox-key", sandbox: origin };
  const report = await api.testConnection(connection);
  assert.deepInclude(report, { ok: true, lists: 5 });
  const email = `over.http.${Math.random().toString(36).slice(2)}@example.com`;
  const source = csv(["EMail", "First", "Last", "Phone"], [email, "Hetty", "", ""]);
  const { summary } = await finish(api.exportSegment({ connection, definition: definition(), source }));
  assert.deepInclude(summary, { result: "succeeded", delivered: 1 });
  const state = await (await fetch(`${origin}/__sandbox/state`)).arrayBuffer();
  assert.include(textOf(new Uint8Array(state)), email);
}

export const exportChecks = (host: HostUnderTest): Check[] => [
  ...ends(host),
  ...faults(host),
  { name: "over HTTP with the runtime's own fetch, clock and timers", run: () => overHttp(host) },
];
