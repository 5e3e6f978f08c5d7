// What once went wrong at the edge: pauses, alarms, cancels and sources at the moments that matter.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { assertBalance } from "../kit/balance.mjs";
import { addresses, edge, exportTo, follow, held, people, serveSandbox } from "./edge.mjs";

const SPEED = 60;
const TIMES = { timeout: 120_000 };

/** Servers of sources by address, and whether the account can be reached. */
const servers = new Map();
let isDown = false;
/** The account's `Retry-After`, while it refuses everything, and how often it did. */
let pause;
let asked = 0;

async function outside(request) {
  const serve = servers.get(request.url);
  if (serve) return serve(request);
  if (pause) {
    asked += 1;
    return new Response("", { status: 429, headers: { "retry-after": pause } });
  }
  if (isDown) return new Response("", { status: 503 });
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
  const answer = await fetch(request.url, { method: request.method, headers: [...request.headers], body, redirect: "manual" });
  return new Response(await answer.arrayBuffer(), { status: answer.status, headers: [...answer.headers].filter(([name]) => !/^(?:content-encoding|content-length|transfer-encoding)$/u.test(name)) });
}

/** A worker whose objects can be killed, hang, lose their alarms, and are asked behind its back. */
const WORKER = `
import { AccountObject as Account, ExportObject as Export, exportWorker } from "activecampaign-export/cloudflare";
const inner = exportWorker({ exports: (bindings) => JSON.parse(bindings.DEFINED) });
const told = { hung: 0, opened: 0 };
let lost = 0;
export class ExportObject extends Export {
  speed = ${SPEED};
  #state;
  constructor(state, bindings) {
    super(state, bindings);
    this.#state = state;
    if (bindings.LONG) this.limits = { requests: 100_000, millis: 3_600_000 };
    this.deaf = bindings.DEAF;
  }
  fetch(request) {
    if (new URL(request.url).pathname !== "/die") return super.fetch(request);
    this.#state.abort("killed");
  }
  alarm() { return this.deaf && (lost += 1) === 1 ? undefined : super.alarm(); }
}
export class AccountObject extends Account {
  speed = ${SPEED};
  #hangs;
  constructor(state, bindings) {
    super(state, bindings);
    this.#hangs = bindings.HANGS ?? 0;
    if (bindings.DEAF) this.stalledMillis = 0;
    this.slow = bindings.SLOW;
  }
  async fetch(request) {
    if (new URL(request.url).pathname === "/turns" && this.#hangs > 0) {
      this.#hangs -= 1;
      told.hung += 1;
      await new Promise((done) => setTimeout(done, 3_600_000));
    }
    // Whoever has heard of the end may start anew before the account's object has.
    if (new URL(request.url).pathname === "/ended" && this.slow) await new Promise((done) => setTimeout(done, 200));
    return super.fetch(request);
  }
}
export default {
  scheduled: (event, bindings) => inner.scheduled(event, bindings),
  async fetch(request, bindings) {
    const [, what, name, body] = new URL(request.url).pathname.split("/");
    if (what === "told") return Response.json(told);
    if (what === "ask") {
      const objects = bindings[name];
      const [of, path] = decodeURIComponent(body).split("|");
      try {
        return await objects.get(objects.idFromName(of)).fetch("https://object/" + path, { method: "POST", body: await request.text() });
      } catch (error) {
        return new Response(String(error));
      }
    }
    const bucket = bindings.SOURCES;
    const SOURCES = {
      head: (key) => bucket.head(key),
      createMultipartUpload: async (key) => {
        const upload = await bucket.createMultipartUpload(key);
        told.opened += 1;
        return upload;
      },
    };
    return inner.fetch(request, { ...bindings, SOURCES });
  },
};`;

describe("at the edge, what once went wrong", () => {
  let sandbox;
  const workers = [];
  /** Exports that read their own name's object, and a worker for them. */
  async function started(names, more = {}, source = (name) => ({ r2: `${name}.csv` })) {
    const exports = Object.fromEntries(names.map((name) => [name, exportTo(sandbox, source(name))]));
    const worker = await edge(exports, { KEY: sandbox.key, ...more }, { speed: SPEED, worker: WORKER, outboundService: outside });
    workers.push(worker);
    const ask = async (binding, of, path, body = {}) => (await worker.call(`/ask/${binding}/${encodeURIComponent(`${of}|${path}`)}`, { method: "POST", body: JSON.stringify(body) })).text();
    return { ...worker, ask, told: async () => (await worker.call("/told")).json(), cancel: async (name) => (await worker.call(`/exports/${name}/cancel`, { method: "POST" })).status };
  }
  /** Reads an export's progress until a text is in it. */
  async function until(worker, name, found) {
    const reader = (await worker.call(`/exports/${name}/progress`)).body.getReader();
    for (let text = ""; ; ) {
      const { done, value } = await reader.read();
      assert.ok(!done, `the run ended before ${found}`);
      text += Buffer.from(value).toString();
      if (found.test(text)) return void (await reader.cancel());
    }
  }
  /** Delivers a part, and is cancelled. */
  async function partly(worker, name, count) {
    await worker.put(`${name}.csv`, people(name, count));
    await worker.start(name);
    await until(worker, name, /"delivered":[1-9]/u);
    assert.equal(await worker.cancel(name), 202);
    const last = (await follow(worker, name)).at(-1);
    assert.equal(last.result, "cancelled");
    assert.ok(last.progress.delivered > 0 && last.progress.delivered < count);
    return last;
  }

  before(async () => {
    sandbox = await serveSandbox({ port: 0, speed: SPEED });
  });
  after(async () => {
    for (const worker of workers) await worker.end();
    await sandbox?.close();
  });

  it("a pause before the next try holds, whoever looks meanwhile", TIMES, async () => {
    const times = [];
    servers.set("https://files.example/down.csv", () => {
      times.push(Date.now());
      return times.length <= 4 ? new Response("", { status: 503 }) : new Response(people("down", 10));
    });
    const worker = await started(["down"], {}, () => ({ url: "https://files.example/down.csv" }));
    await worker.start("down");
    const dues = [];
    for (let status = await worker.status("down"); status.status !== "ended"; status = await worker.status("down")) {
      if (status.dueAt && status.status === "retrying" && dues.at(-1) !== status.dueAt) dues.push(status.dueAt);
      await worker.ask("EXPORTS", "down", "wake");
    }
    assert.equal((await worker.status("down")).result, "succeeded");
    assert.ok(dues.length > 0 && dues.length <= 4);
    // Each try came after the pause that was told before it; a burst would be over before the first.
    for (const due of dues.map(Date.parse)) assert.ok(times.some((time) => time >= due));
    assert.ok(times[4] >= Date.parse(dues.at(-1)), `${times} ${dues}`);
    assert.equal(times.length, 6);
  });

  it("a start right after the end keeps its alarm, and runs", TIMES, async () => {
    const worker = await started(["again"], { SLOW: "1" });
    await worker.put("again.csv", people("again", 10));
    for (let run = 0; run < 4; run += 1) {
      assert.equal((await worker.start("again", { runKey: `run ${run}` })).http, 202);
      await until(worker, "again", /event: ended/u);
    }
    assert.equal((await worker.status("again")).runKey, "run 3");
  });

  it("a cancel right after a start that goes on tells the counts of what is delivered", TIMES, async () => {
    const worker = await started(["early"]);
    const before = await partly(worker, "early", 20_000);
    for (let run = 0; run < 3; run += 1) {
      const [start, cancelled] = [await worker.start("early"), await worker.cancel("early")];
      assert.deepEqual([start.http, cancelled], [202, 202]);
      const { result, progress } = (await follow(worker, "early")).at(-1);
      assert.equal(result, "cancelled");
      assertBalance(progress);
      assert.ok(progress.delivered >= before.progress.delivered, `${progress.delivered} of ${before.progress.delivered}`);
      assert.deepEqual([progress.queued, progress.delivered], [0, held(sandbox, "early").length]);
    }
    await worker.start("early");
    assert.equal((await follow(worker, "early")).at(-1).progress.delivered, 20_000);
  });

  it("a cancel while the account cannot be reached, after a death in the middle of a slice, tells true counts", TIMES, async () => {
    const worker = await started(["dead"], { LONG: "1" });
    await worker.put("dead.csv", people("dead", 20_000));
    await worker.start("dead");
    await until(worker, "dead", /"delivered":[1-9]/u);
    isDown = true;
    const { progress: before, slices } = await worker.status("dead");
    assert.equal(slices, 0);
    assert.match(await worker.ask("EXPORTS", "dead", "die"), /killed/u);
    assert.equal(await worker.cancel("dead"), 202);
    const { progress } = (await follow(worker, "dead")).at(-1);
    isDown = false;
    assertBalance(progress);
    assert.ok(progress.delivered >= before.delivered && before.delivered > 0, `${progress.delivered} of ${before.delivered}`);
    assert.ok(progress.delivered <= held(sandbox, "dead").length);
    await worker.start("dead");
    const last = (await follow(worker, "dead")).at(-1);
    assert.deepEqual([last.result, last.progress.delivered, held(sandbox, "dead")], ["succeeded", 20_000, addresses("dead", 20_000)]);
  });

  it("a cancel while a new run waits for the account ends it at once, as cancelled", TIMES, async () => {
    const worker = await started(["paused"]);
    await worker.put("paused.csv", people("paused", 10));
    pause = "86400";
    asked = 0;
    await worker.start("paused");
    while (asked === 0) await sleep(5);
    assert.equal(await worker.cancel("paused"), 202);
    const last = (await follow(worker, "paused")).at(-1);
    pause = undefined;
    assert.deepEqual([last.result, last.stop, held(sandbox, "paused")], ["cancelled", undefined, []]);
  });

  it("a file that was replaced between a run and the start that goes on with it is noticed", TIMES, async () => {
    const worker = await started(["replaced"]);
    await partly(worker, "replaced", 20_000);
    await worker.put("replaced.csv", people("replacement", 100));
    await worker.start("replaced");
    const { result, stop } = (await follow(worker, "replaced")).at(-1);
    assert.deepEqual([result, stop.category], ["failed", "source"]);
    assert.match(stop.message, /was changed/u);
    assert.deepEqual(held(sandbox, "replacement"), []);
    await worker.start("replaced", { restart: true });
    assert.equal((await follow(worker, "replaced")).at(-1).result, "succeeded");
    assert.deepEqual(held(sandbox, "replacement"), addresses("replacement", 100));
  });

  it("neither an account's object nor a source that hangs holds a run for ever", TIMES, async () => {
    const worker = await started(["hung"], { HANGS: 2 });
    await worker.put("hung.csv", people("hung", 100));
    await worker.start("hung");
    assert.deepEqual([(await follow(worker, "hung")).at(-1).result, (await worker.told()).hung], ["succeeded", 2]);
    let tries = 0;
    let release;
    const released = new Promise((done) => (release = done));
    servers.set("https://files.example/hung.csv", async () => {
      if ((tries += 1) === 1) await released;
      return new Response(people("unhung", 10));
    });
    const other = await started(["hung"], {}, () => ({ url: "https://files.example/hung.csv" }));
    await other.start("hung");
    const last = (await follow(other, "hung")).at(-1);
    release();
    assert.deepEqual([last.result, held(sandbox, "unhung").length], ["succeeded", 10]);
  });

  it("forty dead exports do not keep a live one from being woken", TIMES, async () => {
    const worker = await started(["live"], { DEAF: "1" });
    await worker.put("live.csv", people("live", 100));
    for (let dead = 0; dead < 40; dead += 1) await worker.ask("ACCOUNTS", "acme.api-us1.com", "begun", { name: `dead${dead}` });
    await worker.start("live");
    let ended = false;
    const followed = follow(worker, "live").finally(() => (ended = true));
    while (!ended) {
      assert.equal(await worker.fire("*/5 * * * *", 1_795_600_000_000), 200);
      await sleep(20);
    }
    assert.equal((await followed).at(-1).result, "succeeded");
  });

  it("an upload that ends while a run reads the one before is not taken", TIMES, async () => {
    const worker = await started(["upload"], {}, () => ({ upload: true }));
    const put = (body) => worker.call("/exports/upload/source", { method: "PUT", body, duplex: "half" });
    assert.equal((await put(people("uploaded", 100))).status, 200);
    let finish;
    const late = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("EMail,First\n"));
        finish = () => {
          controller.enqueue(new TextEncoder().encode("late0@example.net,Ada\n"));
          controller.close();
        };
      },
    });
    const upload = put(late);
    while ((await worker.told()).opened < 2) await sleep(5);
    isDown = true;
    assert.equal((await worker.start("upload")).http, 202);
    finish();
    const response = await upload;
    assert.deepEqual([response.status, (await response.json()).code], [409, "run_in_progress"]);
    isDown = false;
    assert.equal((await follow(worker, "upload")).at(-1).result, "succeeded");
    assert.deepEqual([held(sandbox, "uploaded"), held(sandbox, "late")], [addresses("uploaded", 100), []]);
  });

  it("an error of the host is tried again by itself, and says so only as long as it is", TIMES, async () => {
    let release;
    const released = new Promise((done) => (release = done));
    // No answer in time: of an error that a host throws, nothing is known.
    servers.set("https://files.example/broken.csv", async () => {
      await released;
      return new Response("");
    });
    const worker = await started(["broken"], {}, () => ({ url: "https://files.example/broken.csv" }));
    await worker.start("broken");
    await until(worker, "broken", /event: retrying/u);
    const { stop: before } = await worker.status("broken");
    assert.equal(await worker.cancel("broken"), 202);
    const { result, stop } = (await follow(worker, "broken")).at(-1);
    release();
    assert.deepEqual([result, before.code, stop.code], ["failed", "host_failed", "host_failed"]);
    assert.match(before.remedy, /goes on by itself/u);
    assert.doesNotMatch(stop.remedy, /by itself/u);
    assert.match(stop.remedy, /Started again/u);
  });
});
