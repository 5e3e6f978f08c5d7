// The command over a run that somebody else has taken over, whose state is gone, or whose segment is mostly wrong.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { account, activeIn, cli, definition, flat, HEADER, people, place, start } from "./helpers.mjs";

const run = (served, more = []) => ["run", "-d", "export.json", "-s", "segment.csv", "--sandbox", served.url, "--state", "kept", ...more];

const imports = ({ sandbox }) => sandbox.account.requests.filter(({ method, path }) => method === "POST" && path.endsWith("bulk_import")).length;

/** Waits until something holds of what others do. */
async function until(holds, what) {
  const end = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((wait) => setTimeout(wait, 20));
  }
}

/** Lets an owner look as if it had not shown itself for so many seconds. */
function age(folder, seconds) {
  const owner = readdirSync(folder).filter((name) => name.startsWith("owner.")).sort().at(-1);
  const then = new Date(Date.now() - seconds * 1_000);
  utimesSync(join(folder, owner), then, then);
}

/** Waits until a run has stored all that it has said: what it has not, a run that goes on must send again. */
async function stored(folder) {
  const look = () => {
    const names = readdirSync(folder).filter((name) => !name.startsWith("owner."));
    return JSON.stringify(names.map((name) => [name, statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs]));
  };
  let [before, looks] = ["", 0];
  await until(() => {
    const now = look();
    looks = now === before ? looks + 1 : 0;
    before = now;
    return looks > 15;
  }, "a state at rest");
}

const PROFILES = 2_000;
/** Longer than any test lasts. */
const NEVER = 4_000_000;

const requests = ({ sandbox }) => sandbox.account.requests;

/** How often an import wrote each contact of the segment. */
const writes = ({ sandbox }) => sandbox.account.contacts.filter(({ email }) => email.endsWith("@example.net")).map(({ imports: all }) => all.length);

/**
 * Waits until a run, whose key was refused once and which pauses for it, has heard the last of what was on its way: then
 * nothing is, and the rest is still to be sent.
 */
async function paused(served) {
  await until(() => requests(served).some(({ status }) => status === 403), "a refusal");
  let before;
  await until(() => {
    const [now, same] = [requests(served).length, requests(served).length === before?.count];
    if (!same) before = { count: now, looks: 0 };
    before.looks += 1;
    return before.looks > 15;
  }, "a pause");
}

describe("an owner that slept past its lease", { skip: process.platform === "win32" && "there is no SIGSTOP" }, () => {
  it("sends nothing more once it wakes, and says that the run was taken over", async () => {
    const served = await account({ knobs: { faults: [{ kind: "forbidden", on: "import", nth: 4 }] } });
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(PROFILES) });
    const before = activeIn(served);
    const first = start(run(served), { cwd });
    await paused(served);
    first.child.kill("SIGSTOP");
    try {
      assert.ok(imports(served) < PROFILES / 250, "it has something left to send");
      const early = await cli(run(served), { cwd });
      assert.equal(early.code, 1, early.stderr);
      assert.match(flat(early.stderr), new RegExp(`Process ${first.child.pid} is working on this run`, "iu"));

      age(join(cwd, "kept"), 160);
      const second = await cli(run(served, ["--json"]), { cwd });
      assert.equal(second.code, 0, second.stderr);
      const { result, read, delivered, unverified } = JSON.parse(second.stdout);
      assert.deepEqual({ result, read, delivered, unverified }, { result: "succeeded", read: PROFILES, delivered: PROFILES, unverified: 0 });
    } finally {
      first.child.kill("SIGCONT");
    }
    const [sent, written] = [imports(served), writes(served)];
    const { code, signal, stdout, stderr } = await first.done;
    assert.equal(imports(served), sent, "it has sent something");
    assert.deepEqual([code, signal], [1, null], stderr);
    assert.match(flat(stderr), /taken this run over; this one sends nothing more/u);
    assert.doesNotMatch(flat(stdout + stderr), /Done in|Finished in/u);
    assert.equal(activeIn(served) - before, PROFILES);
    assert.deepEqual([written.length, written.every((times) => times === 1)], [PROFILES, true]);
    assert.deepEqual(writes(served), written);
    // Going on with it is what the other one did: there is nothing left for whoever reads this.
    assert.doesNotMatch(flat(stderr), /the same command goes on with it/u);
  });

  it("does not spoil the run that goes on, nor the one after it", async () => {
    const served = await account({ knobs: { completedAfterMillis: 160_000 } });
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(600) });
    const first = start(run(served), { cwd });
    await first.says("importing what it has taken");
    await stored(join(cwd, "kept"));
    first.child.kill("SIGSTOP");
    let second;
    try {
      age(join(cwd, "kept"), 160);
      second = start(run(served), { cwd });
      await second.says("importing what it has taken");
    } finally {
      first.child.kill("SIGCONT");
    }
    // Both hear of the outcome; only one may write it down.
    const [one, other] = await Promise.all([first.done, second.done]);
    assert.deepEqual([one.code, other.code], [1, 0], one.stderr + other.stderr);
    assert.deepEqual(writes(served), Array(600).fill(1));
    served.sandbox.knobs.completedAfterMillis = 6_000;
    const third = await cli(run(served, ["--json"]), { cwd });
    assert.equal(third.code, 0, third.stderr);
    assert.deepEqual(writes(served), Array(600).fill(2), "a run of its own");
  });
});

describe("a run whose folder is gone", () => {
  it("begins anew, and does not say that it goes on", async () => {
    const served = await account({ knobs: { completedAfterMillis: NEVER } });
    const cwd = place({ "export.json": definition(), "segment.csv": `${HEADER}X,Ann,nobody,\n${people(700)}` });
    const first = start(run(served), { cwd });
    await first.says("importing what it has taken");
    first.child.kill("SIGKILL");
    await first.done;
    rmSync(join(cwd, "kept"), { recursive: true });
    served.sandbox.knobs.completedAfterMillis = 6_000;
    const second = await cli(run(served), { cwd });
    assert.equal(second.code, 3, second.stderr);
    assert.doesNotMatch(flat(second.stderr), /Going on/u);
    assert.match(flat(second.stdout), /700 of 701 profiles were delivered/u);
    assert.match(readFileSync(join(cwd, "segment.rejected.csv"), "utf8"), /email_no_at/u);
  });

  it("does not begin anew over one that is damaged, and leaves it", async () => {
    const served = await account({ knobs: { completedAfterMillis: NEVER } });
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(700) });
    const first = start(run(served), { cwd });
    await first.says("importing what it has taken");
    first.child.kill("SIGKILL");
    await first.done;
    const state = join(cwd, "kept", "state.1");
    const damaged = readFileSync(state, "utf8").slice(0, -40);
    writeFileSync(state, damaged);
    const sent = imports(served);
    const second = await cli(run(served), { cwd });
    assert.equal(second.code, 1, second.stderr);
    assert.match(flat(second.stderr), /stored state of this run is damaged/u);
    assert.match(flat(second.stderr), /Whoever keeps the run's stored state/u);
    assert.doesNotMatch(flat(second.stdout), /Done|Finished/u);
    assert.equal(readFileSync(state, "utf8"), damaged);
    assert.equal(imports(served), sent);
  });
});

describe("a segment that is mostly wrong", () => {
  const wrong = Array.from({ length: 5_000 }, (_, row) => `C${row},Ann,${row % 2 === 0 ? "nobody" : `person${row}@example.net`},\n`).join("");

  it("stops early where the definition says so, and names the rule", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition({ maxRejectedPercent: 10 }), "segment.csv": HEADER + wrong });
    const { code, stderr, stdout } = await cli(run(served), { cwd });
    // Nobody mends it by starting the same command again.
    assert.equal(code, 2, stderr);
    const said = flat(stderr);
    assert.match(said, /profiles were rejected; the definition allows 10 %/u);
    assert.match(said, /email_no_at/u);
    assert.match(said, /Whoever owns the source segment.csv/u);
    assert.match(said, /maxRejectedPercent/u);
    assert.match(said, /Does not help before that/u);
    assert.doesNotMatch(flat(stdout), /Done|Finished/u);
    assert.ok(activeIn(served) < 2_000);
  });

  it("gives the same in JSON", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition({ maxRejectedPercent: 10 }), "segment.csv": HEADER + wrong });
    const { code, stdout } = await cli(run(served, ["--json"]), { cwd });
    assert.equal(code, 2);
    const summary = JSON.parse(stdout);
    assert.deepEqual([summary.result, summary.stop.code, summary.stop.category], ["blocked", "too_many_rejected", "source"]);
    assert.ok(summary.read < 5_000);
  });
});
