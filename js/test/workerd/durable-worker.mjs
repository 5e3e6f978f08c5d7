// A Durable Object that keeps runs in its own SQLite: it puts the store to the suite, and claims a run for a test.
import { DurableObject } from "cloudflare:workers";
import { sqlStore } from "activecampaign-export";
import { runChecks, storeSuite } from "../kit/stores.js";

const EXPIRED_MILLIS = 151_000;

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

async function all(rejections) {
  const told = [];
  for await (const rejection of rejections) told.push(rejection);
  return told;
}

const underTest = (storage) => ({
  name: "sqlStore in a Durable Object",
  async fresh() {
    const name = crypto.randomUUID();
    let time = 1_000_000;
    const open = (options = {}) => durableStore(storage, name, { ...options, now: () => time });
    return {
      open: async (options) => open(options),
      expire: async () => void (time += EXPIRED_MILLIS),
      rejections: () => all(open().rejections()),
      close: async () => undefined,
    };
  },
});

export class Runs extends DurableObject {
  async suite() {
    return runChecks(storeSuite(underTest(this.ctx.storage)));
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
      return { fence, text: new TextDecoder().decode(run.checkpoint), log: run.log.length, rows: (await all(store.rejections())).map(({ row }) => row) };
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
