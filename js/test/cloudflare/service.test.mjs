// A service in workerd: what it keeps, whom it lets in, what it refuses.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { caller, colleague, ended, until } from "../service/client.mjs";
import { addresses, app, held, HOST, people, serveSandbox } from "./edge.mjs";
import { ADMIN_TOKEN, SECRET, serviceEdge } from "./service-edge.mjs";

const SPEED = 60;
const URL_HERE = "http://worker";
const sandbox = await serveSandbox({ port: 0, speed: SPEED });
after(() => sandbox.close());

/** A service that ends with its test. */
async function open(context, settings) {
  const edge = await serviceEdge(sandbox.url, { speed: SPEED, ...settings });
  context.after(() => edge.end());
  const send = (url, init) => edge.miniflare.dispatchFetch(url, init);
  return { ...edge, send, admin: caller(URL_HERE, ADMIN_TOKEN, send) };
}

async function connected(admin, more = { apiKey: sandbox.key }) {
  const { privacyStatement } = await admin.read("/api/me");
  return admin.make("/api/connections", { body: { name: "Main", host: HOST, consent: { agreed: true, version: privacyStatement.version }, sharing: { with: "contributors" }, ...more } });
}

async function exported(admin, connection, segment, more = {}) {
  const body = { name: `export of ${segment.name}`, connection: connection.id, list: 4, segments: [segment.id], mapping: { email: "EMail", firstName: "First" }, ...more };
  return (await admin.make("/api/exports", { body })).export;
}

/** A segment of profiles that are uploaded. */
async function uploaded(admin, name, csv) {
  const segment = await admin.make("/api/segments", { body: { name, source: { upload: true }, format: "csv" } });
  const { bytes } = await admin.must("PUT", 200)(`/api/segments/${segment.id}/profiles`, { raw: csv, headers: { "content-type": "text/csv" } });
  assert.equal(bytes, csv.length);
  return segment;
}

async function inBucket(admin, { put }, name, csv, more = {}) {
  await put(`segments/${name}.csv`, csv);
  return admin.make("/api/segments", { body: { name, source: { r2: `segments/${name}.csv` }, format: "csv", ...more } });
}

const runOf = async (admin, { id }) => ended(admin, await admin.start(`/api/exports/${id}/run`));
const rowsOf = async (admin, { id }) => (await admin.get(`/api/runs/${id}/rejections`)).text.trimEnd().split("\n").map((line) => JSON.parse(line));

/** Whatever lies below a folder, as one text. */
function everything(folder) {
  const files = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))).filter((path) => statSync(path).isFile());
  assert.ok(files.length > 3, "there is something to be searched");
  return files.map((path) => readFileSync(path, "latin1")).join("\n");
}

test("what was uploaded, the keys and the rejected profiles lie sealed; nothing that names people is at rest in clear", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "acx-sealed-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const { admin, put, miniflare } = await open(context, { durableObjectsPersist: join(folder, "objects"), r2Persist: join(folder, "buckets") });
  // Several pieces and ranges, the last of them not whole.
  const count = 30_000;
  const segment = await uploaded(admin, "sealed", people("sealed", count, 1_000));
  const one = await exported(admin, await connected(admin), segment);
  const run = await runOf(admin, one);
  assert.deepEqual([run.status, run.progress.read, run.progress.rejected], ["completed_with_rejections", count, 30]);
  assert.deepEqual(held(sandbox, "sealed"), addresses("sealed", count, 1_000));
  const rows = await rowsOf(admin, run);
  assert.deepEqual(rows.map(({ row }) => row), Array.from({ length: 30 }, (_, at) => 1_000 * (at + 1)));
  assert.ok(rows.every(({ rule, remedy, segment: own }) => rule === "email_no_at" && remedy.length > 0 && own === segment.id));
  const kept = everything(folder);
  for (const secret of [sandbox.key, "sealed17@", "Ada 17", "The address has no @", "nobody", SECRET, ADMIN_TOKEN]) assert.ok(!kept.toLowerCase().includes(secret.toLowerCase()), `${JSON.stringify(secret)} is at rest in clear`);
  // The search finds what is in clear.
  await put("clear.csv", people("clear", 3));
  const again = everything(folder);
  assert.ok(again.includes("clear2@") && again.includes("export of sealed"));
  // A piece that was changed does not open.
  const bucket = await miniflare.getR2Bucket("SOURCES");
  const key = `activecampaign-export/segments/${segment.id}`;
  const sealed = await bucket.get(key);
  const bytes = new Uint8Array(await sealed.arrayBuffer());
  bytes[300_000] ^= 1;
  await bucket.put(key, bytes, { customMetadata: sealed.customMetadata });
  const broken = await runOf(admin, one);
  assert.deepEqual([broken.status, broken.reason.code], ["failed_permanent", "sealed"]);
  // What is removed is gone from the object that ran it, which works again all the same.
  await admin.remove(`/api/runs/${run.id}/rejections`);
  assert.equal((await admin.get(`/api/runs/${run.id}/rejections`)).status, 409);
  const { EXPORTS } = await miniflare.getBindings();
  const part = (id) => EXPORTS.get(EXPORTS.idFromName(`${id}.0`));
  const state = async (id) => (await (await part(id).fetch("https://object/status")).json()).status;
  assert.deepEqual([await state(run.id), await (await part(run.id).fetch("https://object/rows")).text()], ["never_run", ""]);
  await admin.remove(`/api/runs/${broken.id}/rejections`);
  bytes[300_000] ^= 1;
  await bucket.put(key, bytes, { customMetadata: sealed.customMetadata });
  await admin.start(`/api/runs/${broken.id}/continue`);
  assert.equal((await ended(admin, broken)).status, "completed_with_rejections");
});

/** A life of a service whose state lies in a folder. */
async function life(folder, bindings, work, settings = {}) {
  const edge = await serviceEdge(sandbox.url, { speed: SPEED, bindings, durableObjectsPersist: `${folder}/objects`, r2Persist: `${folder}/buckets`, ...settings });
  try {
    return await work(caller(URL_HERE, ADMIN_TOKEN, (url, init) => edge.miniflare.dispatchFetch(url, init)));
  } finally {
    await edge.end();
  }
}

test("a run whose key is not there waits to be tried again, says who must act, and goes on by itself once it is", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "acx-key-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const named = { ACTIVECAMPAIGN_KEY_MAIN: sandbox.key };
  const one = await life(folder, named, async (admin) => exported(admin, await connected(admin, { keyName: "ACTIVECAMPAIGN_KEY_MAIN" }), await uploaded(admin, "waits", people("waits", 30))));
  const run = await life(folder, {}, async (admin) => {
    const { id } = await admin.start(`/api/exports/${one.id}/run`);
    const found = await until("a retry", () => admin.read(`/api/runs/${id}`), ({ status }) => status !== "queued" && status !== "refreshing");
    assert.deepEqual([found.status, found.reason.code, found.reason.category], ["failed_retrying", "secret_missing", "credentials"]);
    assert.ok(Date.parse(found.dueAt) > 0);
    return found;
  });
  assert.deepEqual(held(sandbox, "waits"), []);
  await life(folder, named, async (admin) => assert.equal((await ended(admin, run)).status, "successful"));
  assert.deepEqual(held(sandbox, "waits"), addresses("waits", 30));
});

test("the service's secret is changed without losing a key: a newer one seals anew, the older one can go", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "acx-rotate-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const newer = "the newer secret of a service, also long enough";
  const { id } = await life(folder, {}, (admin) => connected(admin));
  const works = async (admin) => (await admin.must("POST", 200)(`/api/connections/${id}/test`)).ok;
  await life(folder, { ACTIVECAMPAIGN_EXPORT_SECRET_2: newer }, async (admin) => {
    assert.ok(await works(admin));
    assert.deepEqual(await admin.read("/api/audit/check"), { whole: true });
  });
  await life(folder, { ACTIVECAMPAIGN_EXPORT_SECRET: "", ACTIVECAMPAIGN_EXPORT_SECRET_2: newer }, async (admin) => assert.ok(await works(admin)));
  await life(folder, {}, async (admin) => assert.ok(!(await works(admin)), "the older one opens it no more"));
});

test("a run is followed as it goes, cancelled in its middle and gone on with", async (context) => {
  const { admin, send } = await open(context);
  const count = 60_000;
  const one = await exported(admin, await connected(admin), await uploaded(admin, "held", people("held", count)));
  const { id } = await admin.start(`/api/exports/${one.id}/run`);
  await until("the first profiles", async () => held(sandbox, "held").length, (number) => number > 0);
  await admin.start(`/api/runs/${id}/cancel`);
  const cancelled = await ended(admin, { id });
  assert.deepEqual([cancelled.status, cancelled.cancelledBy], ["cancelled", "admin"]);
  const there = held(sandbox, "held").length;
  assert.ok(there < count, "it was cancelled before its end");
  assert.equal(cancelled.progress.delivered, there, "what the account had taken was followed to its end");
  await admin.start(`/api/runs/${id}/continue`);
  const response = await send(`${URL_HERE}/api/runs/${id}/progress`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  const told = (await response.text()).trim().split("\n\n").map((event) => JSON.parse(event.replace(/^data: /u, "")));
  assert.ok(told.length > 1);
  assert.deepEqual([told.at(-1).status, told.at(-1).progress.delivered], ["successful", count]);
  assert.deepEqual(held(sandbox, "held"), addresses("held", count));
});

test("a key by name is read from the worker's secrets; only those whose names say so may be named", async (context) => {
  const { admin } = await open(context, { bindings: { ACTIVECAMPAIGN_KEY_MAIN: sandbox.key } });
  assert.deepEqual((await admin.read("/api/secrets")).items, ["ACTIVECAMPAIGN_KEY_MAIN"]);
  const { privacyStatement: { version } } = await admin.read("/api/me");
  for (const keyName of ["ACTIVECAMPAIGN_EXPORT_SECRET", "ACTIVECAMPAIGN_KEY_OTHER", "EXPORT_ADMIN_TOKEN"]) {
    const refused = await admin.post("/api/connections", { body: { name: "Main", host: HOST, keyName, consent: { agreed: true, version } } });
    assert.deepEqual([refused.status, refused.body.issues?.[0].code], [422, "secret_missing"], keyName);
  }
  const connection = await connected(admin, { keyName: "ACTIVECAMPAIGN_KEY_MAIN" });
  const run = await runOf(admin, await exported(admin, connection, await uploaded(admin, "named", people("named", 20))));
  assert.equal(run.status, "successful");
  assert.deepEqual(held(sandbox, "named"), addresses("named", 20));
});

test("nobody outside gets a key or wakes the objects, not even with the objects' own proof", async (context) => {
  const { admin, send } = await open(context);
  const { id } = await connected(admin);
  const base = await crypto.subtle.importKey("raw", new TextEncoder().encode(SECRET), "HKDF", false, ["deriveBits"]);
  const encoder = new TextEncoder();
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: encoder.encode("objects"), info: encoder.encode("activecampaign-export service") }, base, 256);
  const proof = Buffer.from(bits).toString("base64url");
  const body = JSON.stringify({ connection: id, host: HOST });
  // It is the right one: the object itself takes it.
  const { SERVICE } = await (await open(context)).miniflare.getBindings();
  assert.equal((await SERVICE.get(SERVICE.idFromName("service")).fetch("https://object/object/wake", { method: "POST", headers: { "activecampaign-export-object": proof } })).status, 200);
  assert.equal((await SERVICE.get(SERVICE.idFromName("service")).fetch("https://object/object/wake", { method: "POST", headers: { "activecampaign-export-object": `${proof}x` } })).status, 404);
  for (const path of ["/object/key", "/object/wake"]) {
    const response = await send(`${URL_HERE}${path}`, { method: "POST", body, headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "activecampaign-export-object": proof } });
    assert.equal(response.status, 404, path);
    assert.ok(!(await response.text()).includes(sandbox.key));
  }
});

test("a user who was demoted since runs nothing by schedule, and is told why", async (context) => {
  const { admin, send } = await open(context);
  const carla = await colleague(admin, URL_HERE, "carla@example.com", "contributor", send);
  const segment = await uploaded(admin, "timed", people("timed", 10));
  const one = await exported(carla, await connected(admin), segment, { schedule: { type: "own", times: ["06:30"], timeZone: "Europe/Ljubljana", active: true } });
  const runs = async () => (await admin.read(`/api/exports/${one.id}/runs`)).items;
  const tomorrow = async (days) => assert.equal((await send(`${URL_HERE}/ahead?millis=${days * 86_400_000}`)).status, 200);
  assert.deepEqual(await runs(), []);
  await tomorrow(1);
  const [first] = await until("a run by schedule", runs, (all) => all.length === 1);
  assert.deepEqual([first.trigger, first.user, (await ended(admin, first)).status], ["schedule", "carla@example.com", "successful"]);
  assert.deepEqual(held(sandbox, "timed"), addresses("timed", 10));
  const user = await admin.get("/api/users");
  const { etag } = user.body.items.find(({ id }) => id === "carla@example.com");
  await admin.change("/api/users/carla%40example.com", { etag, body: { role: "viewer" } });
  const sent = sandbox.sandbox.account.requests.length;
  await tomorrow(2);
  const [second] = await until("a second run", runs, (all) => all.length === 2);
  const { status, reason, progress } = await ended(admin, second);
  assert.deepEqual([status, reason.code, reason.category, progress], ["failed_permanent", "starter_right", "permission", undefined]);
  assert.equal(sandbox.sandbox.account.requests.length, sent, "nothing was asked of the account");
});

test("more profiles than an export carries: refused with the number where they were counted, stopped where not", async (context) => {
  const most = 20_000;
  const counted = await open(context, { settings: { maxProfiles: most } });
  const csv = people("many", 3 * most);
  const before = await exported(counted.admin, await connected(counted.admin), await inBucket(counted.admin, counted, "counted", csv));
  const skipped = await runOf(counted.admin, before);
  assert.deepEqual([skipped.status, skipped.reason.code], ["skipped", "too_large"]);
  assert.match(skipped.reason.message, /60000 profiles; an export carries 20000\. Nothing was sent/u);
  const blind = await open(context, { settings: { maxProfiles: most, countBytes: 0 } });
  const connection = await connected(blind.admin);
  const known = await runOf(blind.admin, await exported(blind.admin, connection, await inBucket(blind.admin, blind, "known", csv, { members: 3 * most })));
  assert.deepEqual([known.status, known.reason.code], ["skipped", "too_large"]);
  assert.deepEqual(held(sandbox, "many"), []);
  const run = await runOf(blind.admin, await exported(blind.admin, connection, await inBucket(blind.admin, blind, "blind", csv)));
  assert.deepEqual([run.status, run.reason.code, run.reason.retryHelps], ["failed_permanent", "too_large", false]);
  const { delivered, read } = run.progress;
  assert.ok(read > most && delivered < 3 * most, `${delivered} of ${read}`);
  assert.equal(held(sandbox, "many").length, delivered, "what is said to be delivered is there, and nothing else");
  assert.match(run.reason.message, delivered > 0 ? new RegExp(`${delivered} of this segment`, "u") : /None of this segment/u);
});

test("an export that is saved after a refresh waits for the next one", async (context) => {
  const { admin } = await open(context);
  const connection = await connected(admin);
  const segment = await uploaded(admin, "later", people("later", 5));
  assert.deepEqual((await admin.start("/api/refresh", { body: { id: "one", state: "completed" } })).runs, []);
  const one = await exported(admin, connection, segment);
  // A run of its own shows that the service has been at work since.
  const own = await runOf(admin, one);
  assert.deepEqual((await admin.read(`/api/exports/${one.id}/runs`)).items.map(({ id }) => id), [own.id]);
  const { runs } = await admin.start("/api/refresh", { body: { id: "two", state: "completed" } });
  assert.deepEqual(runs.map(({ trigger, export: id }) => [trigger, id]), [["refresh", one.id]]);
});

test("the first administrator's token is the deployer's secret: missing it is told, revoked it is over, changed it is another", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "acx-first-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const tokenLife = async (token, work) => {
    const edge = await serviceEdge(sandbox.url, { speed: SPEED, bindings: { EXPORT_ADMIN_TOKEN: token }, durableObjectsPersist: folder });
    try {
      return await work((given) => caller(URL_HERE, given, (url, init) => edge.miniflare.dispatchFetch(url, init)));
    } finally {
      await edge.end();
    }
  };
  const me = async (who) => {
    const { status, body } = await who.get("/api/me");
    return [status, body.code ?? body.role];
  };
  const [first, second] = ["first token of at least 32 characters", "second token of at least 32 characters"];
  for (const token of ["", "short"]) {
    await tokenLife(token, async (by) => {
      const { status, body } = await by(token.padEnd(40, "x")).get("/api/me");
      assert.deepEqual([status, body.code], [503, "admin_token_missing"]);
      assert.match(body.remedy, /wrangler secret put EXPORT_ADMIN_TOKEN/u);
    });
  }
  await tokenLife(first, async (by) => {
    assert.deepEqual([await me(by(first)), await me(by(second))], [[200, "administrator"], [401, "not_authenticated"]]);
    const { items: [token] } = await by(first).read("/api/tokens");
    assert.ok(Date.parse(token.expiresAt) > Date.now());
    await by(first).remove(`/api/tokens/${token.id}`);
    assert.deepEqual(await me(by(first)), [401, "not_authenticated"]);
  });
  await tokenLife(first, async (by) => assert.deepEqual(await me(by(first)), [401, "not_authenticated"], "what was revoked stays so"));
  await tokenLife(second, async (by) => {
    assert.deepEqual([await me(by(first)), await me(by(second))], [[401, "not_authenticated"], [200, "administrator"]]);
    assert.deepEqual(await by(second).read("/api/audit/check"), { whole: true });
  });
});

test("without its secret the service answers nothing but what is to be done", async (context) => {
  const { send } = await open(context, { bindings: { ACTIVECAMPAIGN_EXPORT_SECRET: "" } });
  const response = await send(`${URL_HERE}/api/me`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  const problem = await response.json();
  assert.deepEqual([response.status, problem.code], [503, "service_secret"]);
  assert.match(problem.remedy, /wrangler secret put ACTIVECAMPAIGN_EXPORT_SECRET/u);
});

test("Cloudflare Access says who calls: only what it has signed for this application", async (context) => {
  const jose = await import(pathToFileURL(createRequire(join(app, "resolve.cjs")).resolve("jose")).href);
  const { publicKey, privateKey } = await jose.generateKeyPair("RS256");
  const jwks = JSON.stringify({ keys: [{ ...(await jose.exportJWK(publicKey)), kid: "one", alg: "RS256" }] });
  const server = createServer((_, response) => response.setHeader("content-type", "application/json").end(jwks)).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  const { admin, send } = await open(context, { access: { issuer: "https://team.cloudflareaccess.com", audience: "this application", jwksUrl: `http://127.0.0.1:${server.address().port}/certs`, header: "cf-access-jwt-assertion" } });
  await admin.make("/api/users", { body: { id: "vera@example.com", role: "viewer" } });
  const token = (audience, key = privateKey) => new jose.SignJWT({ email: "vera@example.com" }).setProtectedHeader({ alg: "RS256", kid: "one" }).setIssuer("https://team.cloudflareaccess.com").setAudience(audience).setExpirationTime("5m").sign(key);
  const asked = async (assertion) => {
    const response = await send(`${URL_HERE}/api/me`, { headers: { "cf-access-jwt-assertion": assertion } });
    return [response.status, (await response.json()).id];
  };
  assert.deepEqual(await asked(await token("this application")), [200, "vera@example.com"]);
  assert.deepEqual(await asked(await token("another")), [401, undefined]);
  assert.deepEqual(await asked(await token("this application", (await jose.generateKeyPair("RS256")).privateKey)), [401, undefined]);
});
