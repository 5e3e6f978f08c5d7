// What every driver of the service's records must keep, put to each of them: memory, what this Node has (libsql on Node 20),
// and the runtime's own SQLite in a Node that has one; and the lease, over racing processes.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { nodeWithSqlite } from "../kit/newer-node.mjs";
import { installed, place, service } from "./helpers.mjs";
import { leaseSuite, recordsSuite } from "./records-suite.mjs";

const own = fileURLToPath(new URL("records-process.mjs", import.meta.url));
const run = promisify(execFile);

for (const [name, make] of [
  ["memory", async () => service.memoryRecords()],
  ["the database of this Node", async () => service.sqlRecords(await service.openDatabase(join(place(), "records.db")))],
]) {
  describe(`records in ${name}`, () => {
    for (const [title, check] of [...recordsSuite, ...leaseSuite(service)]) it(title, async () => check(await make()));
  });
}

describe("records in node:sqlite", () => {
  it("keep every promise", async () => {
    const { stdout } = await run(nodeWithSqlite(), ["--no-warnings", own, installed, "suite", join(place(), "records.db")]);
    const results = JSON.parse(stdout);
    assert.deepEqual(results.filter(({ error }) => error !== undefined), []);
    assert.equal(results.length, recordsSuite.length + leaseSuite(service).length);
  });
});

for (const [name, node, more] of [["the database of this Node", () => process.execPath, []], ["node:sqlite", nodeWithSqlite, ["--no-warnings"]]]) {
  describe(`processes that race, in ${name}`, () => {
    it("no counter loses an addition, and no two owners share a fence", async () => {
      const path = join(place(), "records.db");
      const [processes, additions] = [6, 40];
      const told = await Promise.all(Array.from({ length: processes }, (_, at) => run(node(), [...more, own, installed, "race", path, `owner ${at}`, String(additions)])));
      const results = told.map(({ stdout }) => JSON.parse(stdout));
      assert.equal(Math.max(...results.map(({ counter }) => counter)), processes * additions);
      const fences = results.flatMap((result) => result.fences);
      assert.ok(fences.length > 0);
      assert.equal(new Set(fences).size, fences.length);
    });
  });
}
