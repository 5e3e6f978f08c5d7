// Objects cross into the core by their values, and where that is not safe as JSON. Here both ways must give the same
// bodies and rejections: the same objects once as objects and once as lines of JSON.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { api } from "./helpers.mjs";

const definition = {
  version: 1,
  host: "acme.api-us1.com",
  list: 4,
  mapping: {
    id: "Id",
    email: "E",
    firstName: "F",
    phone: "P",
    fields: [{ id: 1, column: "City" }, { id: 2, template: "{F} {City}" }],
    tags: [{ column: "constructor" }],
    consent: { column: "C" },
  },
};

async function encode(source, more = {}) {
  const rejections = [];
  const batches = api.encodeBatches({ definition, source, reveal: true, onRejections: (some) => rejections.push(...some), ...more });
  const bodies = [];
  for await (const { body, contacts, firstOrdinal } of batches) bodies.push([Buffer.from(body).toString(), contacts, firstOrdinal]);
  const counts = { ...(await batches.summary), wasmMemoryBytes: 0 };
  rejections.sort((a, b) => a.row - b.row);
  // Objects have rows, but no bytes of their own to count.
  for (const rejection of rejections) delete rejection.offset;
  return { bodies, rejections, counts };
}

/** Every column, so that the first objects name them all. */
const plain = (row) => ({ Id: `C${row}`, E: `p${row}@example.com`, F: "Ada", P: "+1 555 010 9999", City: "Paris", constructor: "gold", C: true });
const opening = Array.from({ length: 100 }, (_, row) => plain(row));

class Person {
  constructor(row) {
    Object.assign(this, plain(row));
  }
  get F() {
    return "inherited";
  }
  set F(_) {}
}

const strange = fc.oneof(
  fc.constantFrom(null, undefined, true, false, 0, -0, 1.5, 1e21, 1e-7, Number.NaN, Number.POSITIVE_INFINITY, "", " ", "\u001f", "a\u001fb", "\ud800", "x\udc00y", "😀", "\0", "\n", '"', "\\"),
  fc.constantFrom({}, [], [1], { a: 1 }, new Date(0), () => 1, Symbol("s"), new String("boxed")),
  fc.string({ unit: "binary", maxLength: 40 }),
);

const made = {
  own: (row, changes) => ({ ...plain(row), ...changes }),
  bare: (row, changes) => Object.assign(Object.create(null), plain(row), changes),
  person: (row, changes) => Object.assign(new Person(row), changes),
  json: (row, changes) => ({ ...plain(row), ...changes, toJSON: () => ({ ...plain(row), F: "by toJSON" }) }),
  inherited: (row, changes) => Object.assign(Object.create({ City: "inherited" }), { Id: `C${row}`, E: `p${row}@example.com`, C: true }, changes),
};

const objects = fc
  .array(fc.tuple(fc.constantFrom("own", "own", "own", "own", "bare", "person", "json", "inherited"), fc.dictionary(fc.constantFrom("Id", "E", "F", "P", "City", "constructor", "C", "Other"), strange, { maxKeys: 3 })), { maxLength: 700 })
  .map((list) => list.map(([kind, changes], row) => made[kind](100 + row, changes)));

const linesOf = (list) => Buffer.from(list.map((object) => `${JSON.stringify(object)}\n`).join(""));

test("objects are judged and written as their JSON is", async () => {
  await fc.assert(
    fc.asyncProperty(objects, async (list) => {
      const all = [...opening, ...list];
      const expected = await encode(linesOf(all));
      assert.deepEqual(await encode(all), expected);
      const later = async function* () {
        yield* all;
      };
      assert.deepEqual(await encode(later()), expected);
    }),
    { numRuns: 60 },
  );
});

test("an object that is used again and again is read when it is given", async () => {
  const all = Array.from({ length: 3000 }, (_, row) => ({ ...plain(row), City: row % 500 === 499 ? "a\u001fb" : `City ${row}` }));
  const again = function* () {
    const object = {};
    for (const each of all) yield Object.assign(object, each);
  };
  assert.deepEqual(await encode(again()), await encode(linesOf(all)));
});

test("long values, and more objects than one piece holds", async () => {
  const long = "x".repeat(60_000);
  const all = Array.from({ length: 1500 }, (_, row) => ({ ...plain(row), ...(row % 90 === 89 && { City: long }), ...(row % 400 === 399 && { F: long + long + long }) }));
  assert.deepEqual(await encode(all), await encode(linesOf(all)));
});

test("plain objects do not cross as JSON", async () => {
  // Counted where the way parts: an object that goes as JSON is asked for its toJSON and read by JSON.stringify.
  const { stringify } = JSON;
  let written = 0;
  JSON.stringify = (...values) => {
    if (values[0]?.E) written += 1;
    return stringify(...values);
  };
  try {
    // "constructor" is a column here, as an own key.
    await encode(Array.from({ length: 2000 }, (_, row) => plain(row)));
  } finally {
    JSON.stringify = stringify;
  }
  assert.equal(written, 100);
});

test("a size that the source states is that of its JSON", async () => {
  const all = Array.from({ length: 1500 }, (_, row) => plain(row));
  const lines = linesOf(all);
  assert.deepEqual(await encode({ data: all, sizeBytes: lines.byteLength }), await encode(lines));
  await assert.rejects(encode({ data: all, sizeBytes: lines.byteLength + 1 }), { code: "source_failed" });
});

test("without de-duplication every valid profile is packed and no address is remembered", async () => {
  const twice = [...opening, ...opening, ...opening];
  const { counts } = await encode(twice, { deduplicate: false });
  assert.deepEqual([counts.accepted, counts.duplicate], [300, 0]);
  const once = await encode(twice);
  assert.deepEqual([once.counts.accepted, once.counts.duplicate], [100, 200]);
});
