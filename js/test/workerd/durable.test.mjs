// A Durable Object's own SQLite keeps runs: the one contract (test/store-suite.ts) in workerd, and a state that is there
// after workerd has gone.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { bundled, start } from "./helpers.mjs";

const folder = mkdtempSync(join(tmpdir(), "acx-durable-"));
let modules;
let worker;

const startOver = () => start(modules, { durableObjects: { RUNS: { className: "Runs", useSQLite: true } }, durableObjectsPersist: folder });

before(async () => {
  modules = await bundled("durable-worker.mjs");
  worker = startOver();
});
after(async () => {
  await worker?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(path) {
  const response = await worker.dispatchFetch(`http://worker/${path}`);
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

test("a store in a Durable Object keeps the contract", async (t) => {
  const outcomes = await ask("suite");
  assert.ok(outcomes.length >= 17);
  for (const { name, failure } of outcomes) await t.test(name, () => assert.equal(failure, undefined));
});

test("a state is there after workerd has gone, and its owner's lease holds until it expires", async () => {
  assert.equal(await ask("commit?now=1000000"), 1);
  await worker.dispose();
  worker = startOver();
  assert.deepEqual(await ask("load?now=1149999"), { code: "run_in_progress" });
  assert.deepEqual(await ask("load?now=1150000"), { fence: 2, text: "stored", log: 200_000, rows: [3, 5] });
});
