// Two hundred exports for twenty accounts side by side, started by one cron event. Each account answers 429 to whoever
// exceeds its limits. Ten exports that did not share its pace would ask ten times what it allows; sharing it, they are
// refused only where this machine brings two requests closer together than they were sent. Half of them reach the account
// by another name, so that nothing but the account's own object knows that it is the same.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { addresses, edge, exportTo, held, people, serveSandbox } from "./edge.mjs";

const ACCOUNTS = 20;
const EXPORTS = 200;
const PROFILES = 500;
/** Real time: a busy machine brings requests closer together than they were sent, the more so the faster the clock. */
const SPEED = 1;
const CRON = "0 6 * * *";

describe("two hundred exports for twenty accounts", () => {
  const sandboxes = [];
  let worker;
  before(async () => {
    for (let account = 0; account < ACCOUNTS; account += 1) sandboxes.push(await serveSandbox({ port: 0, speed: SPEED }));
    const exports = {};
    for (let index = 0; index < EXPORTS; index += 1) {
      const account = index % ACCOUNTS;
      const { url } = sandboxes[account];
      const sandbox = index % (2 * ACCOUNTS) < ACCOUNTS ? url : url.replace("127.0.0.1", "localhost");
      const definition = { host: `account${account}.api-us1.com` };
      exports[`e${index}`] = { ...exportTo({ url }, { r2: `e${index}.csv` }, { definition, connection: { key: `KEY${account}`, sandbox } }), cron: CRON };
    }
    worker = await edge(exports, Object.fromEntries(sandboxes.map(({ key }, account) => [`KEY${account}`, key])), { speed: SPEED });
    for (let index = 0; index < EXPORTS; index += 1) await worker.put(`e${index}.csv`, people(`e${index}x`, PROFILES));
  });
  after(async () => {
    await worker?.end();
    for (const sandbox of sandboxes) await sandbox.close();
  });

  it("all deliver, and no account is asked more than it allows", { timeout: 300_000 }, async () => {
    const fired = await worker.miniflare.dispatchFetch(`http://worker/cdn-cgi/handler/scheduled?cron=${encodeURIComponent(CRON)}`);
    assert.equal(fired.status, 200);
    for (let index = 0; index < EXPORTS; index += 1) {
      let status = await worker.status(`e${index}`);
      while (status.status !== "ended") {
        await sleep(200);
        status = await worker.status(`e${index}`);
      }
      assert.deepEqual([status.result, status.progress.delivered], ["succeeded", PROFILES], `e${index}: ${JSON.stringify(status.stop)}`);
    }
    for (const [account, sandbox] of sandboxes.entries()) {
      for (let index = account; index < EXPORTS; index += ACCOUNTS) assert.deepEqual(held(sandbox, `e${index}x`), addresses(`e${index}x`, PROFILES));
      const { requests } = sandbox.sandbox.account;
      // Ten exports, each with its look at the account, two imports and their outcomes: the log holds them all.
      assert.ok(requests.length >= 70 && requests.length < 1_000, `${requests.length} requests`);
      const refused = requests.filter(({ status }) => status === 429).length;
      assert.ok(refused <= requests.length / 20, `account ${account}: ${refused} of ${requests.length}`);
      assert.ok(requests.every(({ status }) => status === 200 || status === 429), `account ${account}`);
    }
  });
});
