// What the core's memory takes, counted in bytes of WebAssembly: it never shrinks, so the end shows the most. A process
// of its own for this file keeps other tests' memory out of it; the smaller use comes first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api } from "./helpers.mjs";

const definition = { version: 1, host: "acme.api-us1.com", list: 4, mapping: { email: "E", firstName: "F", fields: [{ id: 1, column: "City" }] } };

/** So many profiles, each with an address of its own, in chunks of some thousand rows. */
function* source(rows) {
  yield "E,F,City\n";
  let text = "";
  for (let row = 0; row < rows; row++) {
    text += `person.${row}@mail.example.com,Ada ${row},Ljubljana\n`;
    if (text.length > 250_000) {
      yield text;
      text = "";
    }
  }
  yield text;
}

async function memoryOf(rows, more) {
  const batches = api.encodeBatches({ definition, source: source(rows), reuseBody: true, ...more });
  for await (const _ of batches);
  const { accepted, wasmMemoryBytes } = await batches.summary;
  assert.equal(accepted, rows);
  return wasmMemoryBytes;
}

test("a template that would be huge is refused before it is built", async () => {
  const template = { ...definition, mapping: { email: "E", fields: [{ id: 1, template: "{F}".repeat(3_000) }] } };
  const batches = api.encodeBatches({ definition: template, source: [`E,F\na@example.com,${"x".repeat(60_000)}\n`] });
  for await (const _ of batches);
  const { rejectedByRule, wasmMemoryBytes } = await batches.summary;
  assert.deepEqual(rejectedByRule, { value_too_long: 1 });
  assert.ok(wasmMemoryBytes <= 4_000_000, `${wasmMemoryBytes} bytes`);
});

test("without de-duplication memory is the same whatever the size", async () => {
  const small = await memoryOf(100_000, { deduplicate: false });
  const large = await memoryOf(1_000_000, { deduplicate: false });
  assert.ok(large <= 4_000_000, `${large} bytes`);
  // Room that bodies of the longer rows need; nothing that grows with their number.
  assert.ok(large - small <= 8 * 65_536, `${small} bytes, then ${large}`);
});

test("a million addresses take 24 MB", async () => {
  const bytes = await memoryOf(1_000_000);
  assert.ok(bytes <= 24_000_000, `${bytes} bytes`);
});
