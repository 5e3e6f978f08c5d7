// Faults of what keeps a run: states that are damaged, gone, or stored without an answer; two owners; a cancelled run;
// thousands of rejected rows.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, it } from "node:test";
import { api, csv, definition, exportAll, installed } from "./helpers.mjs";
import { addresses, assertDone, cancelled, folder, memoryStore, partsOf, STATE_KEY, timed, wrapped, written } from "./timed.mjs";

const { fileStore } = await import(pathToFileURL(join(installed, "dist", "entry/node.js")).href);

const PROFILES = 10_000;

/** The first rows of `people`, and between them rows without an address; `bad` are the rows of those, from 1. */
function mixed(count, isBad) {
  const rows = addresses(count).map((email, row) => [isBad(row) ? "nobody" : email, "A", "B", ""]);
  const bad = rows.flatMap(([email], row) => (email === "nobody" ? [row + 1] : []));
  return { source: csv(["EMail", "First", "Last", "Phone"], ...rows), bad };
}

/** A run over a folder that was cancelled half way; every fourth row of its source is bad. */
async function halfDone() {
  const world = timed();
  const path = folder();
  const { source, bad } = mixed(PROFILES, (row) => row % 4 === 3);
  const parts = { ...partsOf(world, definition(), 1, wrapped(fileStore(path), world.time)), source };
  assert.equal((await cancelled(parts, ({ queued }) => queued > 3_000)).result, "cancelled");
  assert.ok(readdirSync(path).includes("state.1"));
  return { world, path, parts, bad };
}

/** The stored bytes of the first owner. */
const storedIn = (path) => Object.fromEntries(["state.1", "log.1", "rejected.1"].filter((name) => existsSync(join(path, name))).map((name) => [name, readFileSync(join(path, name), "hex")]));

/** The same rows; of thousands only the first that differs is told. */
function assertRows(told, expected) {
  const at = expected.findIndex((row, index) => told[index] !== row);
  if (at !== -1) assert.fail(`place ${at} holds row ${told[at]} instead of ${expected[at]}`);
  assert.equal(told.length, expected.length);
}

async function rows(store) {
  const told = [];
  for await (const { row } of store.rejections()) told.push(row);
  return told;
}

/** Flips one bit of the stored checkpoint. */
function flip(path) {
  const state = JSON.parse(readFileSync(join(path, "state.1"), "utf8"));
  const checkpoint = Buffer.from(state.checkpoint, "base64");
  checkpoint[Math.floor(checkpoint.length / 2)] ^= 16;
  writeFileSync(join(path, "state.1"), JSON.stringify({ ...state, checkpoint: checkpoint.toString("base64") }));
}

const half = (file) => truncateSync(file, Math.floor(statSync(file).size / 2));

describe("fault 33: a stored state that is damaged", () => {
  const DAMAGES = {
    "a bit of the checkpoint is another": flip,
    "the state is cut": (path) => half(join(path, "state.1")),
    "the state is empty": (path) => truncateSync(join(path, "state.1"), 0),
    "the log is cut": (path) => half(join(path, "log.1")),
    "the log is gone": (path) => rmSync(join(path, "log.1")),
    "the log holds other bytes": (path) => writeFileSync(join(path, "log.1"), Buffer.alloc(statSync(join(path, "log.1")).size, 7)),
    "the rejected rows are cut": (path) => half(join(path, "rejected.1")),
    "the rejected rows are gone": (path) => rmSync(join(path, "rejected.1")),
  };
  for (const [name, damage] of Object.entries(DAMAGES)) {
    it(`is refused, and left as it is: ${name}`, async () => {
      const { world, path, parts } = await halfDone();
      damage(path);
      const [before, sent] = [storedIn(path), world.imports().length];
      for (const _ of ["once", "again"]) {
        // A state that the driver cannot read is its error; one that the core cannot read is the run's stop.
        const stop = await exportAll(parts).then(({ summary }) => summary.stop ?? summary, (error) => error);
        assert.equal(stop.category, "checkpoint", `${stop.name} ${stop.code}: ${stop.message}`);
        assert.equal(stop.retryHelps, false);
        assert.ok(stop.remedy?.length > 10, stop.code);
        assert.deepEqual(storedIn(path), before);
      }
      assert.equal(world.imports().length, sent, "nothing is sent");
    });
  }

  for (const name of ["a bit of the checkpoint is another", "the state is cut", "the log is gone"]) {
    it(`is given up when that is asked for: ${name}`, async () => {
      const { world, path, parts, bad } = await halfDone();
      DAMAGES[name](path);
      const store = wrapped(fileStore(path, { restart: true }), world.time);
      const { summary } = await exportAll({ ...parts, checkpoints: { store, key: STATE_KEY } });
      assert.equal(summary.stop?.code, undefined, "giving a run up needs no state that can be read");
      assert.deepEqual([summary.read, summary.delivered, summary.rejected], [PROFILES, PROFILES - bad.length, bad.length]);
    });
  }
});

describe("fault 50: a stored state that is gone", () => {
  it("makes the next run a new one, whose counts are its own", async () => {
    const { world, path, parts, bad } = await halfDone();
    rmSync(path, { recursive: true });
    const run = api.exportSegment(parts);
    const told = [];
    for await (const event of run) told.push(event);
    const summary = await run.summary;
    const [first] = told.filter(({ type }) => type === "progress");
    assert.deepEqual([first.progress.delivered, first.progress.rejected], [0, 0], "nothing is done yet");
    assert.deepEqual([summary.result, summary.read, summary.delivered, summary.rejected], ["completed_with_rejections", PROFILES, PROFILES - bad.length, bad.length]);
    assertRows(told.flatMap(({ rejections = [] }) => rejections.map(({ row }) => row)), bad);
    assertRows(await rows(fileStore(path)), bad);
    const [never] = written(world.sandbox, PROFILES);
    assert.equal(never, bad.length);
  });

  it("does so for a store that has lost everything", async () => {
    const world = timed();
    const parts = partsOf(world, definition(), PROFILES, wrapped(memoryStore(), world.time));
    assert.equal((await cancelled(parts, ({ queued }) => queued > 3_000)).result, "cancelled");
    assertDone((await exportAll({ ...parts, checkpoints: { store: wrapped(memoryStore(), world.time), key: STATE_KEY } })).summary, PROFILES);
  });

  it("stops the run that it is taken from, and says so", async () => {
    const world = timed();
    const path = folder();
    let commits = 0;
    const before = () => {
      commits += 1;
      if (commits === 6) rmSync(path, { recursive: true });
    };
    const parts = partsOf(world, definition(), PROFILES, wrapped(fileStore(path), world.time, { before }));
    const { summary } = await exportAll(parts);
    assert.deepEqual([summary.result, summary.stop?.code, summary.stop?.category], ["blocked", "state_not_stored", "checkpoint"]);
    assert.ok(summary.delivered < PROFILES);
    assert.ok(world.imports().length < 20, `${world.imports().length} imports`);
  });

  for (const call of ["release", "end"]) {
    it(`never costs the summary of a run that could not ${call}`, async () => {
      const world = timed();
      const inner = wrapped(memoryStore(), world.time);
      const store = { claim: async () => ({ ...(await inner.claim()), [call]: () => Promise.reject(new Error("the disk is gone")) }) };
      const { summary } = await exportAll(partsOf(world, definition(), 600, store));
      assert.deepEqual([summary.read, summary.delivered], [600, 600]);
    });
  }
});

describe("fault 35: a state that is stored, and no answer says so", () => {
  /** Which commits lose their answer; a commit that comes again counts as one more. */
  const PATTERNS = {
    "every second one": (commit) => commit % 2 === 1,
    "the first of all": (commit) => commit === 1,
    "three times in a row": (commit) => commit % 4 !== 0,
  };
  /** Every state comes with rejected rows of its own. */
  const { source, bad } = mixed(6_000, (row) => row % 3 === 1);

  async function run(store) {
    const world = timed();
    const parts = (more) => ({ ...partsOf(world, definition(), 1, wrapped(store, world.time, more)), source });
    return { world, parts };
  }

  function losing(pattern) {
    let commits = 0;
    return {
      lost: () => commits,
      behind: () => {
        commits += 1;
        if (pattern(commits)) throw new Error("the answer was lost");
      },
    };
  }

  function assertOnce(summary, told, stored, world) {
    assert.deepEqual(
      [summary.result, summary.read, summary.delivered, summary.rejected, summary.unverified],
      ["completed_with_rejections", 6_000, 6_000 - bad.length, bad.length, 0],
    );
    assertRows(told.map(({ row }) => row), bad);
    assertRows(stored, bad);
    assert.deepEqual(written(world.sandbox, 6_000), [bad.length, 6_000 - bad.length, 0]);
  }

  for (const [name, pattern] of Object.entries(PATTERNS)) {
    it(`is sent again as it was, to a store in memory: ${name}`, async () => {
      const store = memoryStore();
      const { world, parts } = await run(store);
      const { summary, rejections } = await exportAll(parts(losing(pattern)));
      assertOnce(summary, rejections, store.kept.rejections.map(({ row }) => row), world);
      // What makes a retry harmless is that it is the same in every byte.
      const { commits } = store.kept;
      let again = 0;
      for (const [at, state] of commits.entries()) {
        if (at === 0 || Buffer.compare(commits[at - 1].checkpoint, state.checkpoint) !== 0) continue;
        again += 1;
        assert.deepEqual(state, commits[at - 1]);
      }
      assert.ok(again > 0, "no state came again");
    });

    it(`is stored once in a folder: ${name}`, async () => {
      const path = folder();
      const { world, parts } = await run(fileStore(path));
      const { summary, rejections } = await exportAll(parts(losing(pattern)));
      assertOnce(summary, rejections, await rows(fileStore(path)), world);
    });
  }

  it("is gone on with after the run gave up, nothing twice", async () => {
    const path = folder();
    const { world, parts } = await run(fileStore(path));
    const { summary } = await exportAll(parts(losing((commit) => commit >= 8)));
    assert.deepEqual([summary.result, summary.stop.code], ["blocked", "state_not_stored"]);
    const second = (await exportAll(parts())).summary;
    assert.deepEqual([second.result, second.read, second.delivered, second.rejected], ["completed_with_rejections", 6_000, 6_000 - bad.length, bad.length]);
    assertRows(await rows(fileStore(path)), bad);
    assert.equal(written(world.sandbox, 6_000)[0], bad.length);
  });
});

describe("fault 36: two starters at once", () => {
  it("run once; the other is told whose run it is", async () => {
    for (let time = 0; time < 10; time += 1) {
      const world = timed();
      const path = folder();
      const parts = partsOf(world, definition(), 1_000);
      const start = () => exportAll({ ...parts, checkpoints: { store: wrapped(fileStore(path), world.time), key: STATE_KEY } });
      const ends = await Promise.allSettled([start(), start(), start()]);
      const [done] = ends.filter(({ status }) => status === "fulfilled");
      const refused = ends.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
      assertDone(done.value.summary, 1_000);
      assert.equal(refused.length, 2);
      for (const error of refused) {
        assert.ok(error instanceof api.ExportError);
        assert.deepEqual([error.code, error.category, error.retryHelps], ["run_in_progress", "checkpoint", true]);
        assert.equal(error.message, `Process ${process.pid} is working on this run.`);
      }
      assert.deepEqual(written(world.sandbox, 1_000), [0, 1_000, 0]);
    }
  });
});

describe("fault 48: a run that is cancelled in its middle", () => {
  it("settles what is on its way, and the same call goes on to the end", async () => {
    for (const when of [({ queued }) => queued > 0, ({ queued }) => queued > 4_000, ({ delivered }) => delivered > 0]) {
      const world = timed();
      const path = folder();
      const parts = partsOf(world, definition(), PROFILES, wrapped(fileStore(path), world.time));
      const first = await cancelled(parts, when);
      assert.deepEqual([first.result, first.queued, first.unverified, first.stop], ["cancelled", 0, 0, undefined]);
      assert.ok(first.delivered > 0 && first.delivered < PROFILES, `${first.delivered} delivered`);
      assert.equal(first.delivered, written(world.sandbox, PROFILES)[1]);
      assert.equal(await fileStore(path).unfinished(), true);
      const second = (await exportAll(parts)).summary;
      assertDone(second, PROFILES);
      assert.equal(second.resent, 0);
      assert.deepEqual(written(world.sandbox, PROFILES), [0, PROFILES, 0]);
      assert.equal(await fileStore(path).unfinished(), false);
    }
  });
});

describe("fault 51: a source of which two fifths are bad", () => {
  it("is counted exactly, each bad row told once, and the state stays small", async () => {
    const world = timed();
    const path = folder();
    const { source, bad } = mixed(20_000, (row) => row % 5 < 2);
    let largest = 0;
    const before = ({ checkpoint }) => {
      largest = Math.max(largest, checkpoint.byteLength);
    };
    const parts = { ...partsOf(world, definition(), 1, wrapped(fileStore(path), world.time, { before })), source };
    // Over a restart as well: what one process told, the other does not tell again.
    assert.equal((await cancelled(parts, ({ queued }) => queued > 4_000)).result, "cancelled");
    const { summary } = await exportAll(parts);
    assert.equal(bad.length, 8_000);
    assert.deepEqual([summary.result, summary.read, summary.delivered, summary.rejected], ["completed_with_rejections", 20_000, 12_000, 8_000]);
    assert.deepEqual(summary.rejectedByRule, { email_no_at: 8_000 });
    assertRows(await rows(fileStore(path)), bad);
    assert.ok(largest > 0 && largest < 16_384, `${largest} bytes`);
  });
});
