// What a run of 200,000 profiles writes, which Cloudflare counts: rows of both objects' databases, and alarms. The README
// gives these figures ("Rows written"); what exceeds them by a tenth makes it wrong.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { edge, exportTo, follow, people, serveSandbox } from "./edge.mjs";

const PROFILES = 200_000;
const README = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const figure = (pattern) => Number(pattern.exec(README)?.[1].replaceAll(",", ""));

const WORKER = `
import { AccountObject as Account, ExportObject as Export, exportWorker } from "activecampaign-export/cloudflare";
const counts = { rows: 0, alarms: 0 };
const counted = (state) => new Proxy(state, { get: (of, name) => {
  if (name === "storage") return storageOf(of.storage);
  return typeof of[name] === "function" ? of[name].bind(of) : of[name];
} });
const storageOf = (storage) => new Proxy(storage, { get: (of, name) => {
  if (name === "sql") return { exec: (...given) => {
    const cursor = of.sql.exec(...given);
    counts.rows += cursor.rowsWritten;
    return cursor;
  } };
  if (name === "setAlarm") counts.alarms += 1;
  return typeof of[name] === "function" ? of[name].bind(of) : of[name];
} });
export class ExportObject extends Export { speed = SPEED; constructor(state, bindings) { super(counted(state), bindings); } }
export class AccountObject extends Account { speed = SPEED; constructor(state, bindings) { super(counted(state), bindings); } }
const inner = exportWorker({ exports: (bindings) => JSON.parse(bindings.DEFINED) });
export default { fetch: async (request, bindings) => new URL(request.url).pathname === "/counts" ? Response.json(counts) : inner.fetch(request, bindings) };`;

test("a run writes as many rows as the README says", { timeout: 280_000 }, async (t) => {
  const sandbox = await serveSandbox({ port: 0, speed: 60 });
  const worker = await edge({ rows: exportTo(sandbox, { r2: "rows.csv" }) }, { KEY: sandbox.key }, { speed: 60, worker: WORKER });
  t.after(async () => {
    await worker.end();
    await sandbox.close();
  });
  await worker.put("rows.csv", people("rows", PROFILES));
  await worker.start("rows");
  const told = await follow(worker, "rows");
  assert.equal(told.at(-1).progress.delivered, PROFILES);
  const { rows, alarms } = await (await worker.call("/counts")).json();
  t.diagnostic(`${rows} rows, ${alarms} alarms, ${told.at(-1).slices} slices`);
  const [stated, statedAlarms] = [figure(/wrote ([\d,]+) rows in both objects/u), figure(/and set ([\d,]+) alarms/u)];
  assert.ok(rows > 0 && rows <= stated * 1.1, `${rows} rows, the README says ${stated}`);
  assert.ok(alarms > 0 && alarms <= statedAlarms * 1.1, `${alarms} alarms, the README says ${statedAlarms}`);
});
