// `serve` is killed with SIGKILL at random moments during runs of several exports and started again, until all runs have
// ended. Then account, history and audit log are compared with the sources. KILL_ROUNDS=20 does so twenty times; a round
// that fails tells its seed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { caller, until } from "./client.mjs";
import { installed, place, serveSandbox, SPEED } from "./helpers.mjs";

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 2);
const EXPORTS = 3;
const KILLS = 4;
const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
const bin = join(installed, manifest.bin["activecampaign-export"]);

/** Numbers from 0 to 1 that a seed gives (mulberry32). */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Rows whose fates are decided as they are made. */
function segment(random, name, count) {
  const [rows, good, rejected] = [[], new Map(), { email_no_at: 0, email_missing: 0 }];
  for (let row = 0; row < count; row += 1) {
    const dice = random();
    const email = dice < 0.03 ? `${name}.nobody${row}` : dice < 0.06 ? "" : `${name}.${row}@example.net`;
    if (dice < 0.03) rejected.email_no_at += 1;
    else if (dice < 0.06) rejected.email_missing += 1;
    else good.set(email, `Ann ${row}`);
    rows.push(`${email},Ann ${row}\n`);
  }
  return { csv: `EMail,FirstName\n${rows.join("")}`, rows: count, good, rejected };
}

/** The command, until its service answers; its token where it tells one. */
async function start(args, cwd) {
  const child = spawn(process.execPath, [bin, "serve", ...args], { cwd, env: { ...process.env, NO_COLOR: "1" } });
  const told = { text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (told.text += text));
  const gone = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })));
  const dead = { is: false };
  void gone.then(() => (dead.is = true));
  await until("the start of the service", async () => (dead.is ? assert.fail(`it ended: ${told.text}`) : told.text), (text) => /listens on (\S+)/u.test(text));
  return { child, gone, told, url: /listens on (\S+)/u.exec(told.text)[1], token: /\bacx_\w[\w-]+/u.exec(told.text)?.[0] };
}

async function round(seed) {
  const random = randomFrom(seed);
  const served = await serveSandbox({ speed: SPEED });
  const [folder, sources] = [place(), place()];
  const args = ["--data", folder, "--sources", sources, "--sandbox", served.url];
  let running = await start(args, folder);
  try {
    const { token } = running;
    const admin = () => caller(running.url, token);
    const { privacyStatement } = await admin().read("/api/me");
    const made = [];
    for (let number = 0; number < EXPORTS; number += 1) {
      const name = `export${number}`;
      const data = segment(random, name, 300 + Math.floor(random() * 900));
      writeFileSync(join(sources, `${name}.csv`), data.csv);
      const source = await admin().make("/api/segments", { body: { name, source: { file: `${name}.csv` }, format: "csv" } });
      // Two share an account, and go one after another; the third has its own host.
      const connection = number === 1 ? made[0].connection : await admin().make("/api/connections", { body: { name, host: `account${number}.api-us1.com`, apiKey: served.key, consent: { agreed: true, version: privacyStatement.version } } });
      const { export: one } = await admin().make("/api/exports", { body: { name, connection: connection.id, list: 4, segments: [source.id], mapping: { email: "EMail", firstName: "FirstName" } } });
      made.push({ connection, one, data, run: await admin().start(`/api/exports/${one.id}/run`) });
    }
    const seen = [];
    const look = async () => {
      const { items } = await admin().read("/api/live");
      seen.push(items);
      return items;
    };
    for (let kill = 0; kill < KILLS; kill += 1) {
      // At a number of requests to the account that chance names: in the middle of sending, or of waiting.
      const from = served.sandbox.account.requestCount;
      const more = Math.floor(random() * 6);
      await until("requests to the account", async () => [await look(), served.sandbox.account.requestCount - from], ([items, requests]) => requests >= more || items.length === 0);
      running.child.kill("SIGKILL");
      assert.equal((await running.gone).signal, "SIGKILL");
      running = await start(args, folder);
      assert.equal(running.token, undefined, "a second first start");
    }
    await until("the end of all runs", look, (items) => items.length === 0);
    await compare({ admin: admin(), made, seen, served });
  } catch (error) {
    throw new Error(`seed ${seed}: ${error.message}\n${running.told.text}`, { cause: error });
  } finally {
    running.child.kill("SIGKILL");
    await running.gone;
    await served.close();
  }
}

async function compare({ admin, made, seen, served }) {
  const all = new Map(served.sandbox.account.contacts.map((contact) => [contact.email, contact]));
  for (const { one, data, run } of made) {
    const { items } = await admin.read(`/api/exports/${one.id}/runs`);
    assert.deepEqual(items.map(({ id }) => id), [run.id], "the history has the one run");
    const [{ status, progress, parts }] = items;
    const rejected = data.rejected.email_no_at + data.rejected.email_missing;
    assert.equal(status, rejected === 0 ? "successful" : "completed_with_rejections", JSON.stringify(items));
    assert.deepEqual([progress.read, progress.delivered, progress.rejected, progress.pending, progress.queued, progress.unverified], [data.rows, data.good.size, rejected, 0, 0, 0], JSON.stringify(progress));
    assert.deepEqual(parts[0].rejectedByRule ?? {}, Object.fromEntries(Object.entries(data.rejected).filter(([, count]) => count > 0)));
    const { text } = await admin.get(`/api/runs/${run.id}/rejections`);
    const rows = text.split("\n").filter(Boolean).map((line) => JSON.parse(line).row);
    assert.deepEqual([rows.length, new Set(rows).size], [rejected, rejected], "every rejected row once");
    const mine = [...all.values()].filter(({ email }) => email.startsWith(`${one.name}.`));
    assert.deepEqual(new Map(mine.map(({ email, firstName, lists }) => [email, `${firstName} ${lists[4]}`]).sort()), new Map([...data.good].map(([email, first]) => [email, `${first} active`]).sort()));
  }
  for (const live of seen) {
    const going = live.filter(({ status }) => status === "refreshing");
    for (const what of ["export", "host"]) assert.equal(new Set(going.map((run) => run[what])).size, going.length, `two at once: ${JSON.stringify(going)}`);
  }
  assert.deepEqual(await admin.read("/api/audit/check"), { whole: true });
}

// At once: each is mostly waiting for its account.
describe("serve, killed", { concurrency: 4 }, () => {
  const seeds = process.env.KILL_SEED === undefined ? Array.from({ length: ROUNDS }, () => Math.floor(Math.random() * 2 ** 32)) : [Number(process.env.KILL_SEED)];
  for (const [at, seed] of seeds.entries()) it(`loses nothing, does nothing twice and tells the truth (round ${at + 1} of ${seeds.length})`, () => round(seed));
});
