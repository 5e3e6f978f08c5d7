// When runs start, wait, are skipped, end and are told of: on a clock of the test's own.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { connect, people, save, upload, world } from "./world.mjs";

const HOUR = 3_600_000;
const runsOf = async ({ admin }, { id }) => (await admin.read(`/api/exports/${id}/runs`)).items;
const own = (more) => ({ type: "own", active: true, times: ["02:30"], timeZone: "Europe/Ljubljana", ...more });

/** A world with so many exports on one connection, each on a segment of its own. */
async function scene(count = 1, more = {}, given = {}) {
  const here = await world(given);
  const connection = await connect(here, { sharing: { with: "contributors" } });
  const source = await here.letIn("warehouse", "source");
  const [segments, exports] = [[], []];
  for (let at = 0; at < count; at += 1) {
    segments.push(await upload(here, `Segment ${at}`, people(4, 100 * at)));
    exports.push(await save(here, connection, [segments[at]], { name: `Export ${at}`, ...(typeof more === "function" ? more(exports, at) : more) }));
  }
  return { here, connection, source, segments, exports };
}

const change = async ({ admin }, { id }, body) => admin.change(`/api/exports/${id}`, { etag: (await admin.read(`/api/exports/${id}`)).etag, body });

describe("schedules of their own", () => {
  for (const [what, from, schedule, expected] of [
    ["daily, in summer", "2026-07-01T12:00:00Z", own(), "2026-07-02T00:30:00.000Z"],
    ["daily, in winter", "2026-12-01T12:00:00Z", own(), "2026-12-02T01:30:00.000Z"],
    ["a time that the clocks skip comes when they have jumped", "2026-03-28T12:00:00Z", own(), "2026-03-29T01:00:00.000Z"],
    ["a time that they show twice comes the first time", "2026-10-24T12:00:00Z", own(), "2026-10-25T00:30:00.000Z"],
    ["and not a second time", "2026-10-25T00:30:00Z", own(), "2026-10-26T01:30:00.000Z"],
    ["weekly, over the end of summer time", "2026-10-20T12:00:00Z", own({ days: ["monday"], times: ["06:30"] }), "2026-10-26T05:30:00.000Z"],
    ["the earliest of several times", "2026-07-01T12:00:00Z", own({ times: ["20:00", "16:15"] }), "2026-07-01T14:15:00.000Z"],
    ["over the date line", "2026-07-01T12:00:00Z", own({ timeZone: "Pacific/Kiritimati", times: ["01:00"] }), "2026-07-02T11:00:00.000Z"],
  ]) {
    it(what, async () => {
      const { exports: [one] } = await scene(1, { schedule }, { start: Date.parse(from) });
      assert.equal(one.nextRunAt, expected);
    });
  }

  it("what is wrong with a schedule is told, all of it", async () => {
    const { here, exports: [one] } = await scene();
    const { etag } = one;
    const refused = await here.admin.patch(`/api/exports/${one.id}`, { etag, body: { schedule: own({ timeZone: "Mars/Olympus", times: ["25:00", "06:30", "06:30"], days: [] }) } });
    assert.equal(refused.status, 422);
    assert.deepEqual(refused.body.issues.map(({ path, code }) => `${path} ${code}`).sort(), ["schedule.days days", "schedule.timeZone time_zone", "schedule.times[0] time", "schedule.times[2] time_twice"]);
    assert.equal((await here.admin.patch(`/api/exports/${one.id}`, { etag, body: { schedule: own({ times: ["1", "2", "3", "4", "5"].map((hour) => `0${hour}:00`) }) } })).status, 422);
  });

  it("it runs at its time and not before; times that were missed run once; what is off does not run", async () => {
    const { here, exports: [one, off] } = await scene(2, (_, at) => ({ schedule: own({ active: at === 0, times: ["12:00"], timeZone: "UTC" }) }), { start: Date.parse("2026-07-01T11:00:00Z") });
    await here.settle();
    assert.deepEqual(await runsOf(here, one), []);
    here.clock.now = Date.parse("2026-07-01T12:00:01Z");
    await here.settle();
    here.clock.now = Date.parse("2026-07-09T13:00:00Z");
    await here.settle();
    const runs = await runsOf(here, one);
    assert.deepEqual(runs.map(({ trigger, status }) => [trigger, status]), [["schedule", "successful"], ["schedule", "successful"]]);
    assert.equal((await here.admin.read(`/api/exports/${one.id}`)).nextRunAt, "2026-07-10T12:00:00.000Z");
    assert.deepEqual(await runsOf(here, off), []);
  });

  it("with its schedule the export leaves the queue: removed, detached and switched-off ones do not run", async () => {
    const { here, exports } = await scene(3, { schedule: own({ times: ["12:00"], timeZone: "UTC" }) }, { start: Date.parse("2026-07-01T11:00:00Z") });
    await here.admin.remove(`/api/exports/${exports[0].id}`, { etag: exports[0].etag });
    await here.admin.must("POST", 200)(`/api/exports/${exports[1].id}/detach`, { etag: exports[1].etag });
    await change(here, exports[2], { schedule: { type: "refresh", active: false } });
    here.clock.now += 48 * HOUR;
    await here.settle();
    await here.settle();
    assert.deepEqual([await runsOf(here, exports[1]), await runsOf(here, exports[2])], [[], []]);
  });
});

describe("the queue", () => {
  it("run all runs those with an active schedule, one after another on one account", async () => {
    const { here, exports } = await scene(3, (_, at) => ({ schedule: { type: "refresh", active: at < 2 } }));
    const { items } = await here.admin.start("/api/run-all");
    assert.deepEqual(items.map((run) => run.export).sort(), [exports[0].id, exports[1].id].sort());
    let most = 0;
    await here.settle(async () => {
      const live = (await here.admin.read("/api/live")).items;
      most = Math.max(most, live.filter(({ status }) => status === "refreshing").length);
      return live.length === 0;
    });
    assert.equal(most, 1);
    const [first, second] = (await Promise.all(exports.slice(0, 2).map((one) => runsOf(here, one)))).flat().sort((a, b) => a.startedAt.localeCompare(b.startedAt));
    assert.ok(second.startedAt >= first.endedAt, `${second.startedAt} before ${first.endedAt}`);
    assert.deepEqual([first.status, second.status, first.trigger], ["successful", "successful", "run_all"]);
    assert.deepEqual(await runsOf(here, exports[2]), []);
  });

  it("a second run of one export is refused on demand, and coalesced when refreshes come", async () => {
    const { here, source, exports: [one] } = await scene();
    const [, second] = await Promise.all([here.admin.post(`/api/exports/${one.id}/run`), here.admin.post(`/api/exports/${one.id}/run`)]).then((both) => both.sort((a, b) => a.status - b.status));
    assert.equal(second.status, 409);
    for (const id of ["r1", "r2", "r3"]) await source.start("/api/refresh", { body: { id, state: "completed" } });
    await here.settle();
    const runs = await runsOf(here, one);
    assert.ok(runs.length <= 2, JSON.stringify(runs));
    assert.ok(runs.every(({ status }) => status === "successful"));
  });

  it("an export waits for those that it starts after, and says so; circles are refused", async () => {
    const { here, exports: [first, second] } = await scene(2, (made) => ({ startAfter: made.map(({ id }) => id) }));
    const circle = await here.admin.patch(`/api/exports/${first.id}`, { etag: first.etag, body: { startAfter: [second.id] } });
    assert.deepEqual([circle.status, circle.body.issues[0].code], [422, "circle"]);
    const later = await here.admin.start(`/api/exports/${second.id}/run`);
    const earlier = await here.admin.start(`/api/exports/${first.id}/run`);
    await here.service.tick();
    const waiting = await here.admin.read(`/api/runs/${later.id}`);
    assert.deepEqual([waiting.status, waiting.reason.code], ["queued", "dependency"]);
    await here.settle();
    const [one, two] = [await here.admin.read(`/api/runs/${earlier.id}`), await here.admin.read(`/api/runs/${later.id}`)];
    assert.ok(two.startedAt >= one.endedAt);
    assert.deepEqual([one.status, two.status], ["successful", "successful"]);
  });

  it("a run that waits is cancelled at once; one that goes sends nothing new; it goes on from where it stopped", async () => {
    const { here, exports: [one] } = await scene();
    const waiting = await here.admin.start(`/api/exports/${one.id}/run`);
    assert.equal((await here.admin.start(`/api/runs/${waiting.id}/cancel`)).cancelledBy, "admin");
    await here.settle();
    assert.deepEqual([(await here.admin.read(`/api/runs/${waiting.id}`)).status, here.sandbox.account.batches.length], ["cancelled", 0]);
    assert.equal((await here.admin.post(`/api/runs/${waiting.id}/cancel`)).status, 409);
    await here.admin.start(`/api/runs/${waiting.id}/continue`);
    await here.settle();
    const run = await here.admin.read(`/api/runs/${waiting.id}`);
    assert.deepEqual([run.status, run.progress.delivered], ["successful", 4]);
    assert.equal((await here.admin.post(`/api/runs/${waiting.id}/continue`)).status, 409);
  });

  it("a run that waits follows its export to another connection; one that began never does", async () => {
    const { here, connection: { id: first }, exports: [one] } = await scene();
    const run = await here.admin.start(`/api/exports/${one.id}/run`);
    const other = await connect(here, { name: "Other", host: "other.api-us1.com" });
    await change(here, one, { connection: other.id });
    await here.settle();
    const done = await here.admin.read(`/api/runs/${run.id}`);
    assert.deepEqual([done.status, done.host, done.connection], ["successful", "other.api-us1.com", other.id]);
    here.sandbox.knobs.accountState = "expired-forbidden";
    here.clock.now += 1_000;
    const second = await here.admin.start(`/api/exports/${one.id}/run`);
    await here.settle();
    here.sandbox.knobs.accountState = "active";
    await here.admin.start(`/api/runs/${second.id}/continue`);
    await change(here, one, { connection: first });
    await here.settle();
    const ended = await here.admin.read(`/api/runs/${second.id}`);
    assert.deepEqual([ended.status, ended.reason?.code], ["failed_permanent", "connection_changed"]);
    assert.equal(here.sandbox.account.batches.length, 1);
  });

  for (const [what, act] of [
    ["removed", (here, one) => here.admin.remove(`/api/exports/${one.id}`, { etag: one.etag })],
    ["detached", (here, one) => here.admin.must("POST", 200)(`/api/exports/${one.id}/detach`, { etag: one.etag })],
    ["bereft of its connection", async (here, one, { id }) => here.admin.must("POST", 204)(`/api/connections/${id}/remove`, { etag: (await here.admin.read(`/api/connections/${id}`)).etag, body: { all: "detach" } })],
  ]) {
    it(`a run between two segments ends when its export is ${what}`, async () => {
      const { here, connection, segments, exports: [one] } = await scene(2);
      const both = await change(here, one, { segments: segments.map(({ id }) => id) });
      const run = await here.admin.start(`/api/exports/${one.id}/run`);
      await here.settle(async () => (await here.admin.read(`/api/runs/${run.id}`)).parts[0].state === "running");
      await act(here, both.export, connection);
      await here.settle();
      const ended = await here.admin.read(`/api/runs/${run.id}`);
      assert.equal(ended.status, "failed_permanent", JSON.stringify(ended));
      assert.ok(ended.reason.remedy !== "");
    });
  }
});

describe("refreshes of the source", () => {
  it("while one goes the exports concerned wait; complete, those that follow it run, each once", async () => {
    const { here, source, segments, exports: [one, other, silent] } = await scene(3, (_, at) => ({ schedule: { type: "refresh", active: at < 2 } }));
    await source.start("/api/refresh", { body: { id: "r1", state: "started", segments: [segments[0].id] } });
    const run = await here.admin.start(`/api/exports/${one.id}/run`);
    await here.service.tick();
    const waiting = await here.admin.read(`/api/runs/${run.id}`);
    assert.deepEqual([waiting.status, waiting.reason.code], ["queued", "source_refreshing"]);
    await here.admin.start(`/api/runs/${run.id}/cancel`);
    await here.settle();
    here.clock.now += 1_000;
    const completed = await source.start("/api/refresh", { body: { id: "r1", state: "completed" } });
    const again = await source.start("/api/refresh", { body: { id: "r1", state: "completed" } });
    assert.deepEqual([completed.already, again.already], [false, true]);
    assert.deepEqual([completed.count, again.count], [1, 1]);
    await here.settle();
    assert.deepEqual((await runsOf(here, one)).map(({ trigger, status, refresh }) => [trigger, status, refresh]), [["refresh", "successful", "r1"], ["on_demand", "cancelled", undefined]]);
    assert.deepEqual([await runsOf(here, other), await runsOf(here, silent)], [[], []]);
  });

  it("failed, they are skipped, with the reason; nothing is sent", async () => {
    const { here, source, exports: [one] } = await scene();
    assert.equal((await source.start("/api/refresh", { body: { id: "r1", state: "failed" } })).count, 1);
    const [run] = await runsOf(here, one);
    assert.deepEqual([run.status, run.reason.code, run.trigger], ["skipped", "upstream_failed", "refresh"]);
    await here.settle();
    assert.equal((await runsOf(here, one)).length, 1);
    assert.equal(here.sandbox.account.batches.length, 0);
  });
});

describe("limits", () => {
  it("more profiles than an export carries: warned when it is saved and checked, skipped with the number, nothing sent", async () => {
    const { here, segments, exports: [one] } = await scene(1, {}, { options: { maxProfiles: 3 } });
    const { etag } = segments[0];
    await here.admin.change(`/api/segments/${segments[0].id}`, { etag, body: { members: 4 } });
    const { warnings } = await change(here, one, { maxRejectedPercent: 50 });
    assert.ok(warnings.some(({ code, message }) => code === "too_large" && /\b4\b/u.test(message) && /\b3\b/u.test(message)));
    const check = await here.admin.must("POST", 200)(`/api/exports/${one.id}/check`);
    assert.ok(check.warnings.some(({ code }) => code === "too_large"));
    const run = await here.admin.start(`/api/exports/${one.id}/run`);
    await here.settle();
    const ended = await here.admin.read(`/api/runs/${run.id}`);
    assert.deepEqual([ended.status, ended.reason.code], ["skipped", "too_large"]);
    assert.match(ended.reason.message, /\b4\b.*\b3\b/u);
    assert.equal(here.sandbox.account.batches.length, 0);
  });

  it("the limit is on the number that is read, not on what the source says", async () => {
    const { here, exports: [one] } = await scene(1, {}, { options: { maxProfiles: 4 } });
    const run = await here.admin.start(`/api/exports/${one.id}/run`);
    await here.settle();
    assert.equal((await here.admin.read(`/api/runs/${run.id}`)).status, "successful");
  });

  it("the account's contact limit is warned of before a run, from its own figures", async () => {
    const { defaultSeed } = await import("./helpers.mjs");
    const seed = { ...defaultSeed(), contactLimit: 8 };
    const { here, segments, exports: [one] } = await scene(1, {}, { sandbox: { seed } });
    await here.admin.change(`/api/segments/${segments[0].id}`, { etag: segments[0].etag, body: { members: 4 } });
    const { warnings } = await change(here, one, { maxRejectedPercent: 100 });
    const found = warnings.find(({ code }) => code === "contact_limit");
    assert.ok(found, JSON.stringify(warnings));
    assert.match(found.message, /\b8\b/u);
    assert.match(found.message, new RegExp(`has ${here.sandbox.account.contactCount};`, "u"));
    const run = await here.admin.start(`/api/exports/${one.id}/run`);
    await here.settle();
    assert.ok((await here.admin.read(`/api/runs/${run.id}`)).warnings.some(({ code }) => code === "contact_limit"));
  });
});

describe("events", () => {
  /** What a receiver of Standard Webhooks checks. */
  function verified({ headers, body }, secret) {
    const given = headers["webhook-signature"].replace(/^v1,/u, "");
    const computed = createHmac("sha256", Buffer.from(secret.slice("whsec_".length), "base64")).update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`).digest("base64");
    assert.equal(given, computed);
    return JSON.parse(body);
  }

  it("start, end and thresholds go to webhooks, signed, and again until they are taken", async () => {
    let refusals = 2;
    const { here, segments, exports: [one] } = await scene(1, {}, { receive: () => new Response(null, { status: (refusals -= 1) >= 0 ? 500 : 204 }) });
    await here.admin.must("PUT", 200)(`/api/segments/${segments[0].id}/profiles`, { raw: `${people(9)}nobody\n`, headers: { "content-type": "text/csv" } });
    const { secret, ...hook } = await here.admin.make("/api/webhooks", { body: { url: "https://hooks.example.com/run", thresholds: { rejectedPercent: 5 } } });
    assert.ok(!(await here.admin.get("/api/webhooks")).text.includes(secret));
    const run = await here.admin.start(`/api/exports/${one.id}/run`);
    await here.settle();
    const events = here.calls.map((call) => verified(call, secret));
    assert.deepEqual([...new Set(events.map(({ type }) => type))].sort(), ["run.started", "run.succeeded", "run.threshold"]);
    const { threshold } = events.find(({ type }) => type === "run.threshold");
    assert.deepEqual(threshold, { name: "rejectedPercent", limit: 5, value: 10 });
    const done = events.find(({ type }) => type === "run.succeeded");
    assert.deepEqual([done.operation, done.result, done.jobId, done.submissionKind, done.submittedBy, done.identifier, done.counts.rejected], ["Export.WorkflowCompleted", "Successful", run.id, "OnDemand", "admin", one.id, 1]);
    const ids = here.calls.map(({ headers }) => headers["webhook-id"]);
    assert.equal(ids.length - new Set(ids).size, 2, "the refused ones again, under their ids");
    assert.ok(here.calls.every(({ body }) => !body.includes("@example.net")));
    assert.ok(here.calls.every(({ redirect }) => redirect === "manual"));
    assert.equal(hook.url, "https://hooks.example.com/run");
  });

  it("a permanent failure is told with who must act", async () => {
    const { here, exports: [one] } = await scene();
    const { secret } = await here.admin.make("/api/webhooks", { body: { url: "https://hooks.example.com/run", events: ["run.failed"] } });
    here.sandbox.knobs.accountState = "expired-forbidden";
    const run = await here.admin.start(`/api/exports/${one.id}/run`);
    await here.settle();
    const ended = await here.admin.read(`/api/runs/${run.id}`);
    assert.equal(ended.status, "failed_permanent");
    const [event, ...none] = here.calls.map((call) => verified(call, secret));
    assert.deepEqual([event.type, event.error.code, none.length], ["run.failed", ended.reason.code, 0]);
  });
});

describe("history", () => {
  it("rejected profiles end with their time, or when somebody removes them; the run stays", async () => {
    const { here, segments, exports: [one] } = await scene();
    await here.admin.must("PUT", 200)(`/api/segments/${segments[0].id}/profiles`, { raw: `${people(2)}nobody\n`, headers: { "content-type": "text/csv" } });
    const run = await here.admin.start(`/api/exports/${one.id}/run`);
    await here.settle();
    const { text, headers } = await here.admin.get(`/api/runs/${run.id}/rejections?format=csv`);
    assert.match(text, /email_no_at/u);
    assert.match(headers.get("content-disposition"), /^attachment/u);
    here.clock.now += 29 * 24 * HOUR;
    await here.settle();
    assert.match((await here.admin.get(`/api/runs/${run.id}/rejections`)).text, /email_no_at/u);
    here.clock.now += 2 * 24 * HOUR;
    await here.service.tick();
    assert.equal((await here.admin.get(`/api/runs/${run.id}/rejections`)).body.code, "expired");
    assert.equal((await here.admin.read(`/api/runs/${run.id}`)).status, "completed_with_rejections");
    const left = [];
    for await (const row of here.runner.rejections(`${run.id}.0`)) left.push(row);
    assert.deepEqual(left, []);
  });
});
