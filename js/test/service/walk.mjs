// The original page, step by step (R10 to R33), over HTTP: as administrator, contributor and viewer. What must have come
// about is read from the account itself, and computed here from the profiles.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { caller, colleague, ended, issue } from "./client.mjs";

const LIST = 4;
const HOST = "acme.api-us1.com";

/** So many profiles under these names; rows of other fates among them. */
function people(name, count) {
  const good = Array.from({ length: count }, (_, at) => ({ email: `${name}${at}@example.net`, first: `First ${at}`, last: `Last ${at}`, phone: `+3864000${String(at).padStart(4, "0")}` }));
  const rows = good.map(({ email, first, last, phone }) => [email, first, last, phone]);
  rows.splice(3, 0, [`${name}.without.at`, "No", "Address", ""]);
  rows.splice(7, 0, [good[0].email.toUpperCase(), "Again", "Twice", ""]);
  rows.push(["", "Nobody", "Here", ""]);
  const csv = `EMail,FirstName,LastName,Telephone\n${rows.map((row) => row.join(",")).join("\n")}\n`;
  return { csv, good, rejected: 2, duplicate: 1, read: count + 3 };
}

/**
 * Walks in a host. `makeHost` resolves to: `url` of the service; `adminToken`; `served`, a served sandbox that the service
 * takes for every account; `source(name, csv)`, the source of a segment with these profiles (with `{ upload: true }`
 * the walk uploads them itself); `close()`; and, where the service is not to be reached by `fetch`, `send`.
 */
export function walk(title, makeHost) {
  describe(title, () => {
    /** What one step leaves to the next. */
    const all = {};
    before(async () => {
      const host = await makeHost();
      const { url, adminToken, send } = host;
      const admin = caller(url, adminToken, send);
      const contributor = await colleague(admin, url, "carla@example.com", "contributor", send);
      const viewer = await colleague(admin, url, "vera@example.com", "viewer", send);
      const source = await colleague(admin, url, "warehouse", "source", send);
      const gold = people("gold", 40);
      const guests = people("guest", 25);
      const segments = [];
      for (const [name, { csv }] of [["Gold", gold], ["Guests", guests]]) {
        const made = await admin.make("/api/segments", { body: { name, source: await host.source(name, csv), format: "csv" } });
        if (made.source.upload) await admin.must("PUT", 200)(`/api/segments/${made.id}/profiles`, { raw: csv, headers: { "content-type": "text/csv" } });
        segments.push(made);
      }
      Object.assign(all, { host, admin, contributor, viewer, source, gold, guests, segments });
    });
    after(() => all.host?.close());

    connecting(all);
    configuring(all);
    running(all);
    leaving(all);
  });
}

const contact = ({ host }, email) => host.served.sandbox.account.contact(email);
const imports = ({ host }) => host.served.sandbox.account.requests.filter(({ method, path }) => method === "POST" && path.startsWith("/api/3/import/")).length;

const connection = ({ host, statement }, more = {}) => ({ name: "Newsletter, main account", host: HOST, apiKey: host.served.key, consent: { agreed: true, version: statement.version }, ...more });

function connecting(all) {
  it("R10 connections are an area of administration: others may neither see their settings nor make one", async () => {
    const { admin, contributor, viewer } = all;
    all.statement = (await admin.read("/api/me")).privacyStatement;
    assert.deepEqual((await admin.read("/api/connections")).items, []);
    for (const other of [contributor, viewer]) {
      assert.equal((await other.post("/api/connections", { body: connection(all) })).status, 403);
      assert.equal((await other.post("/api/connections/test", { body: { host: HOST, apiKey: all.host.served.key } })).status, 403);
    }
    assert.deepEqual((await admin.read("/api/connections")).items, []);
  });

  it("R12 a connection has a recognizable display name", async () => {
    issue(await all.admin.post("/api/connections", { body: connection(all, { name: "  " }) }), "name", "missing");
    issue(await all.admin.post("/api/connections", { body: connection(all, { name: "x".repeat(101) }) }), "name", "not_a_name");
  });

  it("R14 the key is needed, and one that does not work is told before anything is saved", async () => {
    const { apiKey: _key, ...without } = connection(all);
    issue(await all.admin.post("/api/connections", { body: without }), "apiKey", "missing");
    const wrong = await all.admin.post("/api/connections", { body: connection(all, { apiKey: "not-the-key" }) });
    assert.equal(wrong.status, 422, wrong.text);
    assert.equal(wrong.body.category, "credentials");
    assert.doesNotMatch(wrong.text, /not-the-key/u);
    assert.deepEqual((await all.admin.read("/api/connections")).items, []);
  });

  it("R15 the host is the bare hostname; a pasted URL is corrected visibly", async () => {
    const found = issue(await all.admin.post("/api/connections", { body: connection(all, { host: `https://${HOST}/api/3` }) }), "host", "hostname");
    assert.equal(found.suggestion, HOST);
    issue(await all.admin.post("/api/connections", { body: connection(all, { host: "evil.example.com" }) }), "host", "hostname");
  });

  it("R16, R31, R32 nothing is saved without consent to the statement, which says what it must", async () => {
    const { text, version } = all.statement;
    for (const said of [/outside the boundary/u, /sensitive/u, /personal data/u, /on your instruction/u, /responsible/u, /privacy or security/u, /consent to use any data/u, /remove this connection at any time/u]) assert.match(text, said);
    issue(await all.admin.post("/api/connections", { body: connection(all, { consent: { agreed: false, version } }) }), "consent.agreed", "consent");
    issue(await all.admin.post("/api/connections", { body: connection(all, { consent: { agreed: true, version: "0" } }) }), "consent.version", "consent_version");
    const { consent: _consent, ...without } = connection(all);
    assert.equal((await all.admin.post("/api/connections", { body: without })).status, 422);
    assert.deepEqual((await all.admin.read("/api/connections")).items, []);
  });

  it("R17 Connect proves that host and key work, and keeps nothing", async () => {
    const tested = await all.admin.must("POST", 200)("/api/connections/test", { body: { host: HOST, apiKey: all.host.served.key } });
    assert.equal(tested.ok, true);
    assert.equal(tested.lists, all.host.served.sandbox.account.lists.length);
    assert.deepEqual((await all.admin.read("/api/connections")).items, []);
  });

  it("R11, R18, R19 an administrator saves a connection of the type ActiveCampaign and is its export user; the key is never shown again", async () => {
    const answer = await all.admin.post("/api/connections", { body: connection(all) });
    assert.equal(answer.status, 201, answer.text);
    const { body: made } = answer;
    assert.equal(made.type, "activecampaign");
    assert.equal(made.exportUser, (await all.admin.read("/api/me")).id);
    assert.deepEqual(made.key, { kind: "sealed", lastFour: all.host.served.key.slice(-4) });
    assert.deepEqual([made.consent.by, made.consent.version], [made.exportUser, all.statement.version]);
    assert.equal(made.consent.at, made.createdAt);
    assert.equal(made.tested.ok, true);
    const list = await all.admin.get("/api/connections");
    assert.deepEqual(list.body.items, [made]);
    for (const { text } of [answer, list]) assert.ok(!text.includes(all.host.served.key));
    all.connection = made;
  });

  it("R13, R23 only administrators may use it at first: nobody else is shown it", async () => {
    assert.deepEqual(all.connection.sharing, { with: "administrators" });
    for (const other of [all.contributor, all.viewer]) assert.deepEqual((await other.read("/api/connections")).items, []);
  });
}

const exported = ({ connection: { id }, segments }, more = {}) => ({
  name: "Gold customers", connection: id, list: LIST, segments: [segments[0].id], mapping: { email: "EMail", firstName: "FirstName", lastName: "LastName", phone: "Telephone" }, ...more,
});

function configuring(all) {
  it("R20 without access to a connection nobody configures an export on it", async () => {
    issue(await all.contributor.post("/api/exports", { body: exported(all) }), "connection", "unknown_connection");
    assert.equal((await all.viewer.post("/api/exports", { body: exported(all) })).status, 403);
    assert.deepEqual((await all.admin.read("/api/exports")).items, []);
  });

  it("R13, R38 shared with contributors it can be used by them, who see its name and type and nothing more", async () => {
    all.connection = await all.admin.change(`/api/connections/${all.connection.id}`, { etag: all.connection.etag, body: { sharing: { with: "contributors" } } });
    const { id, name, type } = all.connection;
    assert.deepEqual((await all.contributor.read("/api/connections")).items, [{ id, name, type }]);
    assert.equal((await all.contributor.get(`/api/connections/${id}`)).status, 403);
    assert.equal((await all.contributor.patch(`/api/connections/${id}`, { etag: all.connection.etag, body: { name: "Mine" } })).status, 403);
    assert.deepEqual((await all.viewer.read("/api/connections")).items, []);
  });

  it("R24 the list is picked from the account's lists, or typed by its id; one that is not there is told", async () => {
    const { lists } = await all.contributor.read(`/api/connections/${all.connection.id}/account`);
    const there = all.host.served.sandbox.account.lists;
    assert.deepEqual(lists.map(({ id, name }) => [id, name]).sort(), there.map(({ id, name }) => [id, name]).sort());
    const refused = await all.contributor.post("/api/exports", { body: exported(all, { list: 4_711 }) });
    assert.equal(refused.status, 422, refused.text);
    assert.ok(refused.body.issues.some(({ path }) => path === "list"));
  });

  it("R25 the field with the e-mail address is required", async () => {
    const refused = await all.contributor.post("/api/exports", { body: exported(all, { mapping: { firstName: "FirstName" } }) });
    assert.equal(refused.status, 422, refused.text);
    assert.ok(refused.body.issues.some(({ path }) => path === "mapping.email"));
  });

  it("R26 first name, last name and phone are suggested from the segment's columns", async () => {
    const { columns, mapping } = await all.contributor.read(`/api/segments/${all.segments[0].id}/suggestions`);
    assert.deepEqual(columns, ["EMail", "FirstName", "LastName", "Telephone"]);
    assert.deepEqual(mapping, { email: "EMail", firstName: "FirstName", lastName: "LastName", phone: "Telephone" });
    const [segment] = all.segments;
    // What nobody uploaded only administrators see.
    for (const [who, sees] of [[all.admin, true], [all.contributor, segment.source.upload === true]]) {
      const { status, text } = await who.get(`/api/segments/${segment.id}/sample`);
      assert.equal(status, sees ? 200 : 403, text);
      if (sees) assert.equal(text.split("\n")[0], columns.join(","));
    }
    assert.ok((await all.contributor.read("/api/sources")).kinds.includes("upload"));
  });

  it("R21, R22, R27, R28 a contributor adds and saves an export; saving runs nothing", async () => {
    const before = imports(all);
    const { export: made } = await all.contributor.make("/api/exports", { body: exported(all) });
    assert.deepEqual([made.name, made.list, made.connection, made.status, made.permission, made.automations], ["Gold customers", LIST, all.connection.id, "not_started", "edit", "exclude"]);
    assert.deepEqual(made.schedule, { type: "refresh", active: true });
    assert.deepEqual((await all.admin.read(`/api/exports/${made.id}/runs`)).items, []);
    assert.deepEqual((await all.admin.read("/api/live")).items, []);
    assert.equal(imports(all), before);
    all.export = made;
  });

  it("R45, R46 every role sees the export and its latest status, with what it may do to it", async () => {
    for (const [who, permission] of [[all.admin, "edit"], [all.contributor, "edit"], [all.viewer, "view"]]) {
      const [seen] = (await who.read("/api/exports")).items;
      assert.deepEqual([seen.name, seen.connectionName, seen.connectionType, seen.status, seen.permission], ["Gold customers", all.connection.name, "activecampaign", "not_started", permission]);
    }
    assert.equal((await all.viewer.patch(`/api/exports/${all.export.id}`, { etag: all.export.etag, body: { name: "Mine" } })).status, 403);
  });
}

/** That the account has these profiles on the list, each with what its row says. */
function requireDelivered(all, good) {
  for (const { email, first, last, phone } of good) {
    const found = contact(all, email);
    assert.deepEqual([found?.firstName, found?.lastName, found?.phone, found?.lists[LIST], found?.automations], [first, last, phone, "active", 0], email);
  }
}

function running(all) {
  it("R30 an export is run on demand by whoever may edit it; the account has every profile but those that are told as rejected", async () => {
    assert.equal((await all.viewer.post(`/api/exports/${all.export.id}/run`)).status, 403);
    const earlier = all.host.served.sandbox.account.contactCount;
    const run = await ended(all.contributor, await all.contributor.start(`/api/exports/${all.export.id}/run`));
    assert.equal(run.status, "completed_with_rejections", JSON.stringify(run));
    assert.deepEqual([run.trigger, run.user], ["on_demand", "carla@example.com"]);
    const { read, delivered, rejected, duplicate, pending, queued } = run.progress;
    assert.deepEqual({ read, delivered, rejected, duplicate, pending, queued }, { read: all.gold.read, delivered: all.gold.good.length, rejected: all.gold.rejected, duplicate: all.gold.duplicate, pending: 0, queued: 0 });
    requireDelivered(all, all.gold.good);
    assert.equal(all.host.served.sandbox.account.contactCount, earlier + all.gold.good.length);
    all.run = run;
  });

  it("R30, R58 every role sees how the run ended; the rejected profiles only those who may edit the export", async () => {
    for (const who of [all.admin, all.contributor, all.viewer]) {
      const { items } = await who.read(`/api/exports/${all.export.id}/runs`);
      assert.deepEqual(items.map(({ id, status }) => [id, status]), [[all.run.id, "completed_with_rejections"]]);
    }
    assert.equal((await all.viewer.get(`/api/runs/${all.run.id}/rejections`)).status, 403);
    const { text } = await all.contributor.get(`/api/runs/${all.run.id}/rejections`);
    const rows = text.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(rows.map(({ rule }) => rule).sort(), ["duplicate", "email_missing", "email_no_at"]);
    assert.ok(rows.every(({ remedy }) => typeof remedy === "string" && remedy !== ""));
  });

  it("R29 an export runs with every refresh of the source, and once for each", async () => {
    const body = { id: "refresh 1", state: "completed", kind: "scheduled" };
    assert.equal((await all.contributor.post("/api/refresh", { body })).status, 403);
    const { count, already } = await all.source.start("/api/refresh", { body });
    assert.equal(count, 1);
    const { items: [run] } = await all.admin.read(`/api/exports/${all.export.id}/runs`);
    assert.deepEqual([run.export, run.trigger, already], [all.export.id, "refresh", false]);
    assert.equal((await ended(all.admin, run)).status, "completed_with_rejections");
    const again = await all.source.start("/api/refresh", { body });
    assert.deepEqual([again.already, again.count], [true, 1]);
    assert.equal((await all.admin.read(`/api/exports/${all.export.id}/runs`)).items.length, 2);
  });

  it("R35 one export carries several segments into one list", async () => {
    const { etag } = await all.admin.read(`/api/exports/${all.export.id}`);
    await all.contributor.change(`/api/exports/${all.export.id}`, { etag, body: { segments: all.segments.map(({ id }) => id) } });
    const run = await ended(all.admin, await all.admin.start(`/api/exports/${all.export.id}/run`));
    assert.equal(run.status, "completed_with_rejections", JSON.stringify(run));
    assert.equal(run.progress.read, all.gold.read + all.guests.read);
    assert.equal(run.parts.length, 2);
    requireDelivered(all, [...all.gold.good, ...all.guests.good]);
  });
}

function leaving(all) {
  it("R33, R43 an administrator removes the connection at any time: first she is shown what uses it", async () => {
    const { id } = all.connection;
    const { etag } = await all.admin.read(`/api/connections/${id}`);
    assert.equal((await all.contributor.post(`/api/connections/${id}/remove`, { etag, body: { all: "remove" } })).status, 403);
    const refused = await all.admin.post(`/api/connections/${id}/remove`, { etag, body: {} });
    assert.equal(refused.status, 409, refused.text);
    assert.deepEqual(refused.body.inTheWay, [{ id: all.export.id, name: "Gold customers" }]);
    await all.admin.must("POST", 204)(`/api/connections/${id}/remove`, { etag, body: { each: { [all.export.id]: "detach" } } });
    assert.equal((await all.admin.get(`/api/connections/${id}`)).status, 404);
    assert.deepEqual((await all.admin.read("/api/connections")).items, []);
  });

  it("R33, R43 a detached export keeps its configuration and does not run, by any way", async () => {
    const before = imports(all);
    const kept = await all.admin.read(`/api/exports/${all.export.id}`);
    assert.equal(kept.connection, null);
    assert.deepEqual([kept.list, kept.mapping, kept.segments], [LIST, all.export.mapping, all.segments.map(({ id }) => id)]);
    for (const who of [all.admin, all.contributor]) {
      const refused = await who.post(`/api/exports/${all.export.id}/run`);
      assert.ok(refused.status === 409 || refused.status === 403, refused.text);
    }
    assert.deepEqual((await all.source.start("/api/refresh", { body: { id: "refresh 2", state: "completed" } })).count, 0);
    assert.deepEqual((await all.admin.start("/api/run-all")).items, []);
    assert.equal(imports(all), before);
  });

  it("R33 with another connection attached it runs again", async () => {
    const made = await all.admin.make("/api/connections", { body: connection(all, { name: "Another", sharing: { with: "contributors" } }) });
    const { etag } = await all.admin.read(`/api/exports/${all.export.id}`);
    await all.admin.change(`/api/exports/${all.export.id}`, { etag, body: { connection: made.id } });
    const run = await ended(all.contributor, await all.contributor.start(`/api/exports/${all.export.id}/run`));
    assert.equal(run.status, "completed_with_rejections", JSON.stringify(run));
  });

  it("D14 the audit log has a row for each step, and is whole; neither key nor address is in it", async () => {
    assert.deepEqual(await all.admin.read("/api/audit/check"), { whole: true });
    const { text, body } = await all.admin.get("/api/audit?limit=500");
    for (const action of ["connection.create", "connection.update", "connection.remove", "export.create", "export.update", "run.start", "refresh.completed", "user.create", "token.create"]) {
      assert.ok(body.items.some((entry) => entry.action === action), `no ${action} in the audit log`);
    }
    assert.ok(!text.includes(all.host.served.key));
    assert.doesNotMatch(text, /@example\.net/u);
    assert.equal((await all.contributor.get("/api/audit")).status, 403);
    assert.equal((await all.viewer.get("/api/audit")).status, 403);
  });
}
