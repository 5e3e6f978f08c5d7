// What the tests of the sandbox share. They run against the compiled package.
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const given = process.env.ACTIVECAMPAIGN_EXPORT_DIST;
const dist = given === undefined ? new URL("../../../target/pkg/dist/", import.meta.url) : pathToFileURL(`${resolve(given)}/`);

export const { createSandbox, defaultSeed, DEFAULT_KNOBS, DEFAULT_KEY } = await import(new URL("sandbox/index.js", dist).href);
export const { serveSandbox } = await import(new URL("sandbox/serve.js", dist).href);

const ORIGIN = "https://account.api-us1.com";

/** One request to the sandbox; the body is JSON unless it is text or bytes already. */
export async function call(sandbox, method, path, body, headers = {}) {
  const raw = body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const request = new Request(`${ORIGIN}${path}`, {
    method,
    headers: { "Api-Token": sandbox.key, ...(raw === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    ...(raw === undefined ? {} : { body: raw }),
  });
  const response = await sandbox.fetch(request);
  const text = await response.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}

export const get = (sandbox, path) => call(sandbox, "GET", `/api/3${path}`);
export const post = (sandbox, path, body) => call(sandbox, "POST", `/api/3${path}`, body);
export const put = (sandbox, path, body) => call(sandbox, "PUT", `/api/3${path}`, body);
export const remove = (sandbox, path) => call(sandbox, "DELETE", `/api/3${path}`);

export const send = (sandbox, contacts, more = {}) => post(sandbox, "/import/bulk_import", { contacts, ...more });
export const info = (sandbox, batchId) => get(sandbox, `/import/info?batchId=${batchId}`);

/** Sends contacts, lets the worker finish, answers what `/import/info` says. */
export async function sendAndFinish(sandbox, contacts, more) {
  const queued = await send(sandbox, contacts, more);
  if (queued.status !== 200) throw new Error(`not queued: ${queued.status} ${queued.text}`);
  sandbox.advance(20_000);
  const { json } = await info(sandbox, queued.json.batchId);
  return { ...json, batchId: queued.json.batchId };
}

/** A sandbox under a virtual clock and without rate limits, unless asked for. */
export function quiet(options = {}) {
  const knobs = { generalPerSecond: 0, bulkPerMinute: 0, singlePerMinute: 0, ...options.knobs };
  return createSandbox({ clock: "virtual", ...options, knobs });
}

export const people = (count, from = 0) => Array.from({ length: count }, (_, index) => ({ email: `person${from + index}@example.net` }));
