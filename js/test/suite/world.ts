/**
 * A sandbox account and a run's host on one virtual clock, in any runtime: an export of minutes takes milliseconds. The
 * clock stands while anything real is on its way, and jumps to whatever is due when nothing is.
 */
import { assert } from "chai";
import type * as Package from "../../src/entry/browser.js";
import type { Claim, Commit, ExportDefinition, ExportOptions, ExportRun, ExportSummary, Host, Rejection, RunStore } from "../../src/types.js";
import type * as Sandboxes from "../../src/sandbox/index.js";
import { assertBalance } from "../kit/balance.mjs";
import { VirtualTime } from "../kit/virtual-time.mjs";
import type { StoreUnderTest } from "../store-suite.js";

/** What a runtime brings to the suite. */
export interface HostUnderTest {
  /** `activecampaign-export` as this runtime resolves it. */
  api: typeof Package;
  /** `activecampaign-export/sandbox`. */
  sandbox: typeof Sandboxes;
  /** The kinds of store that work here. */
  stores: StoreUnderTest[];
  /** Where a sandbox is served over HTTP, `http://127.0.0.1:PORT`: for the runtime's own `fetch`. */
  origin: string;
}

export const HOSTNAME = "acme.api-us1.com";
export const STATE_KEY = "sixteen characters and more";

export interface Sent {
  at: number;
  method: string;
  path: string;
  key: string | null;
}

export interface World {
  time: VirtualTime;
  sandbox: Sandboxes.Sandbox;
  host: Host;
  connection: { host: string; apiKey: string };
  sent: Sent[];
  /** The bulk imports among them. */
  imports(): Sent[];
  /** Resolves once so many imports have been answered. */
  imported(count: number): Promise<void>;
}

/** Makes a world of its own; `intercept` stands before the sandbox and may answer instead, or throw. */
export function makeWorld(
  { sandbox: { createSandbox } }: HostUnderTest,
  options: Sandboxes.SandboxOptions = {},
  intercept: (request: Request) => Response | undefined = () => undefined,
): World {
  const time = new VirtualTime();
  const sandbox = createSandbox({ ...options, now: () => time.now });
  const sent: Sent[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const imports = (): Sent[] => sent.filter(({ method, path }) => method === "POST" && path.endsWith("bulk_import"));
  let answered = 0;
  const tell = (): void => {
    for (const { count, resolve } of waiting) if (answered >= count) resolve();
  };
  const answer = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    sent.push({ at: time.now, method: request.method, path: pathname, key: request.headers.get("api-token") });
    const response = intercept(request) ?? (await sandbox.fetch(request));
    if (pathname.endsWith("bulk_import")) {
      answered += 1;
      tell();
    }
    return response;
  };
  const host: Host = {
    now: () => time.now,
    seed: () => 7n,
    sleep: (millis, signal) => time.sleep(millis, signal),
    fetch: (url, init) => whole(time, () => answer(new Request(url, init))),
  };
  const imported = (count: number): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ count, resolve });
      tell();
    });
  return { time, sandbox, host, connection: { host: HOSTNAME, apiKey: sandbox.key }, sent, imports, imported };
}

/** The clock stands from the request to the last byte of its answer. */
async function whole(time: VirtualTime, work: () => Promise<Response>): Promise<Response> {
  time.start();
  try {
    const response = await work();
    const bytes = new Uint8Array(await response.arrayBuffer());
    const { status, headers } = response;
    if (bytes.byteLength === 0) {
      time.end();
      return new Response(null, { status, headers });
    }
    let given = false;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (!given) {
            given = true;
            controller.enqueue(bytes);
            return;
          }
          controller.close();
          time.end();
        },
        cancel: () => time.end(),
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { status, headers });
  } catch (error) {
    time.end();
    throw error;
  }
}

/** A store whose work takes no time on the virtual clock. */
export function timed(store: RunStore, time: VirtualTime): RunStore {
  const real = async <T>(work: Promise<T>): Promise<T> => {
    time.start();
    try {
      return await work;
    } finally {
      time.end();
    }
  };
  return {
    async claim(): Promise<Claim> {
      const claim = await real(store.claim());
      return {
        fence: claim.fence,
        ...(claim.givenUp ? { givenUp: true } : {}),
        ...(claim.run ? { run: claim.run } : {}),
        ...(claim.last ? { last: claim.last } : {}),
        commit: (state: Commit) => real(claim.commit(state)),
        crashed: () => real(claim.crashed()),
        end: () => real(claim.end()),
        release: () => real(claim.release()),
      };
    },
  };
}

/** A run to its end, with every rejection; the buckets add up at every report. */
export async function finish(run: ExportRun): Promise<{ summary: ExportSummary; rejections: Rejection[] }> {
  const rejections: Rejection[] = [];
  for await (const event of run) {
    if (event.type === "rejections") rejections.push(...event.rejections);
    else assertBalance(event.progress);
  }
  const summary = await run.summary;
  assertBalance(summary);
  return { summary, rejections };
}

/** What an error is, for comparing; whatever is no `ExportError` of this package fails. */
export async function failureOf(api: typeof Package, work: () => unknown): Promise<{ code: string; category: string; message: string; remedy: string; retryHelps: boolean }> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof api.ExportError)) throw error;
    const { code, category, message, remedy, retryHelps } = error;
    return { code, category, message, remedy, retryHelps };
  }
  return assert.fail("nothing was thrown");
}

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

export const csv = (...rows: string[][]): Uint8Array<ArrayBuffer> => bytesOf(`${rows.map((row) => row.join(",")).join("\n")}\n`);

/** Profiles with addresses `personN@example.com`. */
export const people = (count: number, first: (row: number) => string = (row) => `First${row}`): Uint8Array<ArrayBuffer> =>
  csv(["EMail", "First", "Last", "Phone"], ...Array.from({ length: count }, (_, row) => [`person${row}@example.com`, first(row), `Last${row}`, `+38640${100_000 + row}`]));

export const definition = (more: Partial<ExportDefinition> = {}): ExportDefinition => ({
  version: 1,
  name: "Suite",
  list: 4,
  mapping: { email: "EMail", firstName: "First", lastName: "Last", phone: "Phone" },
  ...more,
});

/** What an export of `people(count)` needs. */
export const optionsOf = ({ connection, host }: World, count: number, more: Partial<ExportOptions> = {}): ExportOptions => ({
  connection, host, definition: definition(), source: people(count), ...more,
});

/** How often imports wrote each of `people(count)`: never, once, more often. */
export function written({ sandbox }: World, count: number): [number, number, number] {
  const times: [number, number, number] = [0, 0, 0];
  for (let row = 0; row < count; row += 1) {
    const imports = sandbox.account.contact(`person${row}@example.com`)?.imports.length ?? 0;
    times[Math.min(2, imports) as 0 | 1 | 2] += 1;
  }
  return times;
}
