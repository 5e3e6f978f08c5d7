// The command is killed with SIGKILL at random moments and started again, until it ends by itself. Then the account
// is compared with the source: nothing lost, nothing twice in the counts, every rejected row told exactly once.
// KILL_ROUNDS=50 does so fifty times; a round prints its seed when it fails.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { account, definition, HEADER, place, start } from "./helpers.mjs";

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 6);
/** Rounds at once: each is mostly waiting for its account. */
const AT_ONCE = 6;

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

/** Rows whose fates are decided as they are made: so many, with rejected ones and duplicates among them. */
function segment(random, count) {
  const rows = [];
  const good = new Map();
  for (let row = 1; row <= count; row += 1) {
    const dice = random();
    if (dice < 0.03) rows.push({ text: `C${row},Ann,nobody${row},\n`, fate: "email_no_at" });
    else if (dice < 0.05) rows.push({ text: `C${row},Ann,,\n`, fate: "email_missing" });
    else if (dice < 0.09 && good.size > 0) rows.push({ text: `C${row},Other,PERSON1@example.net,\n`, fate: "duplicate" });
    else {
      const email = good.size === 0 ? "person1@example.net" : `person${row}@example.net`;
      good.set(email, `Ann${row}`);
      rows.push({ text: `C${row},Ann${row},${email},+4917012345${String(row % 100).padStart(2, "0")}\n`, fate: "good" });
    }
  }
  return { csv: HEADER + rows.map(({ text }) => text).join(""), rows, good };
}

async function round(seed) {
  const random = randomFrom(seed);
  const { csv, rows, good } = segment(random, 400 + Math.floor(random() * 1_600));
  const served = await account({ speed: 20 });
  const folder = place({ "export.json": definition(), "segment.csv": csv });
  const args = ["run", "-d", "export.json", "-s", "segment.csv", "--sandbox", served.url, "--state", "kept", "--rejects", "rejected.csv", "--json"];
  const kills = 1 + Math.floor(random() * 5);
  let killed = 0;
  for (let tries = 0; ; tries += 1) {
    assert.ok(tries < 60, `seed ${seed}: it does not end`);
    const { child, done } = start(args, { cwd: folder });
    let timer;
    if (killed < kills) {
      // Most of a process's life is the wait for an outcome; its start and its sends deserve as many deaths.
      const after = random() < 0.5 ? 60 + random() * 900 : 300 + random() * 4_000;
      timer = setTimeout(() => child.kill("SIGKILL"), after);
    }
    const { code, signal, stdout, stderr } = await done;
    clearTimeout(timer);
    if (signal === "SIGKILL") {
      killed += 1;
      continue;
    }
    assert.equal(code, 3, `seed ${seed}, after ${killed} kills: ${stdout} ${stderr}`);
    compare(seed, { summary: JSON.parse(stdout), rows, good, folder, served });
    return killed;
  }
}

function compare(seed, { summary, rows, good, folder, served }) {
  const of = (fate) => rows.filter((row) => row.fate === fate).length;
  const at = `seed ${seed}: ${JSON.stringify(summary)}`;
  assert.equal(summary.result, "completed_with_rejections", at);
  assert.equal(summary.read, rows.length, at);
  assert.equal(summary.delivered, good.size, at);
  assert.equal(summary.duplicate, of("duplicate"), at);
  assert.equal(summary.rejected, of("email_no_at") + of("email_missing"), at);
  assert.equal(summary.pending + summary.queued + summary.unverified, 0, at);
  const held = served.sandbox.account.contacts.filter(({ email }) => email.endsWith("@example.net"));
  assert.deepEqual(new Map(held.map(({ email, firstName }) => [email, firstName])), good, at);
  const told = readFileSync(join(folder, "rejected.csv"), "utf8").trim().split("\n").slice(1).map((line) => line.replaceAll('"', "").split(","));
  const expected = rows.flatMap(({ fate }, index) => (fate === "good" ? [] : [`${index + 1} ${fate}`]));
  assert.deepEqual(told.map(([row, , , , , rule]) => `${row} ${rule}`), expected, at);
  assert.ok(existsSync(join(folder, "kept", "last")) && !existsSync(join(folder, "kept", "crashes")), at);
}

describe("a command that is killed", () => {
  it(`goes on until it is done, ${ROUNDS} times`, async () => {
    let next = 1;
    let kills = 0;
    const worker = async () => {
      while (next <= ROUNDS) {
        const killed = await round(next++);
        kills += killed;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    assert.ok(kills >= 2 * ROUNDS, `only ${kills} kills hit a living process`);
  });
});
