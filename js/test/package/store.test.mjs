// What is special to the folder as a store (the contract is test/store-suite.ts), and runs over stores that fail: no send
// without a stored state.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { exportAll, HOST, installed, world } from "./helpers.mjs";

const load = (file) => import(pathToFileURL(join(installed, "dist", file)).href);
const { exportSegment, fileStore } = await load("entry/node.js");

const rejection = (row) => ({ row, line: row + 1, offset: row * 10, rule: "email_missing", reason: "There is no e-mail address." });
const commitOf = (text, { log = "", logBytes = log.length, rejections = [] } = {}) => ({
  checkpoint: new TextEncoder().encode(text),
  log: new TextEncoder().encode(log),
  logBytes,
  rejections,
});
const textOf = (bytes) => new TextDecoder().decode(bytes);

function folder() {
  const path = mkdtempSync(join(tmpdir(), "acx-store-"));
  after(() => rmSync(path, { recursive: true, force: true }));
  return join(path, "run");
}

/** Lets the owner's file look untouched for so many seconds. */
function age(path, fence, seconds) {
  const then = new Date(Date.now() - seconds * 1_000);
  utimesSync(join(path, `owner.${fence}`), then, then);
}

async function rows(store) {
  const told = [];
  for await (const { row } of store.rejections()) told.push(row);
  return told;
}

describe("a folder as a store", () => {
  it("passes over what a dead owner left behind its last commit", async () => {
    const path = folder();
    const first = await fileStore(path).claim();
    await first.commit(commitOf("one", { log: "aaaa", rejections: [rejection(1)] }));
    await first.release();
    appendFileSync(join(path, "log.1"), "torn");
    appendFileSync(join(path, "rejected.1"), '{"row":9');
    writeFileSync(join(path, "state.1.new"), '{"logBytes":4');
    const second = await fileStore(path).claim();
    assert.equal(textOf(second.run.log), "aaaa");
    await second.commit(commitOf("two", { log: "bb", logBytes: 6, rejections: [rejection(2)] }));
    assert.deepEqual(await rows(fileStore(path)), [1, 2]);
    assert.deepEqual(readdirSync(path).filter((name) => /\.1(?:\.new)?$/u.test(name)), []);
    await second.release();
  });

  it("has one owner, and takes over from one that is gone", async () => {
    const path = folder();
    const first = await fileStore(path).claim();
    await first.commit(commitOf("one"));
    await assert.rejects(fileStore(path).claim(), { code: "run_in_progress", category: "checkpoint", retryHelps: true });
    age(path, 1, 140);
    await assert.rejects(fileStore(path).claim(), { code: "run_in_progress" });
    age(path, 1, 160);
    const second = await fileStore(path).claim();
    assert.equal(second.fence, 2);
    assert.equal(await first.commit(commitOf("late")), "taken_over");
    await first.end();
    assert.equal(textOf(second.run.checkpoint), "one");
    assert.equal(await second.commit(commitOf("two")), "stored");
    assert.equal(await first.commit(commitOf("later")), "taken_over");
    await Promise.all([first.release(), second.release()]);
  });

  it("takes over at once from a process that was killed", async () => {
    const path = folder();
    const script = `const { fileStore } = await import(${JSON.stringify(pathToFileURL(join(installed, "dist/entry/node.js")).href)});
      await fileStore(${JSON.stringify(path)}).claim(); console.log("claimed"); setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await assert.rejects(fileStore(path).claim(), { code: "run_in_progress", message: `Process ${child.pid} is working on this run.` });
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    const claim = await fileStore(path).claim();
    assert.equal(claim.fence, 2);
    await claim.release();
  });

  it("takes over from a process that has ended, though its parent has not looked yet", { skip: process.platform !== "linux" }, async () => {
    const path = folder();
    // The parent stops itself before it could reap its child, which claims and ends.
    const script = `const { fileStore } = await import(${JSON.stringify(pathToFileURL(join(installed, "dist/entry/node.js")).href)});
      await fileStore(${JSON.stringify(path)}).claim(); process.kill(process.pid, "SIGKILL");`;
    const parent = spawn("sh", ["-c", `"$0" --input-type=module -e "$1" & echo $!; kill -STOP $$`, process.execPath, script], { stdio: ["ignore", "pipe", "inherit"] });
    const pid = await new Promise((resolve) => parent.stdout.once("data", (text) => resolve(Number(text))));
    const state = () => readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /su, "")[0];
    while (state() !== "Z") await new Promise((resolve) => setTimeout(resolve, 20));
    const claim = await fileStore(path).claim();
    assert.equal(claim.fence, 2);
    await claim.release();
    parent.kill("SIGKILL");
  });

  it("never gives one fence to two of six processes that race for it", async () => {
    const path = folder();
    const script = `const { fileStore } = await import(${JSON.stringify(pathToFileURL(join(installed, "dist/entry/node.js")).href)});
      for (let claims = 0; claims < 8; ) {
        try { const claim = await fileStore(${JSON.stringify(path)}).claim(); console.log(claim.fence); claims += 1; await claim.commit({ checkpoint: new Uint8Array(9), log: new Uint8Array(), logBytes: 0, rejections: [] }); await claim.release(); }
        catch (error) { if (error.code !== "run_in_progress") throw error; }
      }`;
    const fences = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
        let told = "";
        child.stdout.setEncoding("utf8").on("data", (text) => (told += text));
        assert.equal(await new Promise((resolve) => child.once("close", resolve)), 0);
        return told.trim().split("\n").filter(Boolean).map(Number);
      }),
    );
    const all = fences.flat();
    assert.equal(all.length, 48);
    assert.equal(new Set(all).size, all.length);
    for (const own of fences) assert.deepEqual(own, [...own].sort((one, other) => one - other));
  });

  it("says when a state is damaged, and leaves it as it is", async () => {
    const path = folder();
    const first = await fileStore(path).claim();
    await first.commit(commitOf("one"));
    await first.release();
    writeFileSync(join(path, "state.1"), "{");
    await assert.rejects(fileStore(path).claim(), { code: "state_unreadable", category: "checkpoint" });
    assert.equal(readFileSync(join(path, "state.1"), "utf8"), "{");
  });
});

/** A store in memory that fails as told. */
function memoryStore(outcomes = () => "stored") {
  let commits = 0;
  const kept = { log: new Uint8Array(), rejections: [] };
  return {
    kept,
    claim: async () => ({
      fence: 1,
      ...(kept.checkpoint ? { run: { checkpoint: kept.checkpoint, log: kept.log } } : {}),
      ...(kept.last ? { last: kept.last } : {}),
      async commit({ checkpoint, log, logBytes, rejections }) {
        commits += 1;
        const outcome = outcomes(commits);
        if (outcome === "fails") throw new Error("the disk is full");
        if (outcome === "stored") {
          const whole = new Uint8Array(logBytes);
          whole.set(kept.log.subarray(0, logBytes - log.byteLength));
          whole.set(log, logBytes - log.byteLength);
          Object.assign(kept, { checkpoint, log: whole, rejections: [...kept.rejections, ...rejections] });
        }
        return outcome;
      },
      crashed: async () => undefined,
      end: async () => Object.assign(kept, { last: kept.checkpoint, checkpoint: undefined, log: new Uint8Array() }),
      release: async () => undefined,
    }),
  };
}

const KEY = "sixteen characters and more";
const definition = { version: 1, host: HOST, list: 4, mapping: { email: "EMail", firstName: "Name" } };
const csv = (count, name = "Ann") => new TextEncoder().encode(`EMail,Name\n${Array.from({ length: count }, (_, row) => `person${row}@example.net,${name}\n`).join("")}`);

/** Runs against one sandbox on a clock of its own; `posts` are the imports that went out. */
function setUp() {
  const { sandbox, host, connection, sent, now } = world();
  const run = async (store, source, more = {}) => {
    const { summary } = await exportAll({ connection, definition, source, host: { ...host, ...more }, checkpoints: { store, key: KEY } });
    return summary;
  };
  return { sandbox, host, run, now, posts: () => sent.filter(({ method }) => method === "POST") };
}

describe("a run over a store", () => {
  it("sends nothing when its first state cannot be stored", async () => {
    const { posts, run } = setUp();
    const summary = await run(memoryStore(() => "fails"), csv(600));
    assert.deepEqual([summary.result, summary.stop.code, summary.stop.category, summary.stop.retryHelps], ["blocked", "state_not_stored", "checkpoint", true]);
    assert.equal(posts().length, 0);
  });

  it("goes on when storing works again", async () => {
    const { posts, run, sandbox } = setUp();
    const store = memoryStore((commit) => (commit >= 4 && commit < 8 ? "fails" : "stored"));
    const first = await run(store, csv(1_500));
    assert.equal(first.stop?.code, "state_not_stored");
    const second = await run(store, csv(1_500));
    assert.deepEqual([second.result, second.read, second.delivered], ["succeeded", 1_500, 1_500]);
    assert.ok(posts().length >= 6);
    assert.equal(sandbox.account.contacts.filter(({ email }) => email.endsWith("@example.net")).length, 1_500);
  });

  it("outlasts a store that fails now and then", async () => {
    const { run } = setUp();
    const summary = await run(memoryStore((commit) => (commit % 2 === 0 ? "fails" : "stored")), csv(600));
    assert.deepEqual([summary.result, summary.delivered], ["succeeded", 600]);
  });

  it("sends nothing more once another owner holds it", async () => {
    const { posts, run } = setUp();
    const summary = await run(memoryStore((commit) => (commit > 2 ? "taken_over" : "stored")), csv(5_000));
    assert.deepEqual([summary.result, summary.stop.code, summary.stop.retryHelps], ["blocked", "taken_over", false]);
    const sent = posts().length;
    assert.ok(sent > 0 && sent < 20, `${sent} posts`);
  });

  it("refuses a short key, another key, and a state that was changed", async () => {
    const { run } = setUp();
    const store = memoryStore((commit) => (commit > 3 ? "fails" : "stored"));
    assert.throws(() => exportSegment({ connection: { apiKey: "k" }, definition, source: csv(1), checkpoints: { store, key: "short" } }), { code: "state_key" });
    await run(store, csv(900));
    const whole = store.kept.checkpoint;
    store.kept.checkpoint = whole.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
    assert.equal((await run(store, csv(900))).stop.code, "checkpoint_forged");
    store.kept.checkpoint = whole.subarray(0, whole.length - 1);
    assert.equal((await run(store, csv(900))).stop.code, "checkpoint_unreadable");
    store.kept.checkpoint = whole.map((byte, at) => (at === 4 ? 99 : byte));
    assert.equal((await run(store, csv(900))).stop.code, "checkpoint_newer");
    store.kept.checkpoint = whole;
    assert.equal((await run(store, csv(901))).stop.code, "checkpoint_other_source");
    assert.equal((await run(store, csv(900, "Bob"))).stop.code, "source_changed");
  });

  it("waits before the next run when something of the last may still be on its way", async () => {
    const { run, host, posts, now } = setUp();
    const store = memoryStore();
    let lost;
    const summary = await run(store, csv(300), {
      async fetch(url, init) {
        if (init.method === "POST" && lost === undefined) {
          lost = now();
          throw new TypeError("fetch failed");
        }
        return host.fetch(url, init);
      },
    });
    assert.deepEqual([summary.result, summary.resent], ["succeeded", 250]);
    const before = posts().length;
    const next = await run(store, csv(300, "Bob"));
    assert.equal(next.result, "succeeded");
    const pause = posts()[before].at - lost;
    assert.ok(pause >= 600_000 && pause < 660_000, `${pause} ms`);
  });

  it("waits for nothing when the last run left nothing open", async () => {
    const { run, posts, now } = setUp();
    const store = memoryStore();
    await run(store, csv(300));
    const [before, ended] = [posts().length, now()];
    await run(store, csv(300, "Bob"));
    assert.ok(posts()[before].at - ended < 10_000);
  });
});
