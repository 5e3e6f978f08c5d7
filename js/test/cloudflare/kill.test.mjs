// Killed at random moments, parent and workerd together, an export goes on by its alarms alone: no request is sent after a
// restart. In the end the account holds the source but for what was rejected, and every rejected row is told once.
//   EDGE_ROUNDS=10 EDGE_KILLS=20 EDGE_SEED=7 node --test js/test/cloudflare/kill.test.mjs
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { addresses, exportTo, held, people, serveSandbox, TOKEN } from "./edge.mjs";
import { Killable, randomFrom } from "./killable.mjs";

const SPEED = 60;
/** Enough that ten lives end before it is done, on a busy machine too. */
const PROFILES = 200_000;
/** Every such profile has no address. */
const BAD = 977;
const KILLS = Number(process.env.EDGE_KILLS ?? 10);
const ROUNDS = Number(process.env.EDGE_ROUNDS ?? 1);
const SEED = Number(process.env.EDGE_SEED ?? Date.now() % 100_000);

async function round(seed) {
  const random = randomFrom(seed);
  const folder = mkdtempSync(join(tmpdir(), "acx-edge-"));
  const sandbox = await serveSandbox({ port: 0, speed: SPEED });
  const worker = new Killable("process.mjs", { exports: { big: exportTo(sandbox, { upload: true }) }, secrets: { KEY: sandbox.key }, speed: SPEED, folder }, TOKEN);
  const expected = addresses("big", PROFILES, BAD);
  try {
    await worker.begin();
    assert.equal((await worker.call("/exports/big/source", { method: "PUT", body: people("big", PROFILES, BAD) })).status, 200);
    assert.equal((await worker.call("/exports/big/start", { method: "POST" })).status, 202);
    const begun = sandbox.sandbox.account.contactCount;
    const count = () => sandbox.sandbox.account.contactCount - begun;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      // By the work that is done, so that no life is spent waiting; then anywhere within the next moments.
      const before = count();
      while (count() === before) await sleep(20);
      await sleep(random() * 350);
      await worker.kill();
      assert.ok(count() < expected.length, `kill ${kill} was before the end`);
      await worker.begin();
    }
    while (count() < expected.length) await sleep(50);
    // Only now anything is asked.
    const events = await (await worker.call("/exports/big/progress")).text();
    const last = JSON.parse(events.trim().split("\n").at(-1).slice(6));
    assert.deepEqual([last.status, last.result], ["ended", "completed_with_rejections"]);
    const bad = Math.floor(PROFILES / BAD);
    const { read, delivered, rejected } = last.progress;
    assert.deepEqual([read, delivered, rejected], [PROFILES, PROFILES - bad, bad]);
    assert.deepEqual(held(sandbox, "big"), expected);
    const rows = (await (await worker.call("/exports/big/rejections")).text()).trim().split("\n").map((line) => JSON.parse(line).row);
    assert.deepEqual(rows, Array.from({ length: bad }, (_, index) => BAD * (index + 1)));
  } finally {
    await worker.kill().catch(() => undefined);
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

for (let index = 0; index < ROUNDS; index += 1) {
  test(`an export survives ${KILLS} kills of its worker, seed ${SEED + index}`, { timeout: 300_000 }, () => round(SEED + index));
}
