// What every driver of the service's records must keep, put to a Durable Object's SQLite in workerd: each check in an object
// of its own.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { leaseSuite, recordsSuite } from "../service/records-suite.mjs";
import { app, deploy } from "./edge.mjs";

const suite = JSON.stringify(fileURLToPath(new URL("../service/records-suite.mjs", import.meta.url)));

const WORKER = `
import * as service from "activecampaign-export/cloudflare/service";
import { leaseSuite, recordsSuite } from ${suite};
const checks = [...recordsSuite, ...leaseSuite(service)];
export class Records {
  constructor({ storage }) {
    this.store = service.sqlRecords({ exec: (sql, ...values) => storage.sql.exec(sql, ...values).toArray(), transaction: (work) => storage.transactionSync(work), sync: () => storage.sync() });
  }
  async fetch(request) {
    const [, check] = checks[Number(new URL(request.url).pathname.slice(1))];
    try {
      await check(this.store);
      return new Response("kept");
    } catch (error) {
      return new Response(String(error?.stack ?? error));
    }
  }
}
export default { fetch: (request, { RECORDS }) => RECORDS.get(RECORDS.idFromName(new URL(request.url).pathname)).fetch(request) };`;

const edge = await deploy({ stdin: { contents: WORKER, resolveDir: app, loader: "js" } }, { compatibilityDate: "2026-04-01", durableObjects: { RECORDS: { className: "Records", useSQLite: true } } });
after(() => edge.end());

describe("records in a Durable Object", () => {
  for (const [at, [title]] of [...recordsSuite, ...leaseSuite({})].entries()) it(title, async () => assert.equal(await (await edge.call(`/${at}`)).text(), "kept"));
});
