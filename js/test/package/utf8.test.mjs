// The core of the package judges text by vector instructions, which native tests do not run: here TextDecoder is the
// judge, on letters of every length, whole and damaged, at every place of a block.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { api } from "./helpers.mjs";

const definition = { version: 1, host: "acme.api-us1.com", list: 4, mapping: { email: "E", firstName: "F" } };

const letters = ["a", "Zz9 -", "é", "Ж", "߿", "ࠀ", "花", "퟿", "\ue000", "\uffff", "\u{10000}", "\u{1f600}", "\u{10ffff}"];
const text = fc.array(fc.constantFrom(...letters), { maxLength: 60 }).map((parts) => Buffer.from(parts.join("")));
const damage = fc.option(fc.tuple(fc.nat(400), fc.integer({ min: 0x80, max: 0xff })), { freq: 3 });

function isUtf8(bytes) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

test("a row is refused exactly when it is not UTF-8", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(text, damage), { minLength: 1, maxLength: 40 }), async (rows) => {
      const names = rows.map(([whole, damaged]) => {
        const bytes = Buffer.from(whole);
        if (damaged && bytes.length > 0) bytes[damaged[0] % bytes.length] = damaged[1];
        return bytes;
      });
      const lines = names.map((name, row) => Buffer.concat([Buffer.from(`p${row}@example.com,`), name, Buffer.from("\n")]));
      const refused = [];
      const onRejections = (some) => refused.push(...some);
      const batches = api.encodeBatches({ definition, source: Buffer.concat([Buffer.from("E,F\n"), ...lines]), onRejections });
      const sent = [];
      for await (const { body } of batches) sent.push(...JSON.parse(Buffer.from(body).toString()).contacts);
      const bad = names.flatMap((name, row) => (isUtf8(name) ? [] : [row + 1]));
      assert.deepEqual(refused.map(({ row, rule }) => [row, rule]), bad.map((row) => [row, "invalid_utf8"]));
      const good = names.filter(isUtf8).map((name) => name.toString().trim());
      assert.deepEqual(sent.map((contact) => contact.first_name ?? ""), good);
    }),
    { numRuns: 300 },
  );
});
