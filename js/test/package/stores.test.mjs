// Every store that runs in Node keeps the one contract (test/store-suite.ts), SQLite's in a Node that has it; and what
// is special to each of them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { folders } from "../hosts/app/folders.mjs";
import { bundle } from "../kit/bundle.mjs";
import { nodeWithSqlite } from "../kit/newer-node.mjs";
import { api, installed } from "./helpers.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const bundled = await bundle(here("../kit/stores.ts"));
after(() => rmSync(bundled, { force: true }));
const { memoryPlaces, storeSuite } = await import(pathToFileURL(bundled).href);

/** Runs a script and gives what it prints; fails when it does. */
async function output(command, args) {
  const child = spawn(command, ["--disable-warning=ExperimentalWarning", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (told += text));
  assert.equal(await new Promise((resolve) => child.once("close", resolve)), 0);
  return told;
}

for (const store of [folders(api.fileStore), memoryPlaces(api)]) {
  describe(store.name, () => {
    for (const { name, run } of storeSuite(store)) it(name, run);
  });
}

test("sqliteStore keeps the contract", async (t) => {
  const outcomes = JSON.parse(await output(nodeWithSqlite(), [here("../kit/sqlite-stores.mjs"), installed, bundled]));
  assert.equal(outcomes.length, storeSuite(memoryPlaces(api)).length);
  for (const { name, failure } of outcomes) await t.test(name, () => assert.equal(failure, undefined));
});

/** Runs a script in a Node with SQLite; `sqliteStore` and the path of a database that is new are there. */
async function withSqlite(script) {
  const folder = mkdtempSync(join(tmpdir(), "acx-sqlite-"));
  try {
    const entry = pathToFileURL(join(installed, "dist", "entry", "node.js")).href;
    const path = join(folder, "runs.db");
    const head = `const { sqliteStore, sqlStore } = await import(${JSON.stringify(entry)}); const path = ${JSON.stringify(path)};
      const commitOf = (text, more = {}) => ({ checkpoint: new TextEncoder().encode(text), log: new Uint8Array(), logBytes: 0, rejections: [], ...more });`;
    return { told: await output(nodeWithSqlite(), ["--input-type=module", "-e", head + script]), mode: statSync(path).mode & 0o777 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("a file of SQLite", () => {
  it("is refused in words where there is no SQLite", async () => {
    const entry = pathToFileURL(join(installed, "dist", "entry", "node.js")).href;
    const script = `const { sqliteStore } = await import(${JSON.stringify(entry)});
      await sqliteStore("never.db", "run").claim().catch(({ name, code, category }) => console.log(JSON.stringify({ name, code, category })));`;
    const told = await output(nodeWithSqlite(), ["--no-experimental-sqlite", "--input-type=module", "-e", script]);
    assert.deepEqual(JSON.parse(told), { name: "ExportError", code: "sqlite_missing", category: "misuse" });
  });

  it("is made for its owner only", { skip: process.platform === "win32" }, async () => {
    assert.equal((await withSqlite(`await sqliteStore(path, "run").claim();`)).mode, 0o600);
  });

  it("adds to the log, and does not write it anew", async () => {
    const { told } = await withSqlite(`
      const { DatabaseSync } = await import("node:sqlite");
      const claim = await sqliteStore(path, "run").claim();
      const database = new DatabaseSync(path);
      const sizes = [];
      for (let at = 1; at <= 64; at += 1) {
        const before = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all() && 0;
        await claim.commit(commitOf("state " + at, { log: new Uint8Array(4096).fill(at), logBytes: 4096 * at }));
        sizes.push(database.prepare("PRAGMA wal_checkpoint(PASSIVE)").all()[0].log - before);
      }
      const blocks = database.prepare("SELECT max(length(bytes)) AS largest, sum(length(bytes)) AS whole FROM activecampaign_log").all()[0];
      console.log(JSON.stringify({ pages: Math.max(...sizes), ...blocks }));`);
    const { pages, largest, whole } = JSON.parse(told);
    assert.equal(whole, 64 * 4096);
    assert.ok(largest <= 65_536, `${largest} bytes in a row`);
    assert.ok(pages <= 16, `${pages} pages of 4 KiB written by one commit`);
  });

  it("splits what is too long for a row", async () => {
    const { told } = await withSqlite(`
      const { DatabaseSync } = await import("node:sqlite");
      const log = Uint8Array.from({ length: 200_000 }, (_, at) => at % 251);
      const claim = await sqliteStore(path, "run").claim();
      await claim.commit(commitOf("one", { log, logBytes: log.length }));
      await claim.commit(commitOf("two", { log: log.slice(100_000), logBytes: 200_000 }));
      await claim.release();
      const next = await sqliteStore(path, "run").claim();
      const lengths = new DatabaseSync(path).prepare("SELECT length(bytes) AS bytes FROM activecampaign_log ORDER BY start").all().map(({ bytes }) => bytes);
      console.log(JSON.stringify({ lengths, same: next.run.log.every((byte, at) => byte === log[at]) && next.run.log.length === log.length }));`);
    assert.deepEqual(JSON.parse(told), { lengths: [65_536, 34_464, 65_536, 34_464], same: true });
  });

  it("tells a damaged state from one that is not there, and leaves it as it is", async () => {
    const { told } = await withSqlite(`
      const { DatabaseSync } = await import("node:sqlite");
      const codes = [];
      const database = new DatabaseSync(path);
      const damages = ["DELETE FROM activecampaign_log WHERE start = 0", "UPDATE activecampaign_state SET log_bytes = 9", "DELETE FROM activecampaign_rejected", "UPDATE activecampaign_state SET checkpoint = 'text'"];
      for (const [number, damage] of damages.entries()) {
        const name = "run " + number;
        const claim = await sqliteStore(path, name).claim();
        await claim.commit(commitOf("one", { log: new Uint8Array(8), logBytes: 8, rejections: [{ row: 1 }] }));
        await claim.release();
        database.exec(damage + (damage.includes("WHERE") ? " AND" : " WHERE") + " name = '" + name + "'");
        for (const _ of [1, 2]) await sqliteStore(path, name).claim().catch((error) => codes.push(error.code));
        const anew = await sqliteStore(path, name, { restart: true }).claim();
        codes.push(anew.run === undefined && anew.givenUp ? "anew" : "not anew");
      }
      console.log(JSON.stringify(codes));`);
    assert.deepEqual(JSON.parse(told), Array.from({ length: 4 }, () => ["state_unreadable", "state_unreadable", "anew"]).flat());
  });

  it("is not stored before the disk has it, and is one commit when that is asked twice", async () => {
    const { told } = await withSqlite(`
      const { DatabaseSync } = await import("node:sqlite");
      const database = new DatabaseSync(path);
      let syncs = 0, broken = false;
      const sql = {
        exec: (text, ...values) => database.prepare(text).all(...values),
        transaction(work) { database.exec("BEGIN"); try { const done = work(); database.exec("COMMIT"); return done; } catch (error) { database.exec("ROLLBACK"); throw error; } },
        async sync() { syncs += 1; if (broken) throw new Error("the disk is gone"); },
      };
      const store = sqlStore(sql, "run");
      const claim = await store.claim();
      broken = true;
      const one = commitOf("one", { log: new Uint8Array(8), logBytes: 8, rejections: [{ row: 1 }] });
      const first = await claim.commit(one).catch((error) => error.message);
      broken = false;
      const before = syncs;
      const second = await claim.commit(one);
      let rows = 0;
      for await (const _ of store.rejections()) rows += 1;
      console.log(JSON.stringify({ first, second, asked: syncs - before, rows }));`);
    assert.deepEqual(JSON.parse(told), { first: "the disk is gone", second: "stored", asked: 1, rows: 1 });
  });

  it("never gives one fence to two of six processes that race for it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "acx-sqlite-"));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const entry = pathToFileURL(join(installed, "dist", "entry", "node.js")).href;
    const script = `const { sqliteStore } = await import(${JSON.stringify(entry)});
      const store = sqliteStore(${JSON.stringify(join(folder, "runs.db"))}, "run");
      for (let claims = 0; claims < 8; ) {
        try { const claim = await store.claim(); console.log(claim.fence); claims += 1; await claim.commit({ checkpoint: new Uint8Array([claim.fence]), log: new Uint8Array(), logBytes: 0, rejections: [] }); await claim.release(); }
        catch (error) { if (error.code !== "run_in_progress") throw error; }
      }`;
    const told = await Promise.all(Array.from({ length: 6 }, () => output(nodeWithSqlite(), ["--input-type=module", "-e", script])));
    const fences = told.map((text) => text.trim().split("\n").map(Number));
    const all = fences.flat();
    assert.equal(all.length, 48);
    assert.equal(new Set(all).size, all.length);
    for (const own of fences) assert.deepEqual(own, [...own].sort((one, other) => one - other));
  });
});

test("a name that is none is refused, and so is a lease", () => {
  const sql = { exec: () => [], transaction: (work) => work() };
  for (const name of ["", undefined, "n".repeat(201)]) assert.throws(() => api.sqlStore(sql, name), { code: "store_name" });
  for (const leaseMillis of [0, -1, 1.5, Number.NaN]) assert.throws(() => api.memoryStore({ leaseMillis }), { code: "lease" });
});
