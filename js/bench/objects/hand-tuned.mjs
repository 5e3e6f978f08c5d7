import { contactsTo, UNICODE } from "../hand-tuned.mjs";

const text = (value) =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : String(value);

export function takeObject(contacts, object) {
  const { cells } = contacts;
  cells[0] = text(object.CustomerId);
  cells[2] = text(object.FirstName);
  cells[3] = text(object.LastName);
  cells[4] = text(object.EMail);
  cells[5] = text(object.Telephone);
  cells[6] = text(object.Birthdate);
  cells[7] = text(object.City);
  cells[8] = text(object.Country);
  cells[9] = text(object.LoyaltyTier);
  cells[10] = text(object.TotalSpend);
  cells[11] = text(object.Consent);
  contacts.take(false);
}

export async function run(objects, sink) {
  const contacts = contactsTo(sink, UNICODE);
  for (const object of objects) takeObject(contacts, object);
  contacts.end();
}
