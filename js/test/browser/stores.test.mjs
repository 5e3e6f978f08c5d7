// The browser's store keeps the one contract (test/store-suite.ts) in a real Chromium, with Web Locks and without; and what
// is special to it: locks that die with their tabs, and states that outlive the browser.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launchChromium, openPage, startChromium } from "../kit/chromium.mjs";
import { api } from "../package/helpers.mjs";
import { recordsSuite } from "../service/records-suite.mjs";
import { serveApp } from "./helpers.mjs";

const app = (name) => fileURLToPath(new URL(`./app/${name}`, import.meta.url));
const INSECURE = "insecure.example";

let served;
let browser;
before(async () => {
  const barePage = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Bare</title><script type="module" src="/bare.js"></script></html>';
  served = await serveApp(
    { "main.js": app("stores.mjs"), "bare.js": app("bare.mjs"), "worker.js": app("worker.mjs"), "records.js": app("records.mjs") },
    {
      answer(path) {
        const body = { "/bare.html": barePage, "/records.html": barePage.replace("bare.js", "records.js") }[path];
        return body === undefined ? undefined : { status: 200, headers: { "content-type": "text/html" }, body };
      },
    },
  );
  browser = await launchChromium([`--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`]);
});
after(async () => {
  await browser?.close();
  await served?.close();
});

for (const host of ["127.0.0.1", INSECURE]) {
  test(`a store on a page at ${host} keeps the contract`, async (t) => {
    const { page, complaints } = await openPage(browser, served.origin.replace("127.0.0.1", host));
    await page.waitForFunction(() => globalThis.outcomes !== undefined);
    assert.equal(await page.evaluate(() => navigator.locks !== undefined), host === "127.0.0.1");
    const outcomes = await page.evaluate(() => globalThis.outcomes);
    assert.ok(outcomes.length >= 17);
    for (const { name, failure } of outcomes) await t.test(name, () => assert.equal(failure, undefined));
    assert.deepEqual(complaints, []);
    await page.close();
  });
}

/** A page with the package at hand. */
async function barePage(context = browser) {
  const page = await context.newPage();
  await page.goto(`${served.origin}/bare.html`);
  await page.waitForFunction(() => globalThis.api !== undefined);
  return page;
}

const claimIn = (page, name) =>
  page.evaluate(async (run) => {
    try {
      globalThis.claim = await api.indexedDbStore(run).claim();
      return { fence: claim.fence, ...(claim.run ? { text: new TextDecoder().decode(claim.run.checkpoint), log: claim.run.log.length } : {}) };
    } catch ({ code, message, remedy, retryHelps }) {
      return { code, message, remedy, retryHelps };
    }
  }, name);

describe("a run in the browser's database", () => {
  it("has one tab at a time, and goes on in another as soon as that one is closed", async () => {
    const context = await browser.newContext();
    const [one, other] = [await barePage(context), await barePage(context)];
    assert.deepEqual(await claimIn(one, "tabs"), { fence: 1 });
    await one.evaluate(() => claim.commit(commitOf("one", { log: new Uint8Array(9), logBytes: 9 })));
    const refused = await claimIn(other, "tabs");
    assert.deepEqual([refused.code, refused.retryHelps], ["run_in_progress", true]);
    assert.match(refused.message, /Another tab or worker/u);
    assert.deepEqual(await claimIn(other, "another run"), { fence: 1 });
    await one.close();
    // The browser frees the lock when it has taken the tab down, not before `close` resolves.
    await other.evaluate(async () => {
      while ((await navigator.locks.query()).held.some(({ name }) => name.endsWith(" tabs"))) await new Promise(requestAnimationFrame);
    });
    assert.deepEqual(await claimIn(other, "tabs"), { fence: 2, text: "one", log: 9 });
    await context.close();
  });

  it("is a worker's as well as a page's", async () => {
    const page = await barePage();
    assert.equal((await claimIn(page, "worker")).fence, 1);
    const told = () => page.evaluate(() => new Promise((resolve) => {
      const worker = new Worker("/worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
    }));
    assert.deepEqual(await told(), { code: "run_in_progress" });
    await page.evaluate(async () => {
      await claim.commit(commitOf("of the page"));
      await claim.release();
    });
    assert.deepEqual(await told(), { fence: 2, text: "of the page" });
    await page.close();
  });

  it("never gives one fence to two of four tabs that race for it", async () => {
    const context = await browser.newContext();
    const pages = await Promise.all([1, 2, 3, 4].map(() => barePage(context)));
    const fences = await Promise.all(pages.map((page) => page.evaluate(async () => {
      const own = [];
      while (own.length < 8) {
        try {
          const claim = await api.indexedDbStore("race").claim();
          own.push(claim.fence);
          await claim.commit(commitOf(`state ${claim.fence}`));
          await claim.release();
        } catch (error) {
          if (error.code !== "run_in_progress") throw error;
        }
      }
      return own;
    })));
    const all = fences.flat();
    assert.equal(all.length, 32);
    assert.equal(new Set(all).size, all.length);
    for (const own of fences) assert.deepEqual(own, [...own].sort((one, next) => one - next));
    await context.close();
  });

  it("adds blocks to its log, and cuts no block that it keeps", async () => {
    const page = await barePage();
    const blocks = await page.evaluate(async () => {
      const claim = await api.indexedDbStore("blocks").claim();
      // A view of a large buffer must not take all of it along.
      const large = new Uint8Array(1_000_000).fill(7);
      for (let at = 1; at <= 5; at += 1) await claim.commit(commitOf(`state ${at}`, { log: large.subarray(0, 4_096), logBytes: 4_096 * at }));
      await claim.commit(commitOf("cut", { log: large.subarray(0, 10), logBytes: 10_010 }));
      await claim.release();
      const database = await new Promise((resolve) => (indexedDB.open("activecampaign-export").onsuccess = ({ target }) => resolve(target.result)));
      const request = database.transaction("log").objectStore("log").getAll(IDBKeyRange.bound(["blocks", 0], ["blocks", Infinity]));
      return new Promise((resolve) => (request.onsuccess = () => resolve(request.result.map(({ length, buffer }) => [length, buffer.byteLength]))));
    });
    assert.deepEqual(blocks, [[4_096, 4_096], [4_096, 4_096], [1_808, 1_808], [10, 10]]);
    await page.close();
  });

  it("is there after the browser was killed, and is gone on with at once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "acx-browser-"));
    const started = [];
    const launch = async () => {
      started.push(await startChromium(folder));
      return started.at(-1);
    };
    try {
      const first = await launch();
      const page = await barePage(first.browser.contexts()[0]);
      await claimIn(page, "killed");
      await page.evaluate(() => claim.commit(commitOf("stored", { log: new Uint8Array(5), logBytes: 5, rejections: [{ row: 3 }] })));
      await first.kill();
      const second = await launch();
      const again = await barePage(second.browser.contexts()[0]);
      assert.deepEqual(await claimIn(again, "killed"), { fence: 2, text: "stored", log: 5 });
      assert.deepEqual(await again.evaluate(async () => {
        const rows = [];
        for await (const { row } of api.indexedDbStore("killed").rejections()) rows.push(row);
        return rows;
      }), [3]);
    } finally {
      await Promise.all(started.map(({ kill }) => kill()));
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    }
  });

  it("says when the browser has thrown the state away, and stores nothing", async () => {
    const page = await barePage();
    const failure = await page.evaluate(async () => {
      const claim = await api.indexedDbStore("evicted").claim();
      await claim.commit(commitOf("one"));
      await new Promise((resolve) => (indexedDB.deleteDatabase("activecampaign-export").onsuccess = resolve));
      const outcome = await claim.commit(commitOf("two")).catch(({ message }) => message);
      return [outcome, await api.indexedDbStore("evicted").unfinished()];
    });
    assert.deepEqual(failure, ["the browser has thrown away what was kept of the run", false]);
    await page.close();
  });

  it("is refused in words where there is no such database", async () => {
    assert.equal(globalThis.indexedDB, undefined);
    await assert.rejects(api.indexedDbStore("run").claim(), { name: "ExportError", code: "indexeddb_missing", category: "misuse" });
    assert.throws(() => api.indexedDbStore(""), { code: "store_name" });
  });
});

test("a service's records in the browser's database keep what every driver must", async (t) => {
  const page = await browser.newPage();
  await page.goto(`${served.origin}/records.html`);
  await page.waitForFunction(() => globalThis.recordOutcomes !== undefined);
  const outcomes = await page.evaluate(() => globalThis.recordOutcomes);
  assert.equal(outcomes.length, recordsSuite.length);
  for (const { name, failure } of outcomes) await t.test(name, () => assert.equal(failure, undefined));
  await page.close();
});

describe("a service's records in the browser's database", () => {
  it("are changed all or none, on the version that was read, and outlive the tab", async () => {
    const context = await browser.newContext();
    const one = await barePage(context);
    const first = await one.evaluate(async () => {
      const records = api.indexedDbRecords();
      const made = await records.commit([{ key: "a/1", value: { n: 1 }, version: 0 }, { key: "a/2", value: { n: 2 } }, { key: "b/1", value: { n: 3 } }]);
      // The second holds nothing back: the first change is on a version that is not there.
      const refused = await records.commit([{ key: "a/1", value: { n: 9 }, version: 7 }, { key: "b/1", value: undefined }]);
      const changed = await records.commit([{ key: "a/1", value: { n: 4 }, version: 1 }]);
      return { made, refused, changed };
    });
    assert.deepEqual(first, { made: true, refused: false, changed: true });
    await one.close();
    const other = await barePage(context);
    const kept = await other.evaluate(async () => {
      const records = api.indexedDbRecords();
      return { one: await records.get("a/1"), none: await records.get("a"), all: await records.list("a/"), last: await records.list("a/", { descending: true, limit: 1 }), after: await records.list("a/", { after: "a/1" }), other: await records.list("b/") };
    });
    const [a1, a2, b1] = [{ key: "a/1", version: 2, value: { n: 4 } }, { key: "a/2", version: 1, value: { n: 2 } }, { key: "b/1", version: 1, value: { n: 3 } }];
    assert.deepEqual(kept, { one: a1, none: undefined, all: [a1, a2], last: [a2], after: [a2], other: [b1] });
    await context.close();
  });
});
