// What somebody hostile found in the service: counts that lied, a way around who may send what, a log that could be made anew,
// and words that said too much.
import assert from "node:assert/strict";
import { createHmac, createHash } from "node:crypto";
import { describe, it } from "node:test";
import { service } from "./helpers.mjs";
import { connect, people, save, SECRETS, upload, world } from "./world.mjs";

const refreshed = (here, who, body) => who.post("/api/refresh", { body });

describe("a run", () => {
  it("keeps what it began with: an edit in its middle and a death leave its counts true", async () => {
    const store = service.memoryRecords();
    const here = await world({ store });
    const made = await save(here, await connect(here), [await upload(here, "Gold", people(600))]);
    const run = await here.admin.start(`/api/exports/${made.id}/run`);
    const read = (path, admin = here.admin) => admin.read(path);
    await here.settle(async () => here.sandbox.account.batches.length > 0);
    const { etag } = await read(`/api/exports/${made.id}`);
    await here.admin.change(`/api/exports/${made.id}`, { etag, body: { automations: "run", mapping: { email: "EMail", firstName: "EMail" } } });
    // The process dies: another one goes on with the same records and folder, at the same account.
    await here.runner.stop();
    const next = service.createService({ store, runner: new service.NodeRunner({ folder: here.folder, sources: here.sources, box: new service.SecretBox(SECRETS), host: here.host }), secrets: SECRETS, host: here.host });
    here.clock.now += 20_000;
    // What it made of its end is nobody's business: the run has not ended.
    for (let turns = 0; turns < 4_000 && (await next.busy()); turns += 1) {
      await next.tick();
      for (let turn = 0; turn < 4; turn += 1) await new Promise((after) => setImmediate(after));
      here.clock.now += 50;
    }
    const ended = JSON.parse(JSON.stringify((await store.get(`run/${run.id}`)).value));
    assert.equal(ended.status, "successful", JSON.stringify(ended.reason));
    assert.equal(ended.progress.delivered, 600);
    assert.equal(here.sandbox.account.lists.find(({ id }) => id === 4).counts.active, 601);
  });

  it("that has failed shows nothing on its way: what the account had taken is unverified", async () => {
    const here = await world();
    const made = await save(here, await connect(here), [await upload(here, "Gold", people(600))]);
    const run = await here.admin.start(`/api/exports/${made.id}/run`);
    await here.settle(async () => ((await here.store.get(`run/${run.id}`)).value.progress?.queued ?? 0) > 0);
    const { value, version } = await here.store.get(`run/${run.id}`);
    const parts = value.parts.map((part) => ({ ...part, state: "waiting" }));
    await here.runner.stop();
    await here.store.commit([{ key: `run/${run.id}`, value: { ...value, parts, status: "failed_retrying", cancelledBy: "admin" }, version }]);
    await here.settle();
    const ended = await here.admin.read(`/api/runs/${run.id}`);
    assert.equal(ended.progress.queued, 0);
    assert.equal(ended.progress.unverified, value.progress.queued);
    const { read, pending, queued, delivered, rejected, duplicate, excluded, unchanged, unverified } = ended.progress;
    assert.equal(read, pending + queued + delivered + rejected + duplicate + excluded + unchanged + unverified);
  });
});

describe("before anything is sent", () => {
  it("all segments are looked at: a column that one of them has not stops the run with nothing sent", async () => {
    const here = await world();
    const [good, bad] = [await upload(here, "Good", "EMail,FirstName\nada@example.com,Ada\n"), await upload(here, "Bad", people(3))];
    const made = await save(here, await connect(here), [good, bad], { mapping: { email: "EMail", firstName: "FirstName" } });
    const run = await here.admin.start(`/api/exports/${made.id}/run`);
    await here.settle();
    const ended = await here.admin.read(`/api/runs/${run.id}`);
    assert.deepEqual([ended.status, ended.reason.category], ["failed_permanent", "settings"]);
    assert.match(ended.reason.message, /^Segment "Bad": /u);
    assert.equal(here.sandbox.account.batches.length, 0);
  });

  it("a removal that detaches and removes exports leaves a trace of each, and no schedule", async () => {
    const here = await world();
    const connection = await connect(here);
    const segment = await upload(here, "Gold", people(3));
    const schedule = { type: "own", active: true, times: ["06:30"], timeZone: "UTC" };
    const [detached, removed] = [await save(here, connection, [segment], { name: "A", schedule }), await save(here, connection, [segment], { name: "B", schedule })];
    await here.admin.must("POST", 204)(`/api/connections/${connection.id}/remove`, { etag: (await here.admin.read(`/api/connections/${connection.id}`)).etag, body: { each: { [detached.id]: "detach", [removed.id]: "remove" } } });
    const entries = (await here.admin.read("/api/audit?limit=3")).items.map(({ action, target }) => `${action} ${target}`);
    assert.deepEqual(entries.toSorted(), [`connection.remove connection/${connection.id}`, `export.detach export/${detached.id}`, `export.remove export/${removed.id}`].toSorted());
    assert.equal((await here.admin.read("/api/audit/check")).whole, true);
    assert.equal((await here.admin.read(`/api/exports/${detached.id}`)).nextRunAt, undefined);
  });
});

describe("who may send what", () => {
  it("a segment under an export that one may not change is not theirs to change either", async () => {
    const here = await world();
    const contributor = await here.letIn("bor", "contributor");
    const segment = await upload(here, "Gold", people(3));
    const own = await upload(here, "Own", people(3));
    await save(here, await connect(here), [segment]);
    const evil = { etag: segment.etag, body: { source: { url: "https://evil.example.com/a.csv" } } };
    assert.equal((await contributor.patch(`/api/segments/${segment.id}`, evil)).status, 403);
    assert.equal((await contributor.put(`/api/segments/${segment.id}/profiles`, { raw: people(1), headers: { "content-type": "text/csv" } })).status, 403);
    assert.equal((await contributor.patch(`/api/segments/${own.id}`, { etag: own.etag, body: { members: 5 } })).status, 200);
  });

  it("a run shows its account to administrators alone, and to the source system no run at all", async () => {
    const here = await world();
    const made = await save(here, await connect(here), [await upload(here, "Gold", people(3))]);
    const run = await here.admin.start(`/api/exports/${made.id}/run`);
    await here.settle();
    const [viewer, source] = [await here.letIn("vida", "viewer"), await here.letIn("crm", "source")];
    for (const path of [`/api/runs/${run.id}`, `/api/exports/${made.id}/runs`]) {
      assert.ok((await here.admin.get(path)).text.includes("acme.api-us1.com"), path);
      assert.ok(!(await viewer.get(path)).text.includes("acme.api-us1.com"), path);
    }
    const { status, body } = await refreshed(here, source, { id: "r1", state: "completed" });
    assert.deepEqual([status, body.runs, body.count], [202, [], 1]);
  });

  it("a token that ends takes an open stream with it", async () => {
    const here = await world();
    const made = await save(here, await connect(here), [await upload(here, "Gold", people(600))]);
    const run = await here.admin.start(`/api/exports/${made.id}/run`);
    const viewer = await here.letIn("vida", "viewer");
    const response = await here.send(`${here.url}/api/runs/${run.id}/progress`, { headers: { authorization: `Bearer ${viewer.token}` } });
    const reader = response.body.getReader();
    assert.equal((await reader.read()).done, false);
    for (const token of (await here.admin.read("/api/tokens")).items.filter(({ user }) => user === "vida")) await here.admin.remove(`/api/tokens/${token.id}`);
    // One event may have been on its way.
    const rest = [await reader.read(), await reader.read()];
    assert.equal(rest.at(-1).done, true);
  });
});

describe("a refresh", () => {
  it("of a segment that is not there is refused; by name it is found", async () => {
    const here = await world();
    await save(here, await connect(here), [await upload(here, "Gold", people(3))]);
    const wrong = await refreshed(here, here.admin, { id: "r1", state: "completed", segments: ["nope"] });
    assert.deepEqual([wrong.status, wrong.body.issues[0].path], [422, "segments[0]"]);
    assert.equal((await refreshed(here, here.admin, { id: "r1", state: "completed", segments: ["Gold"] })).body.runs.length, 1);
  });

  it("that has ended is not told otherwise under the same id", async () => {
    const here = await world();
    await refreshed(here, here.admin, { id: "r1", state: "failed" });
    assert.equal((await refreshed(here, here.admin, { id: "r1", state: "completed" })).status, 409);
    assert.equal((await refreshed(here, here.admin, { id: "r1", state: "failed" })).body.already, true);
  });

  it("told eight times at once is one, and everybody hears the same", async () => {
    const here = await world();
    for (const name of ["A", "B"]) await save(here, await connect(here, { name }), [await upload(here, name, people(3))], { name });
    const told = await Promise.all(Array.from({ length: 8 }, () => refreshed(here, here.admin, { id: "r1", state: "completed" })));
    assert.deepEqual(told.map(({ status, body }) => [status, body.count]), Array.from({ length: 8 }, () => [202, 2]));
  });
});

describe("the audit log", () => {
  const canonical = (value) => JSON.stringify(value, (_, part) => (typeof part === "object" && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1))) : part));
  const whole = async (here) => (await here.admin.read("/api/audit/check")).whole;
  const filled = async () => {
    const here = await world();
    for (let at = 0; at < 10; at += 1) await here.letIn(`user ${at}`, "viewer");
    assert.equal(await whole(here), true);
    return here;
  };

  it("made anew by whoever has the records and not the secret does not hold", async () => {
    const here = await filled();
    const entries = await here.store.list("audit/");
    for (const remade of [(text) => createHash("sha256").update(text).digest("base64url"), (text) => createHmac("sha256", "guess").update(text).digest("base64url")]) {
      let previous = "";
      for (const { key, value } of entries) {
        const { hash: _hash, ...entry } = value;
        const changed = { ...entry, user: "somebody else", previous };
        previous = remade(canonical(changed));
        await here.store.commit([{ key, value: { ...changed, hash: previous } }]);
      }
      await here.store.commit([{ key: "ledger/head", value: { number: entries.length, hash: previous, mac: previous } }]);
      assert.equal(await whole(here), false);
    }
  });

  it("cut off at its end, or gone, does not hold", async () => {
    const here = await filled();
    const entries = await here.store.list("audit/");
    const kept = entries.slice(0, -4);
    await here.store.commit([...entries.slice(-4).map(({ key }) => ({ key, value: undefined })), { key: "ledger/head", value: { number: kept.length, hash: kept.at(-1).value.hash, mac: kept.at(-1).value.hash } }]);
    assert.equal(await whole(here), false);
    await here.store.commit([...kept.map(({ key }) => ({ key, value: undefined })), { key: "ledger/head", value: undefined }]);
    assert.equal(await whole(here), false);
  });
});
