// The worker of a deployer in Miniflare, which runs it in workerd as Cloudflare does: the package as it is installed, in one
// script, with the module beside it. Its clock may go faster than real time, as the sandbox's.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Miniflare } from "miniflare";
import { bundled } from "../kit/workerd.mjs";

export const app = process.env.ACTIVECAMPAIGN_EXPORT_APP ?? fileURLToPath(new URL("../../../target/test-app", import.meta.url));
const dist = join(app, "node_modules", "activecampaign-export", "dist");
const load = (path) => import(pathToFileURL(join(dist, path)).href);

export const { serveSandbox } = await load("sandbox/serve.js");

export const TOKEN = "a token of sixteen letters or more";
export const HOST = "acme.api-us1.com";

/** What a deployer writes, but for the clock, and the exports, which are a binding here. */
const WORKER = `
import { AccountObject as Account, ExportObject as Export, exportWorker } from "activecampaign-export/cloudflare";
export class ExportObject extends Export { speed = SPEED; }
export class AccountObject extends Account { speed = SPEED; }
export default exportWorker({ exports: (bindings) => JSON.parse(bindings.DEFINED) });
`;

/**
 * Starts the worker with these exports.
 *
 * @param secrets Bindings beside the token: the accounts' keys.
 * @param more The clock's speed, another worker, and options of Miniflare: where things persist, an inspector.
 */
export async function edge(exports, secrets, { speed = 60, worker = WORKER, ...more } = {}) {
  return deploy({ stdin: { contents: worker, resolveDir: app, loader: "js" }, define: { SPEED: String(speed) } }, {
    compatibilityDate: "2026-04-01",
    durableObjects: {
      EXPORTS: { className: "ExportObject", useSQLite: true },
      ACCOUNTS: { className: "AccountObject", useSQLite: true },
    },
    r2Buckets: ["SOURCES"],
    bindings: { EXPORT_TOKEN: TOKEN, DEFINED: JSON.stringify(exports), ...secrets },
    ...more,
  });
}

/** Starts a worker with settings in Miniflare's words. */
export async function deploy(input, settings) {
  const miniflare = new Miniflare({
    modules: await bundled(input, dist),
    cf: false,
    unsafeTriggerHandlers: true,
    // An alarm a millisecond late is no news.
    handleRuntimeStdio: (out, err) => [out, err].map((stream) => stream.resume()),
    ...settings,
  });
  await miniflare.ready;
  const call = (path, init = {}) => miniflare.dispatchFetch(`http://worker${path}`, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers } });
  return {
    miniflare,
    call,
    start: async (name, body = {}) => {
      const response = await call(`/exports/${name}/start`, { method: "POST", body: JSON.stringify(body) });
      return { http: response.status, ...(await response.json()) };
    },
    status: async (name) => (await call(`/exports/${name}/status`)).json(),
    put: async (key, text) => void (await (await miniflare.getR2Bucket("SOURCES")).put(key, text)),
    fire: async (cron, time) => (await miniflare.dispatchFetch(`http://worker/cdn-cgi/handler/scheduled?cron=${encodeURIComponent(cron)}&time=${time}`)).status,
    end: () => miniflare.dispose(),
  };
}

/** Follows an export's progress to its end; gives every status that was told. */
export async function follow({ call }, name) {
  const told = [];
  const response = await call(`/exports/${name}/progress`);
  let text = "";
  for await (const bytes of response.body) {
    text += Buffer.from(bytes).toString();
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) told.push(JSON.parse(event.slice(event.indexOf("data: ") + 6)));
  }
  return told;
}

/** The process of workerd that a process has started. */
export function workerdOf(parent) {
  return readdirSync("/proc").map(Number).find((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return stat.includes("(workerd)") && Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent;
    } catch {
      return false;
    }
  });
}

/** A CSV with so many addresses, `NAME0@example.net` and on; every `bad`th has none. */
export function people(name, count, bad = Number.POSITIVE_INFINITY) {
  const row = (index) => `${index % bad === bad - 1 ? "nobody" : `${name}${index}@example.net`},Ada ${index}\n`;
  return `EMail,First\n${Array.from({ length: count }, (_, index) => row(index)).join("")}`;
}

/** An export to a sandbox. */
export const exportTo = (sandbox, source, more = {}) => ({
  definition: { version: 1, host: HOST, list: 4, mapping: { email: "EMail", firstName: "First" }, ...more.definition },
  connection: { key: "KEY", sandbox: sandbox.url, ...more.connection },
  source,
});

/** Addresses of an account that begin so, in order. */
export const held = ({ sandbox }, name) => sandbox.account.contacts.map(({ email }) => email).filter((email) => new RegExp(`^${name}\\d+@`, "u").test(email)).sort();
export const addresses = (name, count, bad = Number.POSITIVE_INFINITY) =>
  Array.from({ length: count }, (_, index) => index).filter((index) => index % bad !== bad - 1).map((index) => `${name}${index}@example.net`).sort();
