// Microsoft's 5,000 sample customers go through the packed package into the sandbox; then every contact there is
// compared with the file, field by field. What is expected is computed here, from the file alone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { api, exportAll, world } from "./helpers.mjs";

const FILE = fileURLToPath(new URL("../../../tests/data/contoso/contacts.csv", import.meta.url));
const LIST = 4;
const POINTS = 1;
const SINCE = 4;

const definition = {
  version: 1,
  name: "Contoso",
  list: LIST,
  mapping: {
    id: "ContactId",
    email: "EMail",
    firstName: "FirstName",
    lastName: "LastName",
    phone: "Telephone",
    fields: [
      { field: "Loyalty points", column: "Income" },
      { field: "Customer since", column: "CreatedOn", dateOrder: "mdy" },
    ],
    tags: [{ column: "Loyalty Tier", prefix: "tier: " }],
  },
};

/** The file is plain: no quotes, no empty lines (its README says so, and this checks it). */
function readFile() {
  const text = readFileSync(FILE, "utf8");
  assert.ok(!text.includes('"'));
  const [header, ...lines] = text.trimEnd().split("\n");
  const names = header.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, index) => [names[index], cell])));
}

/** By hand: digits only, a leading 00 is a plus, 7 to 15 digits; anything else that is no separator spoils it. */
function phoneOf(text) {
  if (!/^[\d\s().+/-]*$/.test(text)) return "";
  const tidy = text.replace(/[\s()./-]/g, "").replace(/^00/, "+");
  return /^\+?\d{7,15}$/.test(tidy) ? tidy : "";
}

function dayOf(text) {
  const [month, day, year] = text.split("/");
  return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}

test("every Contoso customer arrives as the file has it", async () => {
  const { sandbox, host, connection, sent } = world();
  const source = api.fileSource(FILE);
  const { summary, rejections } = await exportAll({ connection, definition, source, host });
  const rows = readFile();

  assert.equal(rows.length, 5000);
  assert.equal(summary.result, "succeeded");
  assert.deepEqual(rejections, []);
  assert.equal(summary.read, 5000);
  assert.equal(summary.delivered, 5000);
  assert.equal(summary.batches, 20);
  assert.equal(summary.resent, 0);

  for (const row of rows) {
    const contact = sandbox.account.contact(row.EMail.toLowerCase());
    assert.ok(contact, row.ContactId);
    assert.equal(contact.firstName, row.FirstName, row.ContactId);
    assert.equal(contact.lastName, row.LastName, row.ContactId);
    assert.equal(contact.phone, phoneOf(row.Telephone), row.ContactId);
    assert.equal(contact.fields[POINTS], row.Income, row.ContactId);
    assert.equal(contact.fields[SINCE], dayOf(row.CreatedOn), row.ContactId);
    assert.deepEqual([...contact.tags], [`tier: ${row["Loyalty Tier"]}`], row.ContactId);
    assert.equal(contact.lists[LIST], "active", row.ContactId);
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
  const rows = readFile();
  const yes = rows.filter((row) => row["Email Subscriber"] === "Yes");
  assert.equal(summary.delivered, yes.length);
  assert.equal(summary.excluded, rows.length - yes.length);
  for (const row of rows) {
    assert.equal(sandbox.account.contact(row.EMail.toLowerCase()) !== undefined, row["Email Subscriber"] === "Yes", row.ContactId);
  }
});
