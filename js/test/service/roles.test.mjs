// The table roles x actions x sharing, cell by cell, over HTTP: every route of the description has its row.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { issue } from "./client.mjs";
import { connect, people, save, upload, world } from "./world.mjs";

/** Who asks, and how the connection concerned is shared. */
const COLUMNS = {
  administrator: { with: "administrators" },
  "contributor, not shared": { with: "administrators" },
  "contributor, shared with contributors": { with: "contributors" },
  "contributor, shared by name": { with: "users", users: ["caller"] },
  "contributor, shared with another": { with: "users", users: ["somebody else"] },
  "viewer, shared by name": { with: "users", users: ["caller"] },
  source: { with: "contributors" },
  "an inactive administrator": { with: "contributors" },
  nobody: { with: "contributors" },
};

// One cell a column: "+" done, or the status of the refusal.
const EVERYBODY = ["+", "+", "+", "+", "+", "+", "+", 403, 401];
const ADMINISTRATOR = ["+", 403, 403, 403, 403, 403, 403, 403, 401];
const LOOKS = ["+", "+", "+", "+", "+", "+", 403, 403, 401];
const CONTRIBUTES = ["+", "+", "+", "+", "+", 403, 403, 403, 401];
/** As good as not there, for whoever may not use it. */
const USES = ["+", 404, "+", "+", 404, 404, 404, 403, 401];
const EDITS = ["+", 403, "+", "+", 403, 403, 403, 403, 401];
const SAVES = ["+", 422, "+", "+", 422, 403, 403, 403, 401];
const REFRESHES = ["+", 403, 403, 403, 403, 403, "+", 403, 401];
const OWN = ["+", 404, 404, 404, 404, 404, 404, 403, 401];

let number = 0;
const unique = (name) => `${name} ${(number += 1)}`;

/** Route, cells, status when done, and the request on what a column's world has. */
const TABLE = [
  ["GET /api/me", EVERYBODY, 200, () => ({})],
  ["GET /api/users", ADMINISTRATOR, 200, () => ({})],
  ["POST /api/users", ADMINISTRATOR, 201, () => ({ body: { id: unique("user"), role: "viewer" } })],
  ["PATCH /api/users/{id}", ADMINISTRATOR, 200, ({ other }) => ({ id: other.id, etag: other.etag, body: { role: "contributor" } })],
  ["GET /api/tokens", EVERYBODY, 200, () => ({})],
  ["POST /api/tokens", ADMINISTRATOR, 201, () => ({ body: { user: "admin", name: "mine" } })],
  ["DELETE /api/tokens/{id}", OWN, 204, ({ token }) => ({ id: token.id })],
  ["GET /api/connections", EVERYBODY, 200, () => ({})],
  ["POST /api/connections", ADMINISTRATOR, 201, ({ connection, world: { sandbox } }) => ({ body: { name: unique("connection"), host: connection.host, apiKey: sandbox.key, consent: { agreed: true, version: "1" } } })],
  ["POST /api/connections/test", ADMINISTRATOR, 200, ({ connection, world: { sandbox } }) => ({ body: { host: connection.host, apiKey: sandbox.key } })],
  ["GET /api/secrets", EVERYBODY, 200, () => ({})],
  ["GET /api/connections/{id}", ADMINISTRATOR, 200, ({ connection }) => ({ id: connection.id })],
  ["GET /api/connections/{id}/exports", ADMINISTRATOR, 200, ({ connection }) => ({ id: connection.id })],
  ["POST /api/connections/{id}/test", ADMINISTRATOR, 200, ({ connection }) => ({ id: connection.id })],
  ["GET /api/connections/{id}/account", USES, 200, ({ connection }) => ({ id: connection.id })],
  ["GET /api/segments", LOOKS, 200, () => ({})],
  ["POST /api/segments", CONTRIBUTES, 201, () => ({ body: { name: unique("segment"), source: { upload: true } } })],
  ["GET /api/segments/{id}", LOOKS, 200, ({ segment }) => ({ id: segment.id })],
  ["GET /api/segments/{id}/exports", LOOKS, 200, ({ segment }) => ({ id: segment.id })],
  ["GET /api/segments/{id}/suggestions", LOOKS, 200, ({ segment }) => ({ id: segment.id })],
  // Of an upload; those of files and addresses follow below.
  ["GET /api/segments/{id}/sample", EDITS, 200, ({ segment }) => ({ id: segment.id })],
  ["GET /api/sources", CONTRIBUTES, 200, () => ({})],
  ["PUT /api/segments/{id}/profiles", EDITS, 200, ({ segment }) => ({ id: segment.id, raw: people(3), headers: { "content-type": "text/csv" } })],
  ["PATCH /api/segments/{id}", EDITS, 200, ({ segment }) => ({ id: segment.id, etag: segment.etag, body: { members: 3 } })],
  ["GET /api/exports", LOOKS, 200, () => ({})],
  ["POST /api/exports", SAVES, 201, ({ connection, segment }) => ({ body: { name: unique("export"), connection: connection.id, list: 4, segments: [segment.id], mapping: { email: "EMail" } } })],
  ["GET /api/exports/{id}", LOOKS, 200, ({ kept }) => ({ id: kept.id })],
  ["POST /api/exports/{id}/duplicate", EDITS, 201, ({ kept }) => ({ id: kept.id })],
  ["POST /api/exports/{id}/check", EDITS, 200, ({ kept }) => ({ id: kept.id })],
  ["PATCH /api/exports/{id}", EDITS, 200, ({ kept }) => ({ id: kept.id, etag: kept.etag, body: { maxRejectedPercent: 50 } })],
  ["GET /api/exports/{id}/runs", LOOKS, 200, ({ kept }) => ({ id: kept.id })],
  ["POST /api/schedules/next", EVERYBODY, 200, () => ({ body: { type: "own", active: true, times: ["06:30"], timeZone: "Europe/Ljubljana" } })],
  ["GET /api/rules", EVERYBODY, 200, () => ({})],
  ["GET /api/live", LOOKS, 200, () => ({})],
  ["GET /api/runs/{id}", LOOKS, 200, ({ run }) => ({ id: run.id })],
  ["GET /api/runs/{id}/progress", LOOKS, 200, ({ run }) => ({ id: run.id })],
  ["GET /api/runs/{id}/rejections", EDITS, 200, ({ run }) => ({ id: run.id })],
  // It has ended by itself: nothing is left to cancel or to go on with.
  ["POST /api/runs/{id}/cancel", EDITS, 409, ({ run }) => ({ id: run.id })],
  ["POST /api/runs/{id}/continue", EDITS, 409, ({ run }) => ({ id: run.id })],
  ["DELETE /api/runs/{id}/rejections", EDITS, 204, ({ run }) => ({ id: run.id })],
  ["POST /api/exports/{id}/run", EDITS, 202, ({ kept }) => ({ id: kept.id })],
  ["POST /api/run-all", CONTRIBUTES, 202, () => ({})],
  ["POST /api/refresh", REFRESHES, 202, () => ({ body: { id: unique("refresh"), state: "completed" } })],
  ["POST /api/exports/{id}/detach", EDITS, 200, ({ detached }) => ({ id: detached.id, etag: detached.etag })],
  ["DELETE /api/exports/{id}", EDITS, 204, ({ removed }) => ({ id: removed.id, etag: removed.etag })],
  ["DELETE /api/segments/{id}", CONTRIBUTES, 204, ({ spare }) => ({ id: spare.id, etag: spare.etag })],
  ["GET /api/webhooks", ADMINISTRATOR, 200, () => ({})],
  ["POST /api/webhooks", ADMINISTRATOR, 201, () => ({ body: { url: "https://hooks.example.com/run" } })],
  ["PATCH /api/webhooks/{id}", ADMINISTRATOR, 200, ({ webhook }) => ({ id: webhook.id, etag: webhook.etag, body: { active: false } })],
  ["DELETE /api/webhooks/{id}", ADMINISTRATOR, 204, ({ gone }) => ({ id: gone.id, etag: gone.etag })],
  ["POST /api/reseal", ADMINISTRATOR, 200, () => ({})],
  ["GET /api/audit", ADMINISTRATOR, 200, () => ({})],
  ["GET /api/audit/check", ADMINISTRATOR, 200, () => ({})],
  ["PATCH /api/connections/{id}", ADMINISTRATOR, 200, ({ edited }) => ({ id: edited.id, etag: edited.etag, body: { name: unique("renamed") } })],
  ["POST /api/connections/{id}/remove", ADMINISTRATOR, 204, ({ unused }) => ({ id: unused.id, etag: unused.etag, body: {} })],
];

async function column(name, sharing) {
  const here = await world();
  const { admin } = here;
  const role = name === "an inactive administrator" ? "administrator" : name.split(",")[0];
  const somebody = await here.letIn("somebody else", "contributor");
  const known = role === "nobody" ? undefined : await here.letIn("caller", role);
  const asked = role === "nobody" ? { call: (method, path, { headers = {}, ...more } = {}) => somebody.call(method, path, { ...more, headers: { ...headers, authorization: "Bearer acx_none" } }) } : known;
  const connection = await connect(here, { sharing: role === "nobody" && sharing.users ? { with: "administrators" } : sharing });
  const segment = await upload(here, "Gold", people(3));
  const made = [];
  for (const title of ["kept", "detached", "removed"]) made.push(await save(here, connection, [segment], { name: title }));
  const [kept, detached, removed] = made;
  const run = await admin.start(`/api/exports/${kept.id}/run`);
  await here.settle();
  const spare = await admin.make("/api/segments", { body: { name: "Spare", source: { upload: true } } });
  const [webhook, gone] = [await admin.make("/api/webhooks", { body: { url: "https://hooks.example.com/a" } }), await admin.make("/api/webhooks", { body: { url: "https://hooks.example.com/b" } })];
  const unused = await connect(here, { name: "Unused" });
  const edited = await connect(here, { name: "Edited" });
  const other = (await admin.read("/api/users")).items.find(({ id }) => id === "somebody else");
  const { secret: _secret, ...token } = await admin.make("/api/tokens", { body: { user: "somebody else", name: "theirs" } });
  if (name === "an inactive administrator") {
    const { etag } = (await admin.read("/api/users")).items.find(({ id }) => id === "caller");
    await admin.change("/api/users/caller", { etag, body: { active: false } });
  }
  return { world: here, asked, connection, segment, kept, detached, removed, run, spare, webhook, gone, unused, edited, other, token };
}

const fill = (path, id) => path.replace("{id}", encodeURIComponent(id));

for (const [at, [name, sharing]] of Object.entries(COLUMNS).entries()) {
  describe(`as ${name}`, () => {
    let all;
    before(async () => (all = await column(name, sharing)));
    for (const [route, cells, done, request] of TABLE) {
      const [method, path] = route.split(" ");
      const expected = cells[at] === "+" ? done : cells[at];
      it(`${route}: ${expected}`, async () => {
        const { id = "", ...more } = request(all);
        const answer = await all.asked.call(method, fill(path, id), more);
        assert.equal(answer.status, expected, answer.text);
        if (expected >= 400) {
          assert.equal(answer.type, "application/problem+json");
          assert.ok(answer.body.remedy !== "" && answer.body.detail !== "");
        }
      });
    }
  });
}

describe("the table itself", () => {
  it("has a row for every route of the description, and no other", async () => {
    const here = await world();
    const { paths } = await here.admin.read("/openapi.json");
    const routes = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
    assert.deepEqual(TABLE.map(([route]) => route).sort(), routes.sort());
  });

  it("ids of nothing and of other things are 404 on every route that takes one", async () => {
    const all = await column("administrator", { with: "administrators" });
    const others = { connections: all.segment.id, segments: all.kept.id, exports: all.run.id, runs: all.kept.id, webhooks: all.connection.id, tokens: all.kept.id, users: "nobody here" };
    for (const [route, , , request] of TABLE.filter(([name]) => name.includes("{id}"))) {
      const [method, path] = route.split(" ");
      const { id: _id, ...more } = request(all);
      for (const id of [others[path.split("/")[2]], "0000000000000000"]) assert.equal((await all.asked.call(method, fill(path, id), more)).status, 404, `${route} ${id}`);
    }
  });
});

describe("first profiles of what nobody uploaded", () => {
  for (const [what, source] of [["a file", { file: "people.csv" }], ["an address", { url: "https://profiles.example.com/people.csv" }]]) {
    it(`${what}: administrators see them; a contributor does not, not even of a segment of its own`, async () => {
      const here = await world({ receive: () => new Response(people(2)) });
      writeFileSync(join(here.sources, "people.csv"), people(2));
      const contributor = await here.letIn("carla", "contributor");
      const { id, etag } = await contributor.make("/api/segments", { body: { name: "Mine", source: { upload: true } } });
      await contributor.must("PUT", 200)(`/api/segments/${id}/profiles`, { raw: people(1), headers: { "content-type": "text/csv" } });
      assert.equal((await contributor.get(`/api/segments/${id}/sample`)).text, people(1));
      await contributor.change(`/api/segments/${id}`, { etag, body: { source } });
      const refused = await contributor.get(`/api/segments/${id}/sample`);
      assert.deepEqual([refused.status, refused.body.code, here.calls], [403, "not_allowed", []], refused.text);
      assert.equal((await here.admin.read("/api/audit?limit=1")).items[0].action, "segment.update");
      assert.equal((await here.admin.get(`/api/segments/${id}/sample`)).text, people(2));
      for (const role of ["viewer", "source"]) assert.equal((await (await here.letIn(role, role)).get(`/api/segments/${id}/sample`)).status, 403);
    });
  }
});

describe("names of users", () => {
  for (const id of ["a/b", "a/../b", "50%", "%2F", "%2e%2e", "who?", "one#two", "Ann Lee", "a\\b", "a+b@example.net", "Žiga", ".dot", "a;b=c"]) {
    it(`${id}: can be addressed`, async () => {
      const here = await world();
      const made = await here.admin.make("/api/users", { body: { id, role: "viewer" } });
      assert.equal(made.id, id);
      const changed = await here.admin.change(`/api/users/${encodeURIComponent(id)}`, { etag: made.etag, body: { active: false } });
      assert.deepEqual([changed.id, changed.active], [id, false]);
    });
  }

  for (const id of [".", "..", "...", " .. "]) {
    it(`${JSON.stringify(id)}: is none, since no address leads to it`, async () => {
      const here = await world();
      issue(await here.admin.post("/api/users", { body: { id, role: "viewer" } }), "id", "not_a_name");
      assert.equal((await here.admin.read("/api/users")).items.length, 1);
    });
  }
});

describe("rights that end", () => {
  async function scene() {
    const here = await world();
    const contributor = await here.letIn("carla", "contributor");
    const connection = await connect(here, { sharing: { with: "contributors" } });
    const segment = await upload(here, "Gold", people(3));
    const made = await save(here, connection, [segment], { schedule: { type: "own", active: true, times: ["12:00"], timeZone: "UTC" } }, contributor);
    return { here, contributor, connection, made };
  }
  const demote = async ({ admin }, id, body) => {
    const { etag } = (await admin.read("/api/users")).items.find((user) => user.id === id);
    await admin.change(`/api/users/${id}`, { etag, body });
  };
  const runsOf = async ({ admin }, { id }) => (await admin.read(`/api/exports/${id}/runs`)).items;

  for (const [how, body] of [["is a contributor now", { role: "contributor" }], ["is not active any more", { active: false }]]) {
    it(`a run is blocked when the export user ${how}, and goes again once another administrator has taken over`, async () => {
      const { here, connection, made } = await scene();
      const second = await here.letIn("second", "administrator");
      await demote({ admin: second }, "admin", body);
      await second.start(`/api/exports/${made.id}/run`);
      await here.settle();
      const [run] = await runsOf({ admin: second }, made);
      assert.deepEqual([run.status, run.reason.code, run.reason.category], ["failed_permanent", "export_user", "permission"]);
      assert.equal(here.sandbox.account.contact("person0@example.net"), undefined);
      const { etag } = await second.read(`/api/connections/${connection.id}`);
      await second.change(`/api/connections/${connection.id}`, { etag, body: { takeOver: true } });
      here.clock.now += 1_000;
      await second.start(`/api/exports/${made.id}/run`);
      await here.settle();
      assert.equal((await runsOf({ admin: second }, made))[0].status, "successful");
    });
  }

  for (const [how, end] of [
    ["was demoted", ({ here }) => demote(here, "carla", { role: "viewer" })],
    ["is not active any more", ({ here }) => demote(here, "carla", { active: false })],
    ["lost the connection", async ({ here: { admin }, connection }) => admin.change(`/api/connections/${connection.id}`, { etag: connection.etag, body: { sharing: { with: "administrators" } } })],
  ]) {
    it(`a scheduled run does not start when whoever set it ${how}`, async () => {
      const all = await scene();
      await end(all);
      all.here.clock.now += 24 * 3_600_000;
      await all.here.settle(async () => (await runsOf(all.here, all.made)).some(({ endedAt }) => endedAt !== undefined));
      const [run] = await runsOf(all.here, all.made);
      assert.deepEqual([run.status, run.reason.code, run.trigger], ["failed_permanent", "starter_right", "schedule"]);
      assert.equal(all.here.sandbox.account.contact("person0@example.net"), undefined);
    });
  }

  it("a detached export is its maker's to attach again, and no other contributor's", async () => {
    const { here, contributor, made } = await scene();
    const other = await here.letIn("otto", "contributor");
    const detached = await contributor.must("POST", 200)(`/api/exports/${made.id}/detach`, { etag: made.etag });
    assert.equal((await other.patch(`/api/exports/${made.id}`, { etag: detached.etag, body: { name: "Otto's" } })).status, 403);
    await contributor.change(`/api/exports/${made.id}`, { etag: detached.etag, body: { name: "Still Carla's" } });
  });

  it("an export on a connection that is withheld cannot be brought under one that is shared by somebody who may not edit it", async () => {
    const here = await world();
    const contributor = await here.letIn("carla", "contributor");
    const [withheld, shared] = [await connect(here), await connect(here, { name: "Shared", sharing: { with: "contributors" } })];
    const segment = await upload(here, "Gold", people(3));
    const made = await save(here, withheld, [segment]);
    assert.equal((await contributor.patch(`/api/exports/${made.id}`, { etag: made.etag, body: { connection: shared.id } })).status, 403);
    const own = await save(here, shared, [segment], { name: "Own" }, contributor);
    issue(await contributor.patch(`/api/exports/${own.id}`, { etag: own.etag, body: { connection: withheld.id } }), "connection", "unknown_connection");
  });
});
