// The relay in workerd: a whole export goes through it, by workerd's own fetch, to a sandbox over HTTP.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { definition, exportAll, HOST, installed, people } from "../package/helpers.mjs";
import { bundled, start } from "./helpers.mjs";

const { serveSandbox } = await import(pathToFileURL(join(installed, "dist", "sandbox/serve.js")).href);
const PAGE = "https://app.example";
const TOKEN = "Bearer of-ada";

let served;
let worker;
before(async () => {
  Object.assign(globalThis, { location: { origin: PAGE } });
  served = await serveSandbox({ speed: 20 });
  worker = start(await bundled("relay-worker.mjs"), { bindings: { HOST, KEY: served.key, SANDBOX: served.url, TOKEN } });
});
after(async () => {
  delete globalThis.location;
  await worker?.dispose();
  await served?.close();
});

const ask = (url, init = {}, headers = {}) => worker.dispatchFetch(url, { ...init, headers: { Authorization: TOKEN, "Sec-Fetch-Site": "same-origin", "X-ActiveCampaign-Host": HOST, ...init.headers, ...headers } });

test("a page exports through a worker", async () => {
  const connection = { host: HOST, relay: "/activecampaign/main" };
  const { summary } = await exportAll({ connection, definition: definition(), source: people(600), host: { fetch: ask } });
  assert.deepEqual([summary.result, summary.delivered, summary.resent], ["succeeded", 600, 0]);
  assert.equal(served.sandbox.account.contacts.filter(({ email }) => /^person\d+@example\.com$/u.test(email)).length, 600);
});

test("a worker refuses whom it does not know, and whom another page sends", async () => {
  const before = served.sandbox.account.requestCount;
  const told = async (headers) => (await ask(`${PAGE}/activecampaign/main/api/3/users/me`, {}, headers)).headers.get("x-activecampaign-relay");
  assert.deepEqual([await told({ Authorization: "" }), await told({ "Sec-Fetch-Site": "cross-site" }), await told({ Origin: "https://evil.example" }), await told({ "X-ActiveCampaign-Host": "other.api-us1.com" })], ["caller", "origin", "origin", "host"]);
  assert.equal(served.sandbox.account.requestCount, before);
  assert.equal(await told({}), "answer");
});
