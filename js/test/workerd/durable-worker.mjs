// A Durable Object that keeps runs in its own SQLite: it puts the store to the suite, and claims a run for a test.
import { DurableObject } from "cloudflare:workers";
import { sqlStore } from "activecampaign-export";
import { clockedPlace, runChecks, storeSuite } from "../kit/stores.js";

/** As the guide gives it. */
function durableStore(storage, name, options) {
  return sqlStore(
    {
      exec: (sql, ...values) => storage.sql.exec(sql, ...values).toArray(),
      transaction: (work) => storage.transactionSync(work),
      sync: () => storage.sync(),
    },
    name,
    options,
  );
}

const places = (storage) => ({
  name: "sqlStore in a Durable Object",
  async fresh() {
    const name = crypto.randomUUID();
    return clockedPlace((options) => durableStore(storage, name, options));
  },
});

export class Runs extends DurableObject {
  async suite() {
    return runChecks(storeSuite(places(this.ctx.storage)));
  }

  async commit(now) {
    const claim = await durableStore(this.ctx.storage, "kept", { now: () => now }).claim();
    const log = new Uint8Array(200_000).fill(7);
    await claim.commit({ checkpoint: new TextEncoder().encode("stored"), log, logBytes: log.length, rejections: [{ row: 3 }, { row: 5 }] });
    return claim.fence;
  }

  async load(now) {
    const store = durableStore(this.ctx.storage, "kept", { now: () => now });
    try {
      const { fence, run } = await store.claim();
      const rows = [];
      for await (const { row } of store.rejections()) rows.push(row);
      return { fence, text: new TextDecoder().decode(run.checkpoint), log: run.log.length, rows };
    } catch ({ code }) {
      return { code };
    }
  }
}

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const runs = env.RUNS.getByName("one");
    return Response.json(await runs[pathname.slice(1)](Number(searchParams.get("now"))));
  },
};
