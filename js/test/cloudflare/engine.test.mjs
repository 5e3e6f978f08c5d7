// Exports as Durable Objects: what a worker's caller sees, and what the account gets. workerd, real alarms, a clock that
// goes sixty times as fast.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Response } from "miniflare";
import { assertBalance } from "../kit/balance.mjs";
import { addresses, edge, exportTo, follow, held, people, serveSandbox, TOKEN } from "./edge.mjs";

const SPEED = 60;
const LIMIT = 12;
const files = new Map();

/** A server of files at https://files.example, as they come: with ranges, without, changing. */
function serve(request) {
  const file = files.get(new URL(request.url).pathname);
  if (!file) return new Response("", { status: 404 });
  file.asked = (file.asked ?? 0) + 1;
  const bytes = Buffer.from(file.text);
  const etag = `"${file.version ?? 1}"`;
  const range = /^bytes=(\d+)-(\d+)$/u.exec(request.headers.get("range") ?? "");
  if (!file.ranges || !range) return new Response(bytes, { headers: { etag } });
  if (file.changesAt !== undefined && file.asked > file.changesAt) file.version = 2;
  const wanted = request.headers.get("if-match");
  if (wanted !== null && wanted !== `"${file.version ?? 1}"`) return new Response("", { status: 412 });
  const [from, to] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
  return new Response(bytes.subarray(from, to + 1), { status: 206, headers: { etag, "content-range": `bytes ${from}-${to}/${bytes.length}` } });
}

async function outside(request) {
  if (new URL(request.url).host === "files.example") return serve(request);
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
  const answer = await fetch(request.url, { method: request.method, headers: [...request.headers], body, redirect: "manual" });
  return new Response(await answer.arrayBuffer(), { status: answer.status, headers: [...answer.headers].filter(([name]) => !/^(?:content-encoding|content-length|transfer-encoding)$/u.test(name)) });
}

describe("an export at the edge", () => {
  let sandbox;
  let worker;
  before(async () => {
    sandbox = await serveSandbox({ port: 0, speed: SPEED });
    const order = (source, more) => exportTo(sandbox, source, more);
    worker = await edge(
      {
        plain: order({ r2: "plain.csv" }),
        twice: order({ r2: "twice.csv" }),
        cancelled: order({ r2: "cancelled.csv" }),
        upload: order({ upload: true }),
        ranges: order({ url: "https://files.example/ranges.csv" }),
        whole: order({ url: "https://files.example/whole.csv" }),
        changing: order({ url: "https://files.example/changing.csv" }),
        gone: order({ r2: "gone.csv" }),
        insecure: order({ url: "http://files.example/plain.csv" }),
        "no-bucket": order({ r2: "plain.csv", bucket: "NOWHERE" }),
        "no-secret": order({ r2: "plain.csv" }, { connection: { key: "OTHER" } }),
        "no-list": order({ r2: "plain.csv" }, { definition: { list: 999 } }),
        wrong: order({ r2: "plain.csv" }, { definition: { mapping: {} } }),
        daily: { ...order({ r2: "daily.csv" }), cron: "0 6 * * *" },
        weekly: { ...order({ r2: "daily.csv" }), cron: "0 6 * * 1" },
      },
      { KEY: sandbox.key },
      { speed: SPEED, outboundService: outside },
    );
  });
  after(async () => {
    await worker?.end();
    await sandbox?.close();
  });

  it("delivers, slice by slice, and tells its progress to the end", async () => {
    await worker.put("plain.csv", people("plain", 10_000, 7));
    const started = await worker.start("plain", { runKey: "monday" });
    assert.deepEqual([started.http, started.status, started.runKey], [202, "running", "monday"]);
    const told = await follow(worker, "plain");
    const last = told.at(-1);
    assert.deepEqual([last.status, last.result], ["ended", "completed_with_rejections"]);
    assert.deepEqual(held(sandbox, "plain"), addresses("plain", 10_000, 7));
    const { read, delivered, rejected, requests } = last.progress;
    assert.deepEqual([read, delivered, rejected], [10_000, 10_000 - 1_428, 1_428]);
    assert.deepEqual(last.rejectedByRule, { email_no_at: 1_428 });
    assert.ok(last.slices * LIMIT >= requests, `${requests} requests in ${last.slices} slices`);
    for (const { progress } of told.filter((status) => status.progress)) assertBalance(progress);
    assert.deepEqual(await worker.status("plain"), last);
    const rows = (await (await worker.call("/exports/plain/rejections")).text()).trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(rows.map(({ row }) => row), Array.from({ length: 1_428 }, (_, index) => 7 * (index + 1)));
    assert.ok(rows.every(({ rule, value }) => rule === "email_no_at" && value !== "nobody"));
  });

  it("runs once for a key, and one run at a time", async () => {
    await worker.put("twice.csv", people("twice", 3_000));
    assert.equal((await worker.start("twice", { runKey: "one" })).http, 202);
    const again = await worker.start("twice", { runKey: "one" });
    assert.deepEqual([again.http, again.already], [200, true]);
    assert.deepEqual([(await worker.start("twice", { runKey: "two" })).http, (await worker.start("twice")).http], [409, 409]);
    await follow(worker, "twice");
    const later = await worker.start("twice", { runKey: "one" });
    assert.deepEqual([later.already, later.status, later.result], [true, "ended", "succeeded"]);
    assert.equal((await worker.start("twice", { runKey: "two" })).http, 202);
    const last = (await follow(worker, "twice")).at(-1);
    assert.deepEqual([last.runKey, last.result, last.progress.delivered], ["two", "succeeded", 3_000]);
  });

  it("is cancelled: what the account has taken is followed to its end, and a start goes on", async () => {
    await worker.put("cancelled.csv", people("cancelled", 20_000));
    assert.equal((await worker.call("/exports/cancelled/cancel", { method: "POST" })).status, 409);
    await worker.start("cancelled");
    const response = await worker.call("/exports/cancelled/progress");
    for await (const bytes of response.body) if (/"queued":[1-9]/u.test(Buffer.from(bytes).toString())) break;
    assert.equal((await worker.call("/exports/cancelled/cancel", { method: "POST" })).status, 202);
    const first = (await follow(worker, "cancelled")).at(-1);
    assert.equal(first.result, "cancelled");
    assert.ok(first.progress.delivered < 20_000);
    assert.deepEqual([first.progress.queued, held(sandbox, "cancelled").length], [0, first.progress.delivered]);
    await worker.start("cancelled");
    const second = (await follow(worker, "cancelled")).at(-1);
    assert.deepEqual([second.result, second.progress.delivered], ["succeeded", 20_000]);
    assert.deepEqual(held(sandbox, "cancelled"), addresses("cancelled", 20_000));
  });

  it("reads what was uploaded, in any pieces, but not while it reads", async () => {
    const body = people("upload", 4_000);
    const put = (text) => worker.call("/exports/upload/source", { method: "PUT", body: new Blob([text]).stream(), duplex: "half" });
    assert.deepEqual(await (await put(body)).json(), { sizeBytes: body.length });
    await worker.start("upload");
    assert.equal((await put("EMail,First\n")).status, 409);
    assert.deepEqual([(await follow(worker, "upload")).at(-1).result, held(sandbox, "upload")], ["succeeded", addresses("upload", 4_000)]);
    assert.equal((await worker.call("/exports/plain/source", { method: "PUT", body: "x" })).status, 409);
  });

  it("reads an address in ranges, or from its start where there are none", async () => {
    for (const [name, ranges] of [["ranges", true], ["whole", false]]) {
      // Longer than one range.
      files.set(`/${name}.csv`, { text: people(name, 25_000), ranges });
      await worker.start(name);
      const last = (await follow(worker, name)).at(-1);
      assert.deepEqual([last.result, last.progress.delivered], ["succeeded", 25_000], JSON.stringify(last.stop));
      assert.deepEqual(held(sandbox, name), addresses(name, 25_000));
    }
    assert.ok(files.get("/ranges.csv").asked >= 3);
  });

  it("stops when its source changes, and says so", async () => {
    files.set("/changing.csv", { text: people("changing", 60_000), ranges: true, changesAt: 2 });
    await worker.start("changing");
    const last = (await follow(worker, "changing")).at(-1);
    assert.deepEqual([last.result, last.stop.category], ["blocked", "source"]);
    assert.ok(last.progress.read < 60_000);
    assert.match(last.stop.message, /was changed/u);
  });

  it("that cannot begin says who must act", async () => {
    await worker.put("plain.csv", people("plain", 10));
    for (const [name, result, category, message] of [
      ["gone", "failed", "source", "The source is not in its bucket."],
      ["insecure", "failed", "settings", "The source is no https address."],
      ["no-bucket", "failed", "settings", 'The worker has no R2 binding "NOWHERE".'],
      ["no-secret", "failed", "credentials", 'The worker has no secret "OTHER".'],
      ["no-list", "blocked", "settings", undefined],
    ]) {
      await worker.start(name);
      const { result: ended, stop } = (await follow(worker, name)).at(-1);
      assert.deepEqual([ended, stop.category], [result, category], name);
      if (message) assert.equal(stop.message, message);
      assert.ok(!stop.retryHelps && stop.remedy);
    }
    const wrong = await worker.start("wrong");
    assert.equal(wrong.http, 422);
    assert.ok(wrong.issues.some(({ path }) => path === "mapping.email"));
    assert.deepEqual((await worker.status("wrong")).status, "never_run");
  });

  it("answers its callers only", async () => {
    for (const authorization of ["", "Bearer", `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN]) {
      const response = await worker.call("/exports/plain/status", { headers: { authorization } });
      assert.deepEqual([response.status, (await response.json()).code], [401, "not_authorized"], authorization);
    }
    const refused = async (path, init) => {
      const response = await worker.call(path, init);
      return [response.status, (await response.json()).code];
    };
    assert.deepEqual(await refused("/exports/none/status"), [404, "no_such_export"]);
    assert.deepEqual(await refused("/exports/__proto__/status"), [404, "no_such_export"]);
    assert.deepEqual(await refused("/elsewhere"), [404, "not_found"]);
    assert.deepEqual(await refused("/exports/plain/wake", { method: "POST" }), [404, "not_found"]);
    for (const body of ["{", '{"runkey":"x"}', '{"runKey":""}', '{"runKey":7}', '{"restart":"yes"}', "[]", '"text"']) {
      assert.deepEqual(await refused("/exports/plain/start", { method: "POST", body }), [400, "bad_request"], body);
    }
    const bare = await edge({}, { EXPORT_TOKEN: "short" });
    const response = await bare.call("/exports");
    assert.deepEqual([response.status, (await response.json()).code], [503, "token_missing"]);
    await bare.end();
  });

  it("starts by its cron trigger, once for each event", async () => {
    await worker.put("daily.csv", people("daily", 500));
    const fire = () => worker.fire("0 6 * * *", 1_795_600_000_000);
    assert.equal(await fire(), 200);
    const last = (await follow(worker, "daily")).at(-1);
    assert.deepEqual([last.runKey, last.result, last.progress.delivered], ["cron-1795600000000", "succeeded", 500]);
    await fire();
    assert.equal((await worker.status("daily")).endedAt, last.endedAt);
    assert.equal((await worker.status("weekly")).status, "never_run");
    assert.equal(sandbox.sandbox.account.contacts.filter(({ email }) => email.startsWith("daily")).length, 500);
  });

  it("whose alarms are lost is found by the next cron event, whichever that is", async () => {
    const deaf = `
      import { AccountObject as Account, ExportObject as Export, exportWorker } from "activecampaign-export/cloudflare";
      let lost = 0;
      export class ExportObject extends Export {
        speed = ${SPEED};
        alarm() { return (lost += 1) > 1 ? super.alarm() : undefined; }
      }
      export class AccountObject extends Account { speed = ${SPEED}; stalledMillis = 0; }
      export default exportWorker({ exports: (bindings) => JSON.parse(bindings.DEFINED) });`;
    const other = await edge({ lost: exportTo(sandbox, { r2: "lost.csv" }) }, { KEY: sandbox.key }, { speed: SPEED, worker: deaf });
    await other.put("lost.csv", people("lost", 500));
    await other.start("lost");
    const followed = follow(other, "lost");
    // The lost alarm took nothing with it; until somebody looks, nothing happens.
    assert.deepEqual(held(sandbox, "lost"), []);
    const cron = encodeURIComponent("*/5 * * * *");
    let ended = false;
    void followed.then(() => (ended = true));
    while (!ended) {
      await other.miniflare.dispatchFetch(`http://worker/cdn-cgi/handler/scheduled?cron=${cron}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    const last = (await followed).at(-1);
    assert.deepEqual([last.result, last.progress.delivered], ["succeeded", 500]);
    await other.end();
  });
});
