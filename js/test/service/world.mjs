// A service in this process on a clock of the test's own: its account, its runner and itself see the same time, and a wait
// moves it. It is called as over HTTP, without a socket.
import { caller, colleague } from "./client.mjs";
import { createSandbox, place, service } from "./helpers.mjs";

const URL = "https://service.example";
export const SECRETS = { current: "v1", versions: { v1: "a secret of the service, 32 letters or more" } };

/**
 * `seed`, `knobs` and so on are the sandbox's; `options` the service's. `calls` are requests to hosts that are no account:
 * `receive(request)` answers them.
 */
export async function world({ sandbox: given = {}, store = service.memoryRecords(), start = Date.UTC(2026, 10, 23), receive, folder = place(), sources = place(), options = {}, secrets = SECRETS } = {}) {
  const clock = { now: start };
  const sandbox = createSandbox({ ...given, now: () => clock.now });
  const calls = [];
  const host = {
    now: () => clock.now,
    async fetch(url, init) {
      if (url.startsWith("https://") && new globalThis.URL(url).host.endsWith(".api-us1.com")) return sandbox.fetch(new Request(url, init));
      calls.push({ url, ...init });
      return receive ? receive(url, init) : new Response(null, { status: 204 });
    },
    async sleep(millis, signal) {
      for (let turn = 0; turn < 6; turn += 1) {
        await new Promise((next) => setImmediate(next));
        if (signal?.aborted) return;
      }
      clock.now += millis;
    },
  };
  const box = new service.SecretBox(secrets);
  const runner = new service.NodeRunner({ folder, sources, box, host });
  const made = service.createService({ store, runner, secrets, host, ...options });
  const send = (url, init) => made.fetch(new Request(url, init));
  // None where the store has users already: then the service is told who calls.
  const token = await made.firstAdministrator();
  const admin = caller(URL, token, send);
  /** Ticks until no run is waiting or going; waits for the runner between the looks, and moves the clock where nothing goes. */
  async function settle(wanted = async () => !(await made.busy())) {
    for (let turns = 0; turns < 4_000; turns += 1) {
      await made.tick();
      if (await wanted()) return;
      for (let turn = 0; turn < 4; turn += 1) await new Promise((next) => setImmediate(next));
      clock.now += 50;
    }
    throw new Error(`it does not settle: ${JSON.stringify(await store.list("live/"))}`);
  }
  return { clock, sandbox, store, runner, service: made, admin, send, calls, folder, sources, host, url: URL, settle, letIn: (id, role) => colleague(admin, URL, id, role, send) };
}

/** A connection of the world's account. */
export async function connect({ admin, sandbox }, more = {}) {
  const { privacyStatement } = await admin.read("/api/me");
  return admin.make("/api/connections", { body: { name: "Main", host: "acme.api-us1.com", apiKey: sandbox.key, consent: { agreed: true, version: privacyStatement.version }, ...more } });
}

/** A segment whose profiles are uploaded. */
export async function upload({ admin }, name, csv, more = {}) {
  const made = await admin.make("/api/segments", { body: { name, source: { upload: true }, format: "csv", ...more } });
  await admin.must("PUT", 200)(`/api/segments/${made.id}/profiles`, { raw: csv, headers: { "content-type": "text/csv" } });
  return made;
}

/** An export of segments to list 4. */
export async function save({ admin }, connection, segments, more = {}, by = admin) {
  const { export: made } = await by.make("/api/exports", { body: { name: "Gold", connection: connection.id, list: 4, segments: segments.map(({ id }) => id), mapping: { email: "EMail" }, ...more } });
  return made;
}

/** So many good profiles. */
export const people = (count, from = 0) => `EMail\n${Array.from({ length: count }, (_, at) => `person${from + at}@example.net\n`).join("")}`;
