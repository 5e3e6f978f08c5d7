// Microsoft's 5,000 sample customers go through the packed package into the sandbox; then every contact there is
// compared with the file, field by field. What is expected is computed here, from the file alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertHeld, definition, FILE, phoneOf, readRows } from "../kit/contoso.mjs";
import { api, exportAll, world } from "./helpers.mjs";

test("every Contoso customer arrives as the file has it", async () => {
  const { sandbox, host, connection, sent } = world();
  const source = api.fileSource(FILE);
  const { summary, rejections } = await exportAll({ connection, definition, source, host });
  const rows = readRows();

  assert.equal(rows.length, 5000);
  assert.equal(summary.result, "succeeded");
  assert.deepEqual(rejections, []);
  assert.equal(summary.read, 5000);
  assert.equal(summary.delivered, 5000);
  assert.equal(summary.batches, 20);
  assert.equal(summary.resent, 0);

  for (const row of rows) {
    const contact = assertHeld(sandbox.account, row);
    assert.equal(contact.imports.length, 1, row.ContactId);
  }
  const unusable = rows.filter((row) => row.Telephone !== "" && phoneOf(row.Telephone) === "").length;
  const phones = summary.omissions.find(({ target }) => target === "phone");
  assert.equal(phones.count, unusable);
  assert.equal(sandbox.account.automationRuns, 0);

  const imports = sent.filter(({ path }) => path === "/api/3/import/bulk_import");
  assert.ok(imports.every(({ body }) => body.byteLength <= 399_999));
  assert.ok(imports.every(({ body }) => JSON.parse(new TextDecoder().decode(body)).exclude_automations === true));
});

test("a consent column holds customers back", async () => {
  const { sandbox, host, connection } = world();
  const mapping = { ...definition.mapping, consent: "Email Subscriber" };
  const { summary } = await exportAll({ connection, definition: { ...definition, mapping }, source: api.fileSource(FILE), host });
  const rows = readRows();
  const yes = rows.filter((row) => row["Email Subscriber"] === "Yes");
  assert.equal(summary.delivered, yes.length);
  assert.equal(summary.excluded, rows.length - yes.length);
  for (const row of rows) {
    assert.equal(sandbox.account.contact(row.EMail.toLowerCase()) !== undefined, row["Email Subscriber"] === "Yes", row.ContactId);
  }
});
