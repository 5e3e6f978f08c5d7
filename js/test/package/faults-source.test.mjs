// Faults of the source: it throws, stalls, repeats itself, ends too soon, or holds profiles that nobody could send; and
// where a run that goes on begins to read.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { csv, defaultSeed, definition, exportAll, people } from "./helpers.mjs";
import { addresses, assertDone, cancelled, memoryStore, partsOf, timed, wrapped, written } from "./timed.mjs";

const PROFILES = 10_000;
const BYTES = people(PROFILES);

/** The bytes of a source, some at a time; what `at` gives for a place is done before the piece there is given. */
async function* pieces(bytes, at = () => undefined, size = 50_000) {
  for (let place = 0; place < bytes.length; place += size) {
    await at(place);
    yield bytes.subarray(place, place + size);
  }
}

/** Profiles as objects, as a page of some other system gives them. */
const objects = (from, to) => addresses(to).slice(from).map((EMail, index) => ({ EMail, First: `First${from + index}`, Last: "L", Phone: "" }));

/** A world, and what an export in it over a store of its own needs but its source. */
function kept(options) {
  const world = timed(options);
  const store = memoryStore();
  const { source: _, ...parts } = partsOf(world, definition(), 1, wrapped(store, world.time));
  return { world, store, parts };
}

describe("fault 43: a source that misbehaves", () => {
  const BROKEN = {
    "throws in its middle": () => pieces(BYTES, (place) => place >= 300_000 && Promise.reject(new Error("the disk is gone"))),
    "ends before its size": () => ({ data: BYTES.subarray(0, 300_000), sizeBytes: BYTES.length }),
    "ends before its size, in the middle of a cell": () => ({ data: pieces(BYTES.subarray(0, 299_987)), sizeBytes: BYTES.length }),
    "is a stream that breaks": () => new ReadableStream({ async pull(controller) { controller.enqueue(BYTES.subarray(0, 300_000)); await Promise.resolve(); controller.error(new Error("the stream is gone")); } }),
  };
  for (const [name, open] of Object.entries(BROKEN)) {
    it(`stops the run, which goes on once the source is whole: ${name}`, async () => {
      const { world, parts } = kept();
      const { summary } = await exportAll({ ...parts, source: open() });
      assert.deepEqual([summary.result, summary.stop.code, summary.stop.category, summary.stop.retryHelps], ["blocked", "source_failed", "source", true]);
      assert.ok(summary.read < PROFILES);
      assert.equal(summary.queued, 0);
      assert.equal(summary.delivered, written(world.sandbox, PROFILES)[1]);
      const second = (await exportAll({ ...parts, source: { data: BYTES, sizeBytes: BYTES.length } })).summary;
      assertDone(second, PROFILES);
      assert.deepEqual(written(world.sandbox, PROFILES), [0, PROFILES, 0]);
    });
  }

  it("stalls for ever: only a cancel ends the run, and it goes on from there", async () => {
    const { world, parts } = kept();
    const stalled = pieces(BYTES, (place) => place >= 300_000 && new Promise(() => undefined));
    const first = await cancelled({ ...parts, source: stalled }, ({ delivered, waiting }) => delivered > 3_000 && waiting === "source");
    assert.deepEqual([first.result, first.queued, first.stop], ["cancelled", 0, undefined]);
    assert.equal(first.delivered, written(world.sandbox, PROFILES)[1]);
    assertDone((await exportAll({ ...parts, source: BYTES })).summary, PROFILES);
    assert.deepEqual(written(world.sandbox, PROFILES), [0, PROFILES, 0]);
  });

  it("repeats a page: its profiles are counted as duplicates, and delivered once", async () => {
    const { world, parts } = kept();
    async function* pages() {
      for (const from of [0, 1_000, 1_000, 2_000, 0, 3_000]) yield* objects(from, from + 1_000);
    }
    const { summary, rejections } = await exportAll({ ...parts, source: pages() });
    assert.deepEqual([summary.result, summary.read, summary.delivered, summary.duplicate, summary.rejected], ["succeeded", 6_000, 4_000, 2_000, 0]);
    assert.equal(rejections.filter(({ rule }) => rule === "duplicate").length, 2_000);
    assert.deepEqual(written(world.sandbox, 4_000), [0, 4_000, 0]);
  });

  it("repeats a page over a restart: still once", async () => {
    const { world, parts } = kept();
    async function* pages() {
      for (let from = 0; from < 8_000; from += 1_000) {
        yield* objects(from, from + 1_000);
        yield* objects(Math.max(0, from - 1_000), from);
      }
    }
    assert.equal((await cancelled({ ...parts, source: pages() }, ({ queued }) => queued > 2_500)).result, "cancelled");
    const { summary } = await exportAll({ ...parts, source: pages() });
    assert.deepEqual([summary.result, summary.read, summary.delivered, summary.duplicate], ["succeeded", 15_000, 8_000, 7_000]);
    assert.deepEqual(written(world.sandbox, 8_000), [0, 8_000, 0]);
  });

  it("is another one after a restart: nothing is sent of it", async () => {
    const { world, parts } = kept();
    assert.equal((await cancelled({ ...parts, source: pieces(BYTES) }, ({ queued }) => queued > 2_500)).result, "cancelled");
    const sent = world.imports().length;
    const shorter = (await exportAll({ ...parts, source: pieces(BYTES.subarray(0, 40_000)) })).summary;
    assert.equal(shorter.result, "blocked", JSON.stringify(shorter));
    assert.equal(shorter.stop.category === "source" || shorter.stop.category === "checkpoint", true, shorter.stop.code);
    assert.equal(world.imports().length, sent);
    assertDone((await exportAll({ ...parts, source: pieces(BYTES) })).summary, PROFILES);
  });
});

describe("where a run that goes on begins to read", () => {
  it("is a place that a function of it is given", async () => {
    const { world, parts } = kept();
    const asked = [];
    const data = (offset) => {
      asked.push(offset);
      return pieces(BYTES.subarray(offset));
    };
    const source = { data, sizeBytes: BYTES.length };
    for (const most of [2_500, 1_500]) assert.equal((await cancelled({ ...parts, source }, ({ queued }) => queued > most)).result, "cancelled");
    assertDone((await exportAll({ ...parts, source })).summary, PROFILES);
    assert.deepEqual(written(world.sandbox, PROFILES), [0, PROFILES, 0]);
    assert.equal(asked.length, 3);
    assert.equal(asked[0], 0);
    assert.ok(asked[1] > 0 && asked[2] > asked[1], String(asked));
    // A record's first byte stands behind a line break.
    for (const offset of asked.slice(1)) assert.equal(BYTES[offset - 1], 10);
  });

  for (const [name, open] of [["bytes", () => pieces(BYTES)], ["objects", () => objects(0, PROFILES).values()], ["a stream", () => new Blob([BYTES]).stream()]]) {
    it(`is passed over in a source that can only be read from its start: ${name}`, async () => {
      const { world, parts } = kept();
      assert.equal((await cancelled({ ...parts, source: open() }, ({ queued }) => queued > 2_500)).result, "cancelled");
      const { summary } = await exportAll({ ...parts, source: open() });
      assertDone(summary, PROFILES);
      assert.equal(summary.resent, 0);
      assert.deepEqual(written(world.sandbox, PROFILES), [0, PROFILES, 0]);
    });
  }

  it("is not found in a function that ignores what it is given: the run stops, and loses nobody", async () => {
    const { world, parts } = kept();
    const source = { data: () => pieces(BYTES), sizeBytes: BYTES.length };
    assert.equal((await cancelled({ ...parts, source }, ({ queued }) => queued > 2_500)).result, "cancelled");
    const { summary } = await exportAll({ ...parts, source });
    assert.equal(summary.result, "blocked", JSON.stringify(summary));
    assertDone((await exportAll({ ...parts, source: BYTES })).summary, PROFILES);
    assert.equal(written(world.sandbox, PROFILES)[0], 0);
  });
});

describe("faults 44 and 45: profiles that nobody could send", () => {
  const FIELDS = Array.from({ length: 9 }, (_, index) => ({ id: 100 + index, title: `Long ${index}`, type: "text" }));
  const seed = { ...defaultSeed(), fields: [...defaultSeed().fields, ...FIELDS] };
  const mapping = {
    fields: FIELDS.map(({ title }, index) => ({ field: title, column: `Long${index}` })),
    tags: [{ column: "Tags", separator: ";" }],
  };
  const long = (letters) => Object.fromEntries(FIELDS.map((_, index) => [`Long${index}`, "x".repeat(letters)]));
  const MILLION = 1_000_000;
  /** A rule for each profile that cannot be sent; the letters are what a source of objects or of CSV can hold. */
  const HOSTILE = {
    "a field of a million bytes": [{ Long0: "x".repeat(MILLION) }, "value_too_long"],
    "a record of two million bytes": [{ Long0: "x".repeat(2 * MILLION) }, "record_too_long"],
    "a million bytes that nothing maps": [{ Unmapped: "x".repeat(MILLION) }, undefined],
    "ten thousand tags": [{ Tags: Array.from({ length: 10_000 }, (_, tag) => tag.toString(36)).join(";") }, "too_many_tags"],
    "a NUL in the name": [{ First: "A\0da" }, "value_control"],
    "a NUL in the address": [{ EMail: "a\0da@example.com" }, /^(?:email_character|value_control)$/u],
    "a contact over the cap of one request": [long(50_000), "contact_too_large"],
    "a contact just below it": [long(44_000), undefined],
    "half of a surrogate pair": [{ First: "Ada \ud83d" }, "value_surrogate"],
    "the other half of one, in a tag": [{ Tags: "\ude00" }, "value_surrogate"],
    "both halves": [{ First: "Ada \ud83d\ude00" }, undefined],
  };
  const COLUMNS = ["EMail", "First", "Last", "Phone", "Tags", "Unmapped", ...FIELDS.map((_, index) => `Long${index}`)];
  const blank = Object.fromEntries(COLUMNS.map((name) => [name, ""]));
  const good = addresses(40).map((EMail) => ({ ...blank, EMail, First: "Ada" }));
  const cell = (value) => (/[",\n;]/u.test(value) ? `"${value}"` : value);
  const asCsv = (profiles) => csv(COLUMNS, ...profiles.map((profile) => COLUMNS.map((name) => cell(profile[name]))));

  for (const [name, [part, rule]] of Object.entries(HOSTILE)) {
    for (const kind of ["objects", "CSV"]) {
      // UTF-8 has no half pairs: an encoder writes a replacement character.
      if (kind === "CSV" && rule === "value_surrogate") continue;
      it(`${rule ? "rejects" : "sends"} ${name}, and sends the rest: ${kind}`, async () => {
        const { world, parts } = kept({ seed });
        const profiles = [...good.slice(0, 20), { ...blank, EMail: "hostile@example.com", ...part }, ...good.slice(20)];
        const source = kind === "objects" ? profiles : asCsv(profiles);
        const { summary, rejections } = await exportAll({ ...parts, definition: definition({}, mapping), source });
        const bad = rule === undefined ? 0 : 1;
        assert.deepEqual([summary.read, summary.delivered, summary.rejected, summary.unverified], [41, 41 - bad, bad, 0], JSON.stringify([summary.stop, summary.rejectedByRule]));
        assert.equal(rejections.length, bad);
        for (const rejection of rejections) {
          assert.equal(rejection.row, 21);
          assert.match(rejection.rule, rule instanceof RegExp ? rule : new RegExp(`^${rule}$`, "u"));
          assert.ok(JSON.stringify(rejection).length < 1_000, "the report is short");
        }
        assert.equal(written(world.sandbox, 40)[1], 40);
        assert.equal(world.sandbox.account.contact("hostile@example.com")?.imports.length ?? 0, 1 - bad);
      });
    }
  }

  it("takes a segment of nothing else to its end", async () => {
    const { world, parts } = kept({ seed });
    const profiles = Object.values(HOSTILE).filter(([, rule]) => rule !== undefined).map(([part], row) => ({ ...blank, EMail: `hostile${row}@example.com`, ...part }));
    const { summary } = await exportAll({ ...parts, definition: definition({}, mapping), source: profiles });
    assert.deepEqual([summary.result, summary.read, summary.rejected], ["completed_with_rejections", profiles.length, profiles.length]);
    assert.equal(world.imports().length, 0);
  });
});
