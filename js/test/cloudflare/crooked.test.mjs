// Exports come from a deployer's code, which nothing checks: one that is none, or that JSON cannot carry, is refused by itself
// and holds up no other.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { addresses, edge, exportTo, follow, held, people, serveSandbox } from "./edge.mjs";

const WORKER = `
import { AccountObject as Account, ExportObject as Export, exportWorker } from "activecampaign-export/cloudflare";
export class ExportObject extends Export { speed = SPEED; }
export class AccountObject extends Account { speed = SPEED; }
export default exportWorker({ exports: (bindings) => {
  const { good, last } = JSON.parse(bindings.DEFINED);
  const itself = {};
  itself.itself = itself;
  return {
    none: null,
    left: undefined,
    text: "an export",
    big: { ...good, definition: { ...good.definition, list: 4n } },
    elsewhere: { ...good, connection: { ...good.connection, host: "other.api-us1.com", more: 4n } },
    ".": { ...good, source: { r2: "dot.csv" } },
    "..": { ...good, source: { r2: "dot.csv" } },
    "\\ud800": { ...good, source: { r2: "dot.csv" } },
    round: { ...good, source: itself },
    good,
    last,
  };
} });
`;

describe("crooked exports", () => {
  let sandbox;
  let worker;

  before(async () => {
    sandbox = await serveSandbox({ port: 0, speed: 60 });
    const exports = Object.fromEntries(["good", "last"].map((name) => [name, { ...exportTo(sandbox, { r2: `${name}.csv` }), cron: "0 7 * * *" }]));
    worker = await edge(exports, { KEY: sandbox.key }, { worker: WORKER });
  });
  after(async () => {
    await worker?.end();
    await sandbox?.close();
  });

  it("do not keep the cron from starting those that are right", async () => {
    for (const name of ["good", "last"]) await worker.put(`${name}.csv`, people(name, 10));
    assert.equal(await worker.fire("0 7 * * *", 1_795_600_000_000), 200);
    for (const name of ["good", "last"]) {
      assert.equal((await follow(worker, name)).at(-1).result, "succeeded", name);
      assert.deepEqual(held(sandbox, name), addresses(name, 10));
    }
  });

  it("with names that no address can hold are started by nobody", async () => {
    await worker.put("dot.csv", people("dot", 10));
    assert.equal(await worker.fire("0 7 * * *", 1_795_600_060_000), 200);
    // They come first in the same request.
    for (const name of ["good", "last"]) await follow(worker, name);
    assert.deepEqual(held(sandbox, "dot"), []);
    assert.equal((await worker.start("%2E")).http, 404);
  });

  it("are refused by name when they are started, and when a file comes for them", async () => {
    for (const name of ["none", "left", "text"]) {
      const { http, code, detail } = await worker.start(name);
      assert.deepEqual([http, code], [422, "settings"], name);
      assert.match(detail, /no definition, connection or source/u);
      assert.equal((await worker.call(`/exports/${name}/source`, { method: "PUT", body: "x" })).status, 422, name);
    }
    for (const [name, path] of [["big", "definition"], ["elsewhere", "connection"], ["round", "source"]]) {
      const { http, code, issues, remedy } = await worker.start(name);
      assert.deepEqual([http, code, issues?.map((issue) => [issue.path, issue.code])], [422, "settings", [[path, "not_json"]]], name);
      assert.ok(remedy.includes(path), remedy);
      assert.equal((await worker.status(name)).status, "never_run");
    }
  });
});
