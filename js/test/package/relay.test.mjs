// A page exports through the relay and holds no key; the relay passes on what an export asks, and refuses everything else
// before anything is sent.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundle } from "../kit/bundle.mjs";
import { api, definition, exportAll, HOST, installed, people, world } from "./helpers.mjs";

const load = (path) => import(pathToFileURL(join(installed, "dist", path)).href);
const { createRelay } = await load("relay/index.js");
// The package does not show its table.
const table = await bundle(fileURLToPath(new URL("../../src/relay/calls.ts", import.meta.url)));
after(() => rmSync(table, { force: true }));
const { CALLS } = await import(pathToFileURL(table).href);

const PAGE = "https://app.example";
const KEY = "canary-key-0123456789";
const TOKEN = "Bearer of-ada";
const HEADERS = { Authorization: TOKEN, "Sec-Fetch-Site": "same-origin", "X-ActiveCampaign-Host": HOST };
const IMPORT = JSON.stringify({ contacts: [{ email: "ada@example.com" }], exclude_automations: true });

before(() => Object.assign(globalThis, { location: { origin: PAGE } }));
after(() => delete globalThis.location);

/** A relay before an account that answers as told; `sent` is what reached the account. */
function relayTo(answer = () => Response.json({}), more = {}) {
  const sent = [];
  const relay = createRelay({
    accounts: { main: { host: HOST, apiKey: KEY } },
    authenticate: async (request) => request.headers.get("authorization") === TOKEN,
    fetch: async (url, init) => {
      sent.push({ url, ...init });
      return answer(url, init);
    },
    ...more,
  });
  const ask = (path, init = {}) => relay.fetch(new Request(`${PAGE}${path}`, { ...init, headers: { ...HEADERS, ...(init.body ? { "Content-Type": "application/json" } : {}), ...init.headers } }));
  return { relay, sent, ask };
}

const said = (response) => response.headers.get("x-activecampaign-relay");

/** A page over a relay over a sandbox, on one clock. */
function page(more = {}) {
  const { sandbox, host, now, sent } = world();
  const passed = [];
  const asked = [];
  const relay = createRelay({
    accounts: { main: { host: HOST, apiKey: sandbox.key } },
    authenticate: (request) => request.headers.get("authorization") === TOKEN,
    fetch: async (url, init) => {
      passed.push({ url, headers: init.headers });
      return host.fetch(url, init);
    },
    ...more,
  });
  const fetch = async (url, init) => {
    asked.push({ url, headers: init.headers, body: init.body });
    return relay.fetch(new Request(url, { ...init, headers: { ...init.headers, Authorization: TOKEN, "Sec-Fetch-Site": "same-origin" } }));
  };
  return { sandbox, now, sent, passed, asked, host: { ...host, fetch }, connection: { host: HOST, relay: "/activecampaign/main" } };
}

describe("a page behind a relay", () => {
  it("exports without holding the key", async () => {
    const { sandbox, passed, asked, host, connection } = page();
    const { summary } = await exportAll({ connection, definition: definition(), source: people(700), host });
    assert.deepEqual([summary.result, summary.delivered], ["succeeded", 700]);
    assert.equal(sandbox.account.contacts.filter(({ email }) => /^person\d+@example\.com$/u.test(email)).length, 700);
    for (const { url, headers } of passed) {
      assert.ok(url.startsWith(`https://${HOST}/api/3/`), url);
      assert.equal(headers["Api-Token"], sandbox.key);
    }
    for (const { url, headers, body } of asked) {
      assert.ok(url.startsWith(`${PAGE}/activecampaign/main/api/3/`), url);
      assert.ok(!JSON.stringify([url, headers]).includes(sandbox.key) && !new TextDecoder().decode(body).includes(sandbox.key));
    }
    assert.ok(passed.length >= 9 && passed.length === asked.length);
  });

  it("reads the account, and tests the connection", async () => {
    const { host, connection } = page();
    const account = await api.describeAccount(connection, host);
    assert.ok(account.lists.length > 1 && account.fields.length > 1 && account.tags.length > 0);
    assert.equal((await api.testConnection(connection, host)).ok, true);
  });

  it("goes on with a run that a process with the key began: the account is the same", async () => {
    const { sandbox, host, connection, sent } = page();
    const checkpoints = { store: api.memoryStore(), key: "sixteen characters and more" };
    const controller = new AbortController();
    const direct = { ...host, fetch: async (url, init) => {
      const response = await sandbox.fetch(new Request(url, init));
      if (init.method === "POST") controller.abort();
      return response;
    } };
    const first = await exportAll({ connection: { host: HOST, apiKey: sandbox.key }, definition: definition(), source: people(1_500), host: direct, checkpoints, signal: controller.signal });
    assert.equal(first.summary.result, "cancelled");
    assert.ok(first.summary.delivered < 1_500);
    const second = await exportAll({ connection, definition: definition(), source: people(1_500), host, checkpoints });
    assert.deepEqual([second.summary.result, second.summary.delivered], ["succeeded", 1_500]);
    assert.ok(sent.filter(({ method }) => method === "POST").length < 6);
  });

  it("is told why the relay refuses, as the reason of a stop", async () => {
    const { host, connection } = page();
    const run = async (fetch, more = {}) => (await exportAll({ connection: { ...connection, ...more }, definition: definition(), source: people(600), host: { ...host, fetch } })).summary.stop;
    const anonymous = (relay) => (url, init) => relay.fetch(new Request(url, { ...init, headers: { ...init.headers, "Sec-Fetch-Site": "same-origin" } }));
    const signedOut = await run(anonymous(relayTo().relay));
    assert.deepEqual([signedOut.code, signedOut.category, signedOut.retryHelps], ["relay_signed_out", "credentials", false]);
    assert.equal((await run(host.fetch, { host: "other.api-us1.com" })).code, "relay_host_differs");
    assert.equal((await run(host.fetch, { relay: "/activecampaign/other" })).code, "relay_no_account");
    for (const answer of [() => new Response("<html>", { status: 200 }), () => new Response("", { status: 404 }), () => ({ status: 0, headers: new Headers(), body: null })]) {
      assert.equal((await run(async () => answer())).code, "relay_missing");
    }
    const report = await api.testConnection(connection, { ...host, fetch: anonymous(relayTo().relay) });
    assert.deepEqual([report.ok, report.stop.code], [false, "relay_signed_out"]);
  });

  it("stops, and can go on, when its caller is signed out in the middle", async () => {
    const { host, connection, sandbox, sent } = page();
    const checkpoints = { store: api.memoryStore(), key: "sixteen characters and more" };
    let posts = 0;
    const fetch = (url, init) => {
      if (init.method === "POST") posts += 1;
      const headers = posts >= 2 ? { ...init.headers, Authorization: "" } : init.headers;
      if (posts < 2) return host.fetch(url, init);
      return relayTo().relay.fetch(new Request(url, { ...init, headers: { ...headers, "Sec-Fetch-Site": "same-origin" } }));
    };
    const first = await exportAll({ connection, definition: definition(), source: people(1_500), host: { ...host, fetch }, checkpoints });
    assert.deepEqual([first.summary.result, first.summary.stop.code], ["blocked", "relay_signed_out"]);
    const second = await exportAll({ connection, definition: definition(), source: people(1_500), host, checkpoints });
    assert.deepEqual([second.summary.result, second.summary.delivered], ["succeeded", 1_500]);
    // What was refused never reached the account.
    assert.equal(sent.filter(({ method }) => method === "POST").length, 6);
    assert.equal(sandbox.account.contacts.filter(({ email }) => /^person\d+@example\.com$/u.test(email)).length, 1_500);
  });

  it("outlasts a relay, and a gateway before it, that fail now and then", async () => {
    const { host, connection } = page();
    let asked = 0;
    const fetch = async (url, init) => {
      asked += 1;
      if (asked % 4 === 1) return new Response("bad gateway", { status: 502 });
      if (asked % 4 === 2) throw new TypeError("Failed to fetch");
      return host.fetch(url, init);
    };
    const { summary } = await exportAll({ connection, definition: definition(), source: people(600), host: { ...host, fetch } });
    assert.deepEqual([summary.result, summary.delivered], ["succeeded", 600]);
  });

  it("takes an import for unsent only when the relay says so", async () => {
    const outcome = async (answer) => {
      const { host, connection } = page();
      let first = true;
      const fetch = async (url, init) => {
        if (init.method !== "POST" || !first) return host.fetch(url, init);
        first = false;
        return answer();
      };
      const { summary } = await exportAll({ connection, definition: definition(), source: people(200), host: { ...host, fetch } });
      return { resent: summary.resent, result: summary.result };
    };
    const failing = (fetch) => createRelay({ accounts: { main: { host: HOST, apiKey: KEY } }, authenticate: () => true, fetch });
    const asked = (relay) => () => relay.fetch(new Request(`${PAGE}/activecampaign/main/api/3/import/bulk_import`, { method: "POST", body: IMPORT, headers: { ...HEADERS, "Content-Type": "application/json" } }));
    const refused = failing(async () => Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } })));
    const reset = failing(async () => Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNRESET" } })));
    assert.deepEqual(await outcome(asked(refused)), { resent: 0, result: "succeeded" });
    assert.deepEqual(await outcome(asked(reset)), { resent: 200, result: "succeeded" });
  });

  it("takes a path of its own origin only, and a page to be on", () => {
    const start = (relay) => () => api.exportSegment({ connection: { host: HOST, relay }, definition: definition(), source: people(1) });
    for (const relay of ["", "/", "activecampaign/main", "//evil.example/x", "https://evil.example/x", "/a/../b", "/a/%2e%2e/b", "/a?b", "/a#b", "/a\\b", "/a/", 7, null]) {
      assert.throws(start(relay), { name: "ExportError", code: "relay_path" }, String(relay));
    }
    assert.throws(() => api.exportSegment({ connection: { host: HOST, relay: "/activecampaign/main", apiKey: KEY }, definition: definition(), source: people(1) }), { code: "relay_and_key" });
    delete globalThis.location;
    assert.throws(start("/activecampaign/main"), { code: "relay_nowhere" });
    globalThis.location = { origin: "null" };
    assert.throws(start("/activecampaign/main"), { code: "relay_nowhere" });
    globalThis.location = { origin: PAGE };
  });
});

const AT = "/activecampaign/main";
const post = (body = IMPORT, headers = {}) => ({ method: "POST", body, headers });
const large = JSON.stringify({ contacts: [{ email: "a@example.com", last_name: "x".repeat(400_000) }] });

/** Bodies whose top is right and whose inside is nothing that the core writes. */
const CROOKED = [
  { subscribe: [{ listid: 99, unsubscribe: true }] }, { subscribe: [{ listid: 99, status: 2 }] }, { subscribe: [{ listid: 1 }, { listid: 2 }] }, { subscribe: [] }, { subscribe: { listid: 1 } },
  { fields: { callback: { url: "https://evil.example" } } }, { fields: [{ id: 1, value: { url: "https://evil.example" } }] }, { fields: [{ id: -1, value: "x" }] }, { fields: [{ id: 2 ** 64, value: "x" }] },
  { email: { $ne: 1 } }, { email: ["a@example.com"] }, { tags: { a: 1 } }, { tags: [1] }, { phone: 1 }, { first_name: null },
].map((more) => JSON.stringify({ contacts: [{ email: "a@example.com", ...more }], exclude_automations: true }))
  .concat(['{"contacts":[],"exclude_automations":true}', '{"contacts":[{}],"exclude_automations":true}', '{"contacts":[{"email":"a@example.com"}]}', '{"contacts":[{"email":"a@example.com"}],"exclude_automations":{"x":[1]}}', '{"contacts":[{"email":"a@example.com","fields":[{"id":1e999,"value":"x"}]}],"exclude_automations":true}']);

/** What is asked, how, and by what name it is refused. */
const REFUSED = [
  // Callers.
  ["caller", `${AT}/api/3/users/me`, { headers: { Authorization: "" } }],
  ["caller", `${AT}/api/3/users/me`, { headers: { Authorization: "Bearer of-eve" } }],
  ["caller", "/activecampaign/nobody/api/3/users/me", { headers: { Authorization: "" } }],
  ["caller", `${AT}/api/3/import/bulk_import`, { ...post(), headers: { Authorization: "" } }],
  ["caller", `${AT}/api/3/users/me`, { method: "OPTIONS", headers: { Authorization: "", Origin: "https://evil.example" } }],
  // Pages.
  ["origin", `${AT}/api/3/users/me`, { headers: { "Sec-Fetch-Site": "cross-site" } }],
  ["origin", `${AT}/api/3/users/me`, { headers: { "Sec-Fetch-Site": "same-site" } }],
  ["origin", `${AT}/api/3/users/me`, { headers: { "Sec-Fetch-Site": "none" } }],
  ["origin", `${AT}/api/3/users/me`, { headers: { "Sec-Fetch-Site": "" } }],
  ["origin", `${AT}/api/3/users/me`, { headers: { Origin: "https://evil.example" } }],
  ["origin", `${AT}/api/3/users/me`, { headers: { Origin: "null" } }],
  ["origin", `${AT}/api/3/users/me`, { headers: { Origin: "http://app.example" } }],
  ["origin", `${AT}/api/3/import/bulk_import`, post(IMPORT, { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" })],
  // Accounts, and the relay's own path.
  ["account", "/activecampaign/other/api/3/users/me"],
  ["account", "/activecampaign/constructor/api/3/users/me"],
  ["account", "/activecampaign/__proto__/api/3/users/me"],
  ["account", "/activecampaign/main"],
  ["account", "/activecampaign//api/3/users/me"],
  ["account", "/activecampaign/ma%69n/api/3/users/me"],
  ["account", "/ACTIVECAMPAIGN/main/api/3/users/me"],
  ["account", "/activecampaign/../main/api/3/users/me"],
  ["account", "/other/main/api/3/users/me"],
  ["account", "/activecampaign/https://evil.example/api/3/users/me"],
  // Methods.
  ...["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].map((method) => ["call", `${AT}/api/3/users/me`, { method }]),
  ["call", `${AT}/api/3/users/me`, post()],
  ["call", `${AT}/api/3/contact/sync`, post()],
  ["call", `${AT}/api/3/import/bulk_import`],
  // Paths.
  ...["/", "/api/3/", "/api/3/campaigns", "/api/3/contacts/1", "/api/3/users", "/api/3/users/me/", "//api/3/users/me", "/api//3/users/me", "/api/3/Users/me", "/api/2/users/me", "/api/3/users%2fme", "/api/3/users%5cme", "/api/3/users/me%00", "/api/3/users/me;x=1", "/api/3/lists/../users/me/x", "/api/3/%2e%2e/%2e%2e/x", "/api/3/..%2fadmin", "/api/3/users/me%2f..%2f..%2fcontacts", "/@evil.example/api/3/users/me", "/.evil.example/api/3/users/me"].map((path) => ["call", `${AT}${path}`]),
  // Queries.
  ...["users/me?x=1", "lists", "lists?limit=100", "lists?limit=1000&offset=0", "lists?offset=0&limit=100", "lists?limit=100&offset=0&x=1", "lists?limit=100&offset=-1", "lists?limit=100&offset=0%00", "lists?limit=100&offset=0&offset=1", "contacts?limit=100&offset=0", "contacts?email=a%40example.com&limit=100", "contacts?email=a%40example.com&limit=1&include=x", "contacts?email=a@example.com&limit=1", "contacts?email=a%40example.com&listid=4&limit=1", "contacts?email=&limit=1", `contacts?email=${"a".repeat(255)}&limit=1`, "import/info?batchId=", "import/info?batchId=a&batchId=b", "import/info?batchId=a/b", "settings/account?x"].map((query) => ["call", `${AT}/api/3/${query}`]),
  ["call", `${AT}/api/3/import/bulk_import?callback=x`, post()],
  // The account that the page means.
  ["origin", `${AT}/api/3/users/me`, { without: "X-ActiveCampaign-Host" }],
  ["host", `${AT}/api/3/users/me`, { headers: { "X-ActiveCampaign-Host": "other.api-us1.com" } }],
  ["host", `${AT}/api/3/users/me`, { headers: { "X-ActiveCampaign-Host": "evil.example" } }],
  ["host", `${AT}/api/3/import/bulk_import`, post(IMPORT, { "X-ActiveCampaign-Host": `${HOST}, evil.example` })],
  // Bodies.
  ["body", `${AT}/api/3/import/bulk_import`, post(large)],
  ["body", `${AT}/api/3/import/bulk_import`, post(IMPORT, { "Content-Length": "400001" })],
  ["body", `${AT}/api/3/import/bulk_import`, post(IMPORT, { "Content-Type": "text/plain" })],
  ["body", `${AT}/api/3/import/bulk_import`, post(IMPORT, { "Content-Type": "application/x-www-form-urlencoded" })],
  ...["{", "[]", "null", '"contacts"', "{}", '{"contacts":{}}', '{"contacts":[1]}', '{"contacts":[{"email":"a@example.com","unsubscribe":[{"listid":1}]}]}', JSON.stringify({ contacts: [], callback: { url: "https://evil.example" } }), JSON.stringify({ contacts: Array.from({ length: 251 }, () => ({ email: "a@example.com" })) }), ...CROOKED].map((body) => ["body", `${AT}/api/3/import/bulk_import`, post(body)]),
];

const STATUS = { slow: 408, caller: 401, origin: 403, account: 404, call: 405, host: 409, body: 413 };

describe("a relay", () => {
  for (const [name, path, { without, ...init } = {}] of REFUSED) {
    const { method = "GET", headers = {} } = init;
    const shown = path.length > 90 ? `${path.slice(0, 90)}...` : path;
    it(`refuses (${name}) ${method} ${shown} ${JSON.stringify(headers)} ${String(init.body ?? "").slice(0, 60)}`, async () => {
      const { relay, sent } = relayTo();
      const all = new Headers({ ...HEADERS, ...(init.body ? { "Content-Type": "application/json" } : {}), ...headers });
      if (without) all.delete(without);
      const response = await relay.fetch(new Request(`${PAGE}${path}`, { ...init, headers: all }));
      assert.deepEqual([said(response), response.status, sent.length], [name, STATUS[name], 0]);
      const text = await response.text();
      assert.ok(!text.includes(KEY) && !JSON.stringify([...response.headers]).includes(KEY));
      assert.equal(response.headers.get("access-control-allow-origin"), null);
    });
  }

  it("reads no body of a caller that it does not know, and no more of one that it knows than its bound", async () => {
    const { relay, sent } = relayTo();
    let pulled = 0;
    const endless = () => new ReadableStream({ pull: (controller) => ((pulled += 65_536), controller.enqueue(new Uint8Array(65_536).fill(32))) }, { highWaterMark: 0 });
    const ask = (headers) => relay.fetch(new Request(`${PAGE}${AT}/api/3/import/bulk_import`, { method: "POST", body: endless(), duplex: "half", headers: { ...HEADERS, "Content-Type": "application/json", ...headers } }));
    assert.equal(said(await ask({ Authorization: "" })), "caller");
    assert.equal(pulled, 0);
    assert.equal(said(await ask({})), "body");
    assert.ok(pulled <= 8 * 65_536, `${pulled} bytes`);
    assert.equal(sent.length, 0);
  });

  it("sends what it has checked: of a key that stands twice, the account hears once", async () => {
    const { sent, ask } = relayTo();
    // A parser that keeps the first of two would find somebody unsubscribed here, and the relay's own does not.
    const twice = '{"contacts":[{"email":"eve@example.com","unsubscribe":[{"listid":1}]}],"contacts":[{"email":"a\\ud800@example.com","email":"ada@example.com","subscribe":[{"listid":4}]}],"exclude_automations":false,"exclude_automations":true}';
    assert.equal(said(await ask(`${AT}/api/3/import/bulk_import`, { method: "POST", body: twice })), "answer");
    assert.equal(new TextDecoder().decode(sent[0].body), '{"contacts":[{"email":"ada@example.com","subscribe":[{"listid":4}]}],"exclude_automations":true}');
    assert.equal(said(await ask(`${AT}/api/3/import/bulk_import`, { method: "POST", body: '{"contacts":[],"callback":{"url":"https://evil.example"},"callback":null}' })), "body");
    assert.equal(sent.length, 1);
  });

  it("passes on status, Retry-After and body, and nothing else that the account says", async () => {
    const headers = { "Retry-After": "30", "Set-Cookie": "session=1", Location: "https://evil.example", "X-Key": KEY, "Access-Control-Allow-Origin": "*", "Content-Type": "text/html" };
    const { ask } = relayTo(() => new Response('{"message":"slow down"}', { status: 429, headers }));
    const response = await ask(`${AT}/api/3/users/me`);
    assert.deepEqual([response.status, said(response), await response.text()], [429, "answer", '{"message":"slow down"}']);
    assert.deepEqual(Object.fromEntries(response.headers), { "cache-control": "no-store", "content-type": "application/json", "retry-after": "30", "x-activecampaign-relay": "answer", "x-content-type-options": "nosniff" });
  });

  it("lets no key out that the account repeats", async () => {
    const { ask } = relayTo(() => new Response(`{"message":"bad key ${KEY}, ${KEY}"}`, { status: 403, statusText: KEY, headers: { "Retry-After": KEY } }));
    const response = await ask(`${AT}/api/3/users/me`);
    assert.deepEqual([await response.text(), response.headers.get("retry-after"), response.statusText], ['{"message":"bad key [key], [key]"}', null, ""]);
  });

  it("follows no redirect, and tells neither where it leads nor why a request failed", async () => {
    const moved = relayTo(() => new Response(null, { status: 302, headers: { Location: "https://169.254.169.254/" } }));
    const response = await moved.ask(`${AT}/api/3/users/me`);
    assert.deepEqual([response.status, response.headers.get("location"), moved.sent[0].redirect, moved.sent.length], [302, null, "manual", 1]);
    const opaque = await relayTo(() => ({ status: 0, headers: new Headers(), body: null })).ask(`${AT}/api/3/users/me`);
    assert.deepEqual([opaque.status, said(opaque)], [302, "answer"]);
    const failed = await relayTo(() => Promise.reject(new Error(`connect with ${KEY}`))).ask(`${AT}/api/3/users/me`);
    assert.deepEqual([failed.status, said(failed), await failed.text()], [502, "unanswered", ""]);
  });

  it("reads an answer up to its bound", async () => {
    let pulled = 0;
    const endless = () => new Response(new ReadableStream({ pull: (controller) => ((pulled += 65_536), controller.enqueue(new Uint8Array(65_536))) }, { highWaterMark: 0 }));
    const response = await relayTo(endless).ask(`${AT}/api/3/users/me`);
    assert.deepEqual([response.status, said(response), await response.text()], [502, "unanswered", ""]);
    assert.ok(pulled <= 34 * 65_536, `${pulled} bytes`);
  });

  it("hands its callers on: an account may be one caller's alone", async () => {
    const { relay, sent } = relayTo(undefined, {
      authenticate: (request) => ({ user: request.headers.get("authorization") }),
      accounts: async (name, identity) => (name === "main" && identity.user === TOKEN ? { host: HOST, apiKey: KEY } : undefined),
    });
    const ask = async (user) => said(await relay.fetch(new Request(`${PAGE}${AT}/api/3/users/me`, { headers: { ...HEADERS, Authorization: user } })));
    assert.deepEqual([await ask("Bearer of-eve"), sent.length, await ask(TOKEN), sent.length], ["account", 0, "answer", 1]);
  });

  it("takes only a plain yes or an identity for one, and fails closed", async () => {
    const ask = async (authenticate) => {
      const { relay, sent } = relayTo(undefined, { authenticate });
      const response = await relay.fetch(new Request(`${PAGE}${AT}/api/3/users/me`, { headers: HEADERS }));
      return [said(response), sent.length, await response.text()];
    };
    for (const no of [false, undefined, null, 0, 1, "", "yes"]) assert.deepEqual((await ask(() => no)).slice(0, 2), ["caller", 0], String(no));
    const answers = [Response.json({ user: "ada" }), new Response(null, { status: 401 }), { status: 401 }, [], ["ada"], [{ user: "ada" }], () => true, Symbol("ada"), new Error("no")];
    for (const answer of answers) assert.deepEqual((await ask(() => answer)).slice(0, 2), ["caller", 0], String(answer));
    assert.deepEqual((await ask(() => ({ user: "ada" }))).slice(0, 2), ["answer", 1]);
    assert.deepEqual(await ask(() => Promise.reject(new Error(`the database at ${KEY}`))), ["unsent", 0, ""]);
  });

  it("does not wait for ever for a caller's body", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { relay, sent } = relayTo();
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
    const answered = relay.fetch(new Request(`${PAGE}${AT}/api/3/import/bulk_import`, { method: "POST", body, duplex: "half", headers: { ...HEADERS, "Content-Type": "application/json" } }));
    // Until it reads the body, and its deadline runs.
    await new Promise((next) => setImmediate(next));
    t.mock.timers.tick(60_000);
    const response = await answered;
    assert.deepEqual([said(response), response.status, sent.length], ["slow", 408, 0]);
  });

  it("answers pages of the origins that it is told of, behind a proxy", async () => {
    const { relay } = relayTo(undefined, { origins: ["https://front.example"] });
    const ask = async (origin) => said(await relay.fetch(new Request(`http://inside${AT}/api/3/users/me`, { headers: { ...HEADERS, Origin: origin } })));
    assert.deepEqual([await ask("https://front.example"), await ask("http://inside")], ["answer", "origin"]);
  });

  it("is not made for a host or a key that cannot be one, nor open to everybody", () => {
    const make = (account, more = {}) => () => createRelay({ accounts: { main: { host: HOST, apiKey: KEY, ...account } }, authenticate: () => true, ...more });
    for (const host of ["evil.example", "https://acme.api-us1.com", "acme.api-us1.com/", "acme.api-us1.com.", "ACME.api-us1.com", "acme.api-us1.com:8443", "a@acme.api-us1.com", "a.b.api-us1.com", "evilapi-us1.com", "xn--a.api-us1.com", "127.0.0.1", "[::1]", "localhost", "acme.api-us1.com#", "ａcme.api-us1.com", "acme.api-us1.com\n", "", undefined]) {
      assert.throws(make({ host }), { code: "hostname" }, String(host));
    }
    assert.throws(make({ apiKey: "" }), { code: "key_missing" });
    assert.throws(make({ apiKey: "a b" }), { code: "key_malformed" });
    assert.throws(make({ sandbox: "http://10.0.0.1:80" }), { code: "sandbox" });
    assert.throws(make({}, { authenticate: undefined }), { code: "relay_open" });
    assert.throws(make({}, { path: "/a/../b" }), { code: "relay_path" });
    make({ host: "mail.example.org" }, { allowedHosts: ["mail.example.org"] })();
  });

  it("knows every call that the core makes, and no other", () => {
    const folder = fileURLToPath(new URL("../../../src/activecampaign", import.meta.url));
    const calls = readdirSync(folder).flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8").split("#[cfg(test)]")[0].replaceAll(/^\s*\/\/.*$/gmu, "");
      const method = text.includes("Method::Post, path") ? "POST" : "GET";
      return [...text.matchAll(/"(\/api\/3\/[^"?]*)[^"]*"/gu)].map(([, path]) => `${method} ${path}`);
    });
    assert.ok(calls.length >= 8);
    assert.deepEqual(CALLS.map(({ method, path }) => `${method} ${path}`).sort(), [...new Set(calls)].sort());
  });
});

it("the relay stands without the core, and without any package", () => {
  const seen = new Set();
  const visit = (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, name] of readFileSync(path, "utf8").matchAll(/(?:from|import)\s+"([^"]+)"/g)) {
      assert.match(name, /^\.\.?\//u, `${path} imports ${name}`);
      visit(join(path, "..", name));
    }
  };
  visit(join(installed, "dist", "relay", "index.js"));
  for (const path of seen) assert.doesNotMatch(readFileSync(path, "utf8"), /WebAssembly\.|core_bg/u, path);
});
