// Killed at random moments, parent and workerd together, a service goes on by its alarms alone: no request is sent after a
// restart. In the end the account holds the source but for what was rejected, the run says so, and every row is told once.
//   EDGE_SERVICE_KILLS=10 EDGE_SEED=7 node --test js/test/cloudflare/service-kill.test.mjs
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { caller, ended } from "../service/client.mjs";
import { addresses, held, HOST, people, serveSandbox } from "./edge.mjs";
import { Killable, randomFrom } from "./killable.mjs";
import { ADMIN_TOKEN } from "./service-edge.mjs";

const SPEED = 60;
const KILLS = Number(process.env.EDGE_SERVICE_KILLS ?? 2);
const SEED = Number(process.env.EDGE_SEED ?? Date.now() % 100_000);
/** So many that the run outlives the kills: each comes within the next moments of it. */
const PROFILES = 15_000 * (KILLS + 2);
/** Every such profile has no address. */
const BAD = 977;

test(`a service survives ${KILLS} kills in the middle of a run of two segments, seed ${SEED}`, { timeout: 280_000 }, async () => {
  const random = randomFrom(SEED);
  const folder = mkdtempSync(join(tmpdir(), "acx-edge-"));
  const sandbox = await serveSandbox({ port: 0, speed: SPEED });
  const worker = new Killable("service-process.mjs", { sandbox: sandbox.url, speed: SPEED, folder }, ADMIN_TOKEN);
  const expected = addresses("big", PROFILES, BAD);
  try {
    await worker.begin();
    const at = () => caller(new URL(worker.url).origin, ADMIN_TOKEN);
    const admin = at();
    const { privacyStatement: { version } } = await admin.read("/api/me");
    const connection = await admin.make("/api/connections", { body: { name: "Main", host: HOST, apiKey: sandbox.key, consent: { agreed: true, version } } });
    const segments = [];
    for (const [name, csv] of [["Big", people("big", PROFILES, BAD)], ["Small", people("small", 100)]]) {
      const { id } = await admin.make("/api/segments", { body: { name, source: { upload: true }, format: "csv" } });
      await admin.must("PUT", 200)(`/api/segments/${id}/profiles`, { raw: csv, headers: { "content-type": "text/csv" } });
      segments.push(id);
    }
    const { export: one } = await admin.make("/api/exports", { body: { name: "Both", connection: connection.id, list: 4, segments, mapping: { email: "EMail", firstName: "First" } } });
    const begun = sandbox.sandbox.account.contactCount;
    const count = () => sandbox.sandbox.account.contactCount - begun;
    const run = await admin.start(`/api/exports/${one.id}/run`);
    for (let kill = 1; kill <= KILLS; kill += 1) {
      // By the work that is done, so that no life is spent waiting; the first one also before anything was sent.
      const before = count();
      while (kill > 1 && count() === before) await sleep(20);
      await sleep(random() * 350);
      await worker.kill();
      assert.ok(count() < expected.length, `kill ${kill} was before the end`);
      await worker.begin();
    }
    while (count() < expected.length + 100) await sleep(50);
    // Only now anything is asked.
    const { status, parts, progress } = await ended(at(), run);
    assert.deepEqual([status, parts.map(({ result }) => result)], ["completed_with_rejections", ["completed_with_rejections", "succeeded"]]);
    const bad = Math.floor(PROFILES / BAD);
    assert.deepEqual([progress.read, progress.delivered, progress.rejected], [PROFILES + 100, PROFILES + 100 - bad, bad]);
    assert.deepEqual(held(sandbox, "big"), expected);
    assert.deepEqual(held(sandbox, "small"), addresses("small", 100));
    const { text } = await at().get(`/api/runs/${run.id}/rejections`);
    assert.deepEqual(text.trimEnd().split("\n").map((line) => JSON.parse(line).row), Array.from({ length: bad }, (_, index) => BAD * (index + 1)));
    assert.deepEqual(await at().read("/api/audit/check"), { whole: true });
    assert.deepEqual((await at().read(`/api/exports/${one.id}/runs`)).items.map(({ id }) => id), [run.id]);
  } finally {
    await worker.kill().catch(() => undefined);
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
