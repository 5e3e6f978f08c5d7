// Killed at random moments, parent and workerd together, an export goes on by its alarms alone: no request is sent after a
// restart. In the end the account holds the source but for what was rejected, and every rejected row is told once.
//   EDGE_ROUNDS=10 EDGE_KILLS=20 EDGE_SEED=7 node --test js/test/cloudflare/kill.test.mjs
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { addresses, exportTo, held, people, serveSandbox, TOKEN, workerdOf } from "./edge.mjs";

const SPEED = 60;
const PROFILES = 100_000;
/** Every such profile has no address. */
const BAD = 977;
const KILLS = Number(process.env.EDGE_KILLS ?? 10);
const ROUNDS = Number(process.env.EDGE_ROUNDS ?? 1);
const SEED = Number(process.env.EDGE_SEED ?? Date.now() % 100_000);

/** A number from 0 to 1, the same for the same seed. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

class Worker {
  constructor(settings) {
    this.settings = settings;
  }

  async begin() {
    const args = [fileURLToPath(new URL("process.mjs", import.meta.url)), JSON.stringify(this.settings)];
    this.child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(this.child.stdout, "data");
    this.url = String(line).trim();
    this.workerd = workerdOf(this.child.pid);
    assert.ok(this.workerd, "the worker runs in workerd");
  }

  async kill() {
    const gone = once(this.child, "exit");
    // An orphan would hold the files and go on by itself.
    process.kill(this.workerd, "SIGKILL");
    this.child.kill("SIGKILL");
    await gone;
    while (isAlive(this.workerd)) await sleep(5);
  }

  async call(path, init = {}) {
    return fetch(new URL(path, this.url), { ...init, headers: { authorization: `Bearer ${TOKEN}` } });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function round(seed) {
  const random = randomFrom(seed);
  const folder = mkdtempSync(join(tmpdir(), "acx-edge-"));
  const sandbox = await serveSandbox({ port: 0, speed: SPEED });
  const worker = new Worker({ exports: { big: exportTo(sandbox, { upload: true }) }, secrets: { KEY: sandbox.key }, speed: SPEED, folder });
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
