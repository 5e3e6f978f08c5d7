// How streams of bodies live and end: beside one another, over a crash of the core, left early; and what their sources
// may give, of any size and shape. A process of its own, because a crash ends every run of its process.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { api, exportAll, world } from "./helpers.mjs";

const definition = { version: 1, host: "acme.api-us1.com", list: 4, mapping: { email: "E", firstName: "F" } };

const text = (name, rows) => `E,F\n${Array.from({ length: rows }, (_, row) => `${name}${row}@example.com,${name}\n`).join("")}`;
const bytes = (name, rows) => new TextEncoder().encode(text(name, rows));
const contactsOf = ({ body }) => JSON.parse(Buffer.from(body).toString()).contacts;

async function encode(source, more = {}) {
  const rejections = [];
  const batches = api.encodeBatches({ definition, source, reveal: true, onRejections: (some) => rejections.push(...some), ...more });
  const contacts = [];
  for await (const batch of batches) contacts.push(...contactsOf(batch));
  return { contacts, rejections, summary: await batches.summary };
}

const CRASH = { name: "ExportError", code: "core_crash", retryHelps: true };

/** A clock that throws in the middle of the core's work leaves the instance as a crash does. */
function crashing() {
  const { host, connection } = world();
  const now = () => {
    throw new RangeError("Maximum call stack size exceeded");
  };
  return exportAll({ connection, definition, source: bytes("crashing", 3), host: { ...host, now } });
}

describe("a crash of the core", () => {
  it("is one typed error, and the next call works", async () => {
    await assert.rejects(crashing(), CRASH);
    const { contacts } = await encode(bytes("a", 3));
    assert.equal(contacts.length, 3);
  });

  it("ends every stream of its process, and touches none of those begun afterwards", async () => {
    const older = api.encodeBatches({ definition, source: bytes("older", 1_000) })[Symbol.asyncIterator]();
    await older.next();
    await assert.rejects(crashing(), CRASH);
    // The same number stands for another encoder now.
    const younger = api.encodeBatches({ definition, source: bytes("younger", 1_000) })[Symbol.asyncIterator]();
    const contacts = [...contactsOf((await younger.next()).value)];
    await assert.rejects(older.next(), CRASH);
    const youngest = await encode(bytes("youngest", 1_000));
    for (let step = await younger.next(); !step.done; step = await younger.next()) contacts.push(...contactsOf(step.value));
    assert.equal(contacts.length, 1_000);
    assert.ok(contacts.every(({ first_name }) => first_name === "younger"));
    assert.ok(youngest.contacts.length === 1_000 && youngest.contacts.every(({ first_name }) => first_name === "youngest"));
  });

  it("ends every run, and none that begins afterwards", async () => {
    const { host, connection, sandbox } = world();
    const exported = (source) => exportAll({ connection, definition, source, host });
    const bystander = exported(bytes("by", 300));
    await assert.rejects(crashing(), CRASH);
    await assert.rejects(bystander, CRASH);
    const { summary } = await exported(bytes("by", 300));
    assert.deepEqual([summary.result, summary.delivered], ["succeeded", 300]);
    assert.equal(sandbox.account.contacts.filter(({ email }) => /^by\d+@/.test(email)).length, 300);
  });

  it("is no crash when the caller's own code throws such an error", async () => {
    const older = api.encodeBatches({ definition, source: bytes("older", 1_000) })[Symbol.asyncIterator]();
    await older.next();
    const seed = () => {
      throw new RangeError("no random bits");
    };
    await assert.rejects(encode(bytes("a", 3), { host: { seed } }), { name: "RangeError", message: "no random bits" });
    const { value } = await older.next();
    assert.equal(contactsOf(value).length, 250);
    await older.return();
  });
});

describe("a stream", () => {
  it("that is left early has no summary, and says so", async () => {
    const batches = api.encodeBatches({ definition, source: bytes("a", 1_000) });
    for await (const _ of batches) break;
    await assert.rejects(batches.summary, { code: "bodies_left", category: "misuse" });
  });

  it("is iterated over once", async () => {
    const batches = api.encodeBatches({ definition, source: bytes("a", 1) });
    for await (const _ of batches);
    assert.throws(() => batches[Symbol.asyncIterator](), { code: "begun_already" });
    assert.equal((await batches.summary).accepted, 1);
  });

  it("takes no option that it does not know, nor one of another type", () => {
    const source = bytes("a", 1);
    const refused = (more, message) => assert.throws(() => api.encodeBatches({ definition, source, ...more }), { code: "options", message });
    refused({ dedupe: false }, 'There is no option "dedupe".');
    refused({ deduplicate: "no" }, 'The option "deduplicate" must be of type boolean.');
    refused({ onRejections: [] }, 'The option "onRejections" must be of type function.');
    assert.throws(() => api.exportSegment({ definition, source, connection: {}, checkpoint: {} }), { code: "options", message: 'There is no option "checkpoint".' });
  });
});

describe("a source", () => {
  it("of one huge item is converted in pieces: what is told of its profiles does not pile up", async () => {
    const bad = `E,F\n${"x,\n".repeat(400_000)}`;
    for (const source of [[bad], [new TextEncoder().encode(bad)], new Blob([bad]), new Response(bad).body]) {
      let [most, told] = [0, 0];
      const onRejections = (some) => {
        most = Math.max(most, some.length);
        told += some.length;
      };
      await encode(source, { onRejections });
      assert.equal(told, 400_000);
      // A row is three bytes, a piece 256 KiB.
      assert.ok(most <= (256 * 1024) / 3 + 1, `${most} rejections at once`);
    }
  });

  it("of text may break it anywhere, within a letter of two halves too", async () => {

    const rows = `E,F\n${Array.from({ length: 40 }, (_, row) => `n${row}@example.com,a😀${row}\n`).join("")}`;

    const expected = (await encode(new TextEncoder().encode(rows))).contacts;
    assert.equal(expected[7].first_name, "a😀7");
    for (const length of [1, 2, 3, 7, 1_000]) {
      const items = Array.from({ length: Math.ceil(rows.length / length) }, (_, index) => rows.slice(index * length, (index + 1) * length));
      assert.deepEqual((await encode(items)).contacts, expected, `${length} letters an item`);
    }
  });

  it("of text with half a letter has that record rejected, and no other", async () => {
    const cells = ["a\ud83d", "b", "\ude00c", "d"];
    const rows = cells.map((cell, row) => `n${row}@example.com,${cell}\n`);
    for (const items of [[`E,F\n${rows.join("")}`], ["E,F\n", ...rows], ["E,F\nn0@example.com,a\ud83d", Buffer.from("\n"), ...rows.slice(1)]]) {
      const { contacts, rejections } = await encode(items);
      assert.deepEqual(contacts.map(({ email }) => email), ["n1@example.com", "n3@example.com"]);
      assert.deepEqual(rejections.map(({ row, rule }) => [row, rule]), [[1, "invalid_utf8"], [3, "invalid_utf8"]]);
    }
  });

  it("may be a stream of text or of objects", async () => {
    const objects = [{ E: "a@example.com", F: "Ada" }, { E: "b@example.com", F: "Bob" }];
    const expected = (await encode(objects)).contacts;
    assert.equal(expected.length, 2);
    assert.deepEqual((await encode(ReadableStream.from(objects))).contacts, expected);
    assert.deepEqual((await encode(ReadableStream.from(["E,F\na@example.com,Ada\n", "b@example.com,Bob\n"]))).contacts, expected);
  });

  it("of objects holds records: no maps, days or buffers", async () => {
    for (const item of [new Map([["E", "a@example.com"]]), new Date(0), new ArrayBuffer(8), new Set(), /x/]) {
      await assert.rejects(encode([item]), { code: "source_item" });
    }
    const taken = new Uint8Array(8);
    structuredClone(taken.buffer, { transfer: [taken.buffer] });
    await assert.rejects(encode([taken]), { name: "ExportError", code: "source_item", message: /no longer there/ });
    const self = { E: "a@example.com" };
    self.F = self;
    await assert.rejects(encode([self]), { code: "source_item", message: /holds itself/ });
  });

  it("begins with an object of a size that can be read", async () => {
    for (const source of [[{ E: "a@example.com", F: "x".repeat(2 ** 21) }], bytes("a", 0).subarray(0, 0)]) {
      const code = Array.isArray(source) ? "first_record_too_long" : "empty_source";
      await assert.rejects(encode(source), (error) => error.code === code && error.category === "source", code);
    }
  });

  it("of objects may hold bigint, first and last", async () => {
    const objects = Array.from({ length: 300 }, (_, row) => ({ E: `n${row}@example.com`, F: 12_345_678_901_234_567_890n + BigInt(row) }));
    const { contacts } = await encode(objects);
    assert.deepEqual(contacts.map(({ first_name }) => first_name), objects.map(({ F }) => String(F)));
  });

  it("of objects gives their own values, not what all objects were made to have", async () => {
    const objects = Array.from({ length: 300 }, (_, row) => (row % 2 ? { E: `n${row}@example.com` } : { E: `n${row}@example.com`, F: "own" }));
    Object.defineProperty(Object.prototype, "F", { value: "polluted", enumerable: true, configurable: true });
    try {
      const { contacts } = await encode(objects);
      assert.deepEqual(contacts.map(({ first_name }) => first_name), objects.map((object) => (Object.hasOwn(object, "F") ? "own" : undefined)));
    } finally {
      delete Object.prototype.F;
    }
  });
});

describe("readColumns", () => {
  it("of bytes one by one looks a few times, not once for each", async () => {
    const names = Array.from({ length: 4_000 }, (_, column) => `column ${column}`);
    const header = Buffer.from(`${names.join(",")}\n`);
    assert.deepEqual(await api.readColumns(Array.from(header, (byte) => Uint8Array.of(byte))), names);
  });
});
