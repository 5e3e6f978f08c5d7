// The installed package and a sandbox on a virtual clock: an export of minutes takes milliseconds.
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { assertBalance } from "../kit/balance.mjs";

const app = process.env.ACTIVECAMPAIGN_EXPORT_APP ?? fileURLToPath(new URL("../../../target/test-app", import.meta.url));
export const installed = join(app, "node_modules", "activecampaign-export");
const load = (path) => import(pathToFileURL(join(installed, "dist", path)).href);

export const api = await load("entry/node.js");
export const { createSandbox, defaultSeed, DEFAULT_KNOBS } = await load("sandbox/index.js");

export const HOST = "acme.api-us1.com";

/** One clock for the sandbox and for the client: a sleep moves it, once everything on its way has arrived. */
export function world(options = {}) {
  let time = Date.UTC(2026, 10, 23);
  const sandbox = createSandbox({ ...options, now: () => time });
  const sent = [];
  const host = {
    now: () => time,
    seed: () => 7n,
    async fetch(url, init) {
      sent.push({ at: time, method: init.method, path: new URL(url).pathname, body: init.body, headers: init.headers, url });
      return sandbox.fetch(new Request(url, init));
    },
    async sleep(millis, signal) {
      for (let turn = 0; turn < 6; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        if (signal.aborted) return;
      }
      time += millis;
    },
  };
  const connection = { host: HOST, apiKey: sandbox.key };
  return { sandbox, host, connection, sent, now: () => time };
}

/** Runs an export to its end; gives the summary and every rejection, and checks the balance at every report. */
export async function exportAll(options) {
  const run = api.exportSegment(options);
  const rejections = [];
  for await (const event of run) {
    if (event.type === "rejections") rejections.push(...event.rejections);
    else assertBalance(event.progress);
  }
  const summary = await run.summary;
  assertBalance(summary);
  return { summary, rejections };
}

/** A CSV with a header and rows of plain cells. */
export const csv = (...rows) => new TextEncoder().encode(`${rows.map((row) => row.join(",")).join("\n")}\n`);

export const definition = (more = {}, mapping = {}) => ({
  version: 1,
  name: "Test",
  list: 4,
  mapping: { email: "EMail", firstName: "First", lastName: "Last", phone: "Phone", ...mapping },
  ...more,
});

/** Profiles with addresses `personN@example.com`. */
export const people = (count) =>
  csv(
    ["EMail", "First", "Last", "Phone"],
    ...Array.from({ length: count }, (_, index) => [`person${index}@example.com`, `First${index}`, `Last${index}`, `+38640${100000 + index}`]),
  );
