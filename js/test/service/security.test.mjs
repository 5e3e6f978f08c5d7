// The rows of the threat model that concern the service, each shown.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { describe, it } from "node:test";
import { selfSigned } from "../kit/self-signed.mjs";
import { caller, ended, issue } from "./client.mjs";
import { load, place, quick, serveSandbox, service, SPEED } from "./helpers.mjs";
import { connect, people, save, SECRETS, upload, world } from "./world.mjs";

const CANARY = "canary-key-5f1c9b2e7d";
const seedWithKey = async () => ({ ...(await load("activecampaign-export/sandbox")).defaultSeed(), key: CANARY });

describe("keys at rest", () => {
  it("a sealed key that was moved to another connection, or whose host was changed, does not open", async () => {
    const here = await world();
    const [one, other] = [await connect(here), await connect(here, { name: "Other", host: "other.api-us1.com" })];
    const edit = async (id, change) => {
      const { value } = await here.store.get(`connection/${id}`);
      await here.store.commit([{ key: `connection/${id}`, value: { ...value, ...change(value) } }]);
    };
    const { value: { key } } = await here.store.get(`connection/${one.id}`);
    await edit(other.id, () => ({ key }));
    await edit(one.id, () => ({ host: "evil.api-us1.com" }));
    for (const { id } of [one, other]) {
      const tested = await here.admin.must("POST", 200)(`/api/connections/${id}/test`);
      assert.deepEqual([tested.ok, tested.stop.code, tested.stop.category], [false, "sealed", "credentials"]);
    }
  });

  it("another host needs the key anew", async () => {
    const here = await world();
    const { id, etag } = await connect(here);
    const refused = await here.admin.patch(`/api/connections/${id}`, { etag, body: { host: "other.api-us1.com" } });
    assert.deepEqual([refused.status, refused.body.issues[0].code], [422, "key_for_host"]);
  });

  it("what an old secret sealed opens under the new one, and is sealed anew; without the old one the rest still opens", async () => {
    const here = await world();
    const { id } = await connect(here);
    const secrets = { current: "v2", versions: { ...SECRETS.versions, v2: "another secret, of 32 letters or more" } };
    const second = await world({ store: here.store, secrets, options: { authenticate: () => ({ user: "admin" }) } });
    assert.equal((await second.admin.must("POST", 200)(`/api/connections/${id}/test`)).ok, true);
    assert.deepEqual(await second.admin.must("POST", 200)("/api/reseal"), { resealed: 1 });
    assert.deepEqual(await second.admin.must("POST", 200)("/api/reseal"), { resealed: 0 });
    const third = await world({ store: here.store, secrets: { current: "v2", versions: { v2: secrets.versions.v2 } }, options: { authenticate: () => ({ user: "admin" }) } });
    assert.equal((await third.admin.must("POST", 200)(`/api/connections/${id}/test`)).ok, true);
  });
});

describe("canaries", () => {
  it("key, token and addresses are nowhere in the folder, in what is logged, nor in any answer", async () => {
    const logged = [];
    const methods = ["log", "error", "warn", "info"];
    const real = methods.map((name) => console[name]);
    methods.forEach((name) => (console[name] = (...parts) => logged.push(parts.join(" "))));
    const served = await serveSandbox({ speed: SPEED, seed: await seedWithKey() });
    const folder = place();
    const running = await service.serveService({ folder, sandbox: served.url, host: quick });
    const answers = [];
    // The only answer that gives profiles as they are, and is written into the audit log: no key and no token is in it.
    let sample = "";
    try {
      const admin = caller(running.url, running.firstToken);
      const here = { admin, sandbox: { key: CANARY } };
      const segment = await upload(here, "Gold", `EMail,FirstName\n${Array.from({ length: 50 }, (_, at) => `canary.person${at}@example.net,Canary Name\n`).join("")}canary.rejected,Canary Name\n`);
      const one = await save(here, await connect(here), [segment], { mapping: { email: "EMail", firstName: "FirstName" } });
      const run = await ended(admin, await admin.start(`/api/exports/${one.id}/run`));
      assert.equal(run.progress.delivered, 50);
      const { paths } = await admin.read("/openapi.json");
      for (const [path, { get }] of Object.entries(paths)) {
        if (!get || path.endsWith("/rejections")) continue;
        const ids = { connections: run.connection, segments: segment.id, exports: one.id, runs: run.id };
        const { status, text } = await admin.get(path.replace("{id}", ids[path.split("/")[2]]));
        assert.equal(status, 200, path);
        if (path.endsWith("/sample")) sample = text;
        else answers.push(text);
      }
    } finally {
      await running.close();
      await served.close();
      methods.forEach((name, at) => (console[name] = real[at]));
    }
    const files = readdirSync(folder, { recursive: true }).map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
    assert.ok(files.some((path) => path.endsWith("service.db")) && files.some((path) => path.includes("runs")) && files.some((path) => path.endsWith(".sealed")));
    const where = [...files.map((path) => [path, readFileSync(path)]), ["the log", logged.join("\n")], ["an answer", answers.join("\n")]];
    for (const [name, content] of where) for (const canary of [CANARY, running.firstToken, "canary.person", "canary.rejected", "Canary Name"]) assert.ok(!content.includes(canary), `${canary} in ${name}`);
    assert.match(sample, /canary\.person/u);
    for (const secret of [CANARY, running.firstToken]) assert.ok(!sample.includes(secret));
    for (const path of files) assert.equal(statSync(path).mode & 0o077, 0, `${path} is open to others`);
  });
});

describe("who calls", () => {
  it("a token ends with its time, and at once when it is revoked; only its hash is kept", async () => {
    const here = await world();
    const { secret, id } = await here.admin.make("/api/tokens", { body: { user: "admin", name: "short", days: 1 } });
    const { secret: other, id: revoked } = await here.admin.make("/api/tokens", { body: { user: "admin", name: "other", days: 300 } });
    const [short, long] = [caller(here.url, secret, here.send), caller(here.url, other, here.send)];
    assert.ok(!JSON.stringify(await here.store.list("token/")).includes(secret.slice(-20)));
    assert.equal((await short.get("/api/me")).status, 200);
    const as = (authorization) => caller(here.url, undefined, here.send).get("/api/me", { headers: { authorization } });
    for (const scheme of ["bearer", "BEARER", "Bearer "]) assert.equal((await as(`${scheme} ${secret}`)).status, 200, scheme);
    for (const other of [secret, `Basic ${secret}`, `Bearer${secret}`]) assert.equal((await as(other)).status, 401, other);
    here.clock.now += 86_400_000;
    assert.equal((await short.get("/api/me")).status, 401);
    assert.equal((await long.get("/api/me")).status, 200);
    await here.admin.remove(`/api/tokens/${revoked}`);
    assert.equal((await long.get("/api/me")).status, 401);
    for (const bad of [undefined, "", "acx_", `acx_${id}_${"A".repeat(43)}`, `${secret}x`, secret.toUpperCase()]) assert.equal((await caller(here.url, bad, here.send).get("/api/me")).status, 401, String(bad));
  });

  it("of tokens of an identity provider only good ones are taken", async () => {
    const { generateKeyPair, SignJWT, UnsecuredJWT, createLocalJWKSet, exportJWK } = await load("jose");
    const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
    const { privateKey: foreign } = await generateKeyPair("RS256");
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), alg: "RS256" }] });
    const [issuer, audience] = ["https://team.cloudflareaccess.com", "the service"];
    const here = await world({ options: { authenticate: service.oidc({ issuer, audience, keys }) } });
    await here.admin.make("/api/users", { body: { id: "olga@example.com", role: "viewer" } });
    const token = ({ key = privateKey, aud = audience, iss = issuer, exp = "1h", email = "olga@example.com", alg = "RS256" } = {}) => {
      const made = new SignJWT({ email }).setProtectedHeader({ alg }).setIssuer(iss).setAudience(aud);
      return (exp === undefined || exp === null ? made : made.setExpirationTime(exp)).sign(key);
    };
    const status = async (jwt) => (await caller(here.url, jwt, here.send).get("/api/me")).status;
    assert.equal(await status(await token()), 200);
    const shared = new TextEncoder().encode("a secret that is no public key at all");
    const bad = {
      "another audience": await token({ aud: "another" }), "another issuer": await token({ iss: "https://evil.example" }), expired: await token({ exp: Math.floor(Date.now() / 1_000) - 60 }),
      "without an end": await token({ exp: null }), "another key": await token({ key: foreign }), "a symmetric algorithm": await token({ key: shared, alg: "HS256" }),
      "nobody here": await token({ email: "unknown@example.com" }), "alg none": new UnsecuredJWT({ email: "olga@example.com" }).setIssuer(issuer).setAudience(audience).setExpirationTime("1h").encode(),
      "a changed payload": (await token()).replace(/\.[^.]+\./u, `.${Buffer.from(JSON.stringify({ email: "admin", iss: issuer, aud: audience, exp: 9_999_999_999 })).toString("base64url")}.`),
    };
    for (const [what, jwt] of Object.entries(bad)) assert.equal(await status(jwt), 401, what);
  });

  it("pages of other origins change nothing, and forms are no JSON", async () => {
    const here = await world();
    const body = { id: "mallory", role: "administrator" };
    for (const headers of [{ origin: "https://evil.example" }, { origin: "null" }, { "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }]) assert.equal((await here.admin.post("/api/users", { body, headers })).status, 403);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) assert.equal((await here.admin.post("/api/users", { raw: JSON.stringify(body), headers: { "content-type": type } })).status, 415);
    assert.equal((await here.admin.read("/api/users")).items.length, 1);
  });
});

describe("hostile input", () => {
  it("keys that would change prototypes are refused or plain data", async () => {
    const here = await world();
    const [connection, segment] = [await connect(here), await upload(here, "Gold", people(3))];
    for (const key of ["__proto__", "constructor", "prototype"]) {
      const raw = `{"name":"${key}","connection":"${connection.id}","list":4,"segments":["${segment.id}"],"mapping":{"email":"EMail","${key}":{"polluted":true}},"${key}":{"polluted":true}}`;
      const answer = await here.admin.post("/api/exports", { raw, headers: { "content-type": "application/json" } });
      assert.ok(answer.status === 422 || (answer.status === 201 && !answer.text.includes("polluted")), answer.text);
      assert.equal({}.polluted, undefined);
    }
  });

  it("bodies beyond the limit are refused, also without a stated length; broken JSON is told", async () => {
    const here = await world();
    const large = `{"id":"${"x".repeat(1024 * 1024)}","role":"viewer"}`;
    const json = { "content-type": "application/json" };
    assert.equal((await here.admin.post("/api/users", { raw: large, headers: json })).status, 413);
    assert.equal((await here.admin.post("/api/users", { raw: large, headers: { ...json, "idempotency-key": "k" } })).status, 413);
    assert.equal((await here.admin.post("/api/users", { raw: "{", headers: json })).status, 400);
  });

  it("JSON that is nested too deeply is refused before it is parsed, brackets in texts are none", async () => {
    const here = await world();
    const send = (id, headers = {}) => here.admin.post("/api/users", { raw: `{"role":"viewer","id":${id}}`, headers: { "content-type": "application/json", ...headers } });
    const deep = (levels, [open, close]) => `${open.repeat(levels)}1${close.repeat(levels)}`;
    for (const raw of [deep(32, "[]"), deep(500_000, "[]"), "[".repeat(1_000_000), deep(40, ['{"a":', "}"])]) {
      for (const headers of [{}, { "idempotency-key": "k" }, { "content-type": "Application/JSON; charset=utf-8" }]) {
        const refused = await send(raw, headers);
        assert.deepEqual([refused.status, refused.body.code], [400, "too_deep"]);
      }
    }
    assert.equal((await send(deep(31, "[]"))).status, 422);
    assert.equal((await send(JSON.stringify(`\\"${"[{".repeat(50)}"`))).status, 201);
  });

  it("names that cannot be seen for what they are, and halves of letters, are refused", async () => {
    const here = await world();
    const [connection, segment] = [await connect(here), await upload(here, "Gold", people(1))];
    const { privacyStatement } = await here.admin.read("/api/me");
    const makes = (name) => [
      ["users", "id", { id: name, role: "viewer" }],
      ["tokens", "name", { user: "admin", name }],
      ["tokens", "user", { user: name, name: "token" }],
      ["segments", "name", { name, source: { upload: true } }],
      ["exports", "name", { name, connection: connection.id, list: 4, segments: [segment.id], mapping: { email: "EMail" } }],
      ["webhooks", "url", { url: `https://hooks.example.com/${name}` }],
      ["refresh", "id", { id: name, state: "started" }],
      ["connections", "name", { name, host: "other.api-us1.com", apiKey: here.sandbox.key, consent: { agreed: true, version: privacyStatement.version } }],
      ["connections", "sharing.users[0]", { name: "Other", host: "other.api-us1.com", apiKey: here.sandbox.key, sharing: { with: "users", users: [name] }, consent: { agreed: true, version: privacyStatement.version } }],
    ];
    for (const letter of ["\0", "\t", "\n", "\u001b", "\u0085", "\ud800", "\udc00", "\u2028", "\u202e", "\u2066", "\u2069"]) {
      for (const [kind, path, body] of makes(`Go${letter}ld`)) issue(await here.admin.post(`/api/${kind}`, { body }), path, "not_a_name");
    }
    issue(await here.admin.patch(`/api/segments/${segment.id}`, { etag: segment.etag, body: { name: "a\u202eb" } }), "name", "not_a_name");
    for (const name of ["Zlatá 😀 گروه", "👩‍👩‍👧"]) await upload(here, name, people(1));
  });

  it("an upload of nothing leaves what was there", async () => {
    const here = await world();
    const segment = await upload(here, "Gold", people(3));
    for (const headers of [{ "content-type": "text/csv" }, {}]) assert.ok([415, 422].includes((await here.admin.put(`/api/segments/${segment.id}/profiles`, { headers })).status));
    assert.deepEqual((await here.admin.read(`/api/segments/${segment.id}/suggestions`)).columns, ["EMail"]);
  });

  it("an upload goes with its segment, and with another source in its place", async () => {
    const here = await world();
    const uploads = () => readdirSync(join(here.folder, "uploads"));
    const [gone, moved] = [await upload(here, "Gone", people(3)), await upload(here, "Moved", people(3))];
    assert.equal(uploads().length, 2);
    await here.admin.must("DELETE", 204)(`/api/segments/${gone.id}`, { etag: gone.etag });
    await here.admin.must("PATCH", 200)(`/api/segments/${moved.id}`, { etag: moved.etag, body: { source: { url: "https://profiles.example.com/gold.csv" } } });
    await here.service.tick();
    assert.deepEqual(uploads(), []);
  });

  it("webhooks and segments are not called at private addresses, however they are written", async () => {
    const here = await world();
    const bad = ["http://hooks.example.com/", "https://localhost/", "https://127.0.0.1/", "https://127.1/", "https://0x7f.1/", "https://2130706433/", "https://[::1]/", "https://[::ffff:7f00:1]/", "https://169.254.169.254/latest", "https://10.0.0.1/", "https://user@hooks.example.com/", "https://printer.local/", "https://metadata.google.internal/", "https://hooks.localhost./", "https://localhost./", "https://127.0.0.1./", "file:///etc/passwd", "javascript:alert(1)", "https://"];
    for (const url of bad) {
      assert.equal((await here.admin.post("/api/webhooks", { body: { url } })).status, 422, url);
      assert.equal((await here.admin.post("/api/segments", { body: { name: url, source: { url } } })).status, 422, url);
    }
    for (const file of ["../secret", "/etc/passwd", "a/../../secret", "\0"]) assert.equal((await here.admin.post("/api/segments", { body: { name: "file", source: { file } } })).status, 422, file);
  });

  it("a name that leads to a private address is not called, one that leads to a public one is", async () => {
    for (const address of ["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.31.0.1", "192.168.1.1", "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "::ffff:a00:1", "64:ff9b::a00:1", "fc00::1", "fe80::1", "ff02::1", "no address"]) assert.equal(service.isPublicAddress(address), false, address);
    for (const address of ["1.1.1.1", "8.8.8.8", "172.32.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]) assert.equal(service.isPublicAddress(address), true, address);
    let called = 0;
    const server = createServer(selfSigned("hooks.example.com"), (request, response) => {
      called += 1;
      let body = "";
      request.on("data", (part) => (body += part)).on("end", () => response.writeHead(302, { location: "https://hooks.example.com/elsewhere" }).end(`${request.method} ${request.headers["x-one"]} ${body}`));
    });
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    const url = `https://hooks.example.com:${server.address().port}/`;
    const lookup = (...addresses) => (_name, options, answer) => answer(null, addresses.map((address) => ({ address, family: 4 })));
    try {
      for (const addresses of [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"]]) await assert.rejects(service.publicFetch({ lookup: lookup(...addresses) })(url, { method: "POST", body: "x" }), /private address/u);
      await assert.rejects(service.publicFetch()(`https://127.0.0.1:${server.address().port}/`, {}), /may not be called/u);
      assert.equal(called, 0);
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
      const answer = await service.publicFetch({ lookup: lookup("127.0.0.1"), allow: () => true })(url, { method: "POST", body: "the body", headers: { "x-one": "1" } });
      assert.deepEqual([answer.status, await answer.text(), called], [302, "POST 1 the body", 1]);
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      server.closeAllConnections();
      server.close();
    }
  });
});

describe("the audit log", () => {
  for (const [what, change] of [
    ["changed", (kept) => [{ key: kept[1].key, value: { ...kept[1].value, user: "somebody else" } }]],
    ["removed", (kept) => [{ key: kept[1].key, value: undefined }]],
    ["cut off at its end", (kept) => [{ key: kept.at(-1).key, value: undefined }]],
    ["put in another order", (kept) => [{ key: kept[1].key, value: kept[2].value }, { key: kept[2].key, value: kept[1].value }]],
  ]) {
    it(`tells when an entry was ${what}`, async () => {
      const here = await world();
      for (const id of ["a", "b", "c"]) await here.admin.make("/api/users", { body: { id, role: "viewer" } });
      assert.deepEqual(await here.admin.read("/api/audit/check"), { whole: true });
      const kept = await here.store.list("audit/");
      await here.store.commit(change(kept));
      assert.deepEqual(await here.admin.read("/api/audit/check"), { whole: false, firstBroken: what === "cut off at its end" ? kept.length : 2 });
    });
  }
});
