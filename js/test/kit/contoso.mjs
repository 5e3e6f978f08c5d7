// Microsoft's 5,000 sample customers, and what an account must hold of each: computed from the file alone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const FILE = fileURLToPath(new URL("../../../tests/data/contoso/contacts.csv", import.meta.url));
export const LIST = 4;
const POINTS = 1;
const SINCE = 4;

export const definition = {
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

/** Rows of the file, or of a text like it. It is plain: no quotes, no empty lines (its README says so, and this checks it). */
export function readRows(text = readFileSync(FILE, "utf8")) {
  assert.ok(!text.includes('"'));
  const [header, ...lines] = text.trimEnd().split("\n");
  const names = header.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, index) => [names[index], cell])));
}

/** By hand: digits only, a leading 00 is a plus, 7 to 15 digits; anything else that is no separator spoils it. */
export function phoneOf(text) {
  if (!/^[\d\s().+/-]*$/.test(text)) return "";
  const tidy = text.replace(/[\s()./-]/g, "").replace(/^00/, "+");
  return /^\+?\d{7,15}$/.test(tidy) ? tidy : "";
}

function dayOf(text) {
  const [month, day, year] = text.split("/");
  return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}

/** The account holds a customer as the file has it. */
export function assertHeld(account, row) {
  const contact = account.contact(row.EMail.toLowerCase());
  assert.ok(contact, row.ContactId);
  assert.equal(contact.firstName, row.FirstName, row.ContactId);
  assert.equal(contact.lastName, row.LastName, row.ContactId);
  assert.equal(contact.phone, phoneOf(row.Telephone), row.ContactId);
  assert.equal(contact.fields[POINTS], row.Income, row.ContactId);
  assert.equal(contact.fields[SINCE], dayOf(row.CreatedOn), row.ContactId);
  assert.deepEqual([...contact.tags], [`tier: ${row["Loyalty Tier"]}`], row.ContactId);
  assert.equal(contact.lists[LIST], "active", row.ContactId);
  return contact;
}
