import type { StoredContact } from "./account.js";
import { isAddress } from "./address.js";
import { type Answer, type Call, answer, forbidden, idOf, isObject, notFound, nothing, textOf, unshown422, wrapped } from "./answer.js";
import { contactList, contactTag, fieldValue, longContact, shortContact } from "./shapes.js";
import { storable } from "./upsert.js";

/** [live-doc] */
function invalidEmail(): Answer {
  return answer(422, {
    errors: [
      {
        title: "Contact Email Address is not valid.",
        code: "email_invalid",
        error: "must_be_valid_email_address",
        source: { pointer: "/data/attributes/email" },
      },
    ],
  });
}

/** [doc] The live document has a full stop and no `detail`: clients match on `code`. */
function duplicateEmail(): Answer {
  return answer(422, {
    errors: [
      {
        title: "Email address already exists in the system",
        detail: "",
        code: "duplicate",
        source: { pointer: "/data/attributes/email" },
      },
    ],
  });
}

/** [live-doc] */
function emailNeeded(): Answer {
  return answer(400, { errors: [{ status: 400, title: "Bad Request", detail: "Contact email must be provided for sync" }] });
}

export function contactOf(call: Call, id: string | undefined): StoredContact | undefined {
  const number = idOf(id);
  return number === undefined ? undefined : call.account.contactById(number);
}

interface Change {
  field: number;
  value: string;
}

/** Reads `fieldValues`; unknown ids are ignored, a perstag instead of an id is refused. [live-doc] */
function readValues(call: Call, raw: unknown): Change[] | Answer {
  const changes: Change[] = [];
  if (!Array.isArray(raw)) return changes;
  for (const each of raw) {
    if (!isObject(each)) continue;
    const id = idOf(each["field"]);
    if (id === undefined) return unshown422(call.knobs, "Field id not valid");
    const field = call.account.fields.get(id);
    const value = textOf(each["value"] ?? "");
    if (field === undefined || value === undefined) continue;
    const stored = storable(call.account, call.knobs, field, value);
    if (stored === false) return unshown422(call.knobs, "The value you selected is not a valid choice.");
    if (stored !== undefined) changes.push({ field: id, value: stored });
  }
  return changes;
}

/** Writes what a body names and leaves the rest; answers the values set. */
function write(call: Call, contact: StoredContact, body: Record<string, unknown>, changes: readonly Change[]): Record<string, unknown>[] {
  // camelCase here, snake_case in the importer. [doc]
  contact.firstName = textOf(body["firstName"]) ?? contact.firstName;
  contact.lastName = textOf(body["lastName"]) ?? contact.lastName;
  contact.phone = textOf(body["phone"]) ?? contact.phone;
  contact.udate = call.now;
  return changes.map(({ field, value }) =>
    fieldValue(call.account, contact, call.account.setValue(contact, field, value, call.now)),
  );
}

/** Inline lists and tags, documented since 2026-08-15; older times ignore them. [doc S9] */
function inlineLists(call: Call, body: Record<string, unknown>): number[] | Answer {
  const raw = body["lists"];
  if (call.knobs.era === 2021 || !Array.isArray(raw)) return [];
  const lists: number[] = [];
  for (const each of raw) {
    const id = isObject(each) ? idOf(each["list"]) : undefined;
    // An unknown list fails the whole request before anything is written. [doc S9] Its body is invented.
    if (id === undefined || !call.account.lists.has(id)) return unshown422(call.knobs, "List not found");
    lists.push(id);
  }
  return lists;
}

function attach(call: Call, contact: StoredContact, lists: readonly number[], body: Record<string, unknown>): void {
  for (const list of lists) call.account.setMembership(contact, list, "active", call.now);
  const tags = body["tags"];
  if (call.knobs.era === 2021 || !Array.isArray(tags)) return;
  for (const tag of tags) if (typeof tag === "string" && tag !== "") call.account.tagContactByName(contact, tag, call.now);
}

/** `POST /contact/sync`: 201 and the short form, or 200 and the long form. [recording] */
export function syncContact(call: Call): Answer {
  const body = wrapped(call, "contact");
  const email = textOf(body?.["email"])?.trim() ?? "";
  const byId = call.knobs.era === 2026 ? contactOf(call, textOf(body?.["id"])) : undefined;
  if (body === undefined || (email === "" && byId === undefined)) return emailNeeded();
  if (email !== "" && !isAddress(email)) return invalidEmail();
  const changes = readValues(call, body["fieldValues"]);
  if (!Array.isArray(changes)) return changes;
  const lists = inlineLists(call, body);
  if (!Array.isArray(lists)) return lists;
  const other = call.account.contactByEmail(email);
  if (byId !== undefined && other !== undefined && other !== byId) return duplicateEmail();
  const known = byId ?? other;
  const contact = known ?? call.account.addContact(email, call.now);
  if (byId !== undefined && email !== "") call.account.changeEmail(byId, email);
  const values = write(call, contact, body, changes);
  attach(call, contact, lists, body);
  const shown = known === undefined ? shortContact(call.account, contact) : longContact(call.account, contact, call.knobs.era);
  const sideLoad = Array.isArray(body["fieldValues"]) ? { fieldValues: values } : {};
  return answer(known === undefined ? 201 : 200, { ...sideLoad, contact: shown });
}

/** `POST /contacts` */
export function createContact(call: Call): Answer {
  const body = wrapped(call, "contact");
  if (body === undefined) return nothing(400);
  const email = textOf(body["email"])?.trim() ?? "";
  if (!isAddress(email)) return invalidEmail();
  if (call.account.contactByEmail(email) !== undefined) return duplicateEmail();
  const changes = readValues(call, body["fieldValues"]);
  if (!Array.isArray(changes)) return changes;
  const contact = call.account.addContact(email, call.now);
  const values = write(call, contact, body, changes);
  const sideLoad = Array.isArray(body["fieldValues"]) ? { fieldValues: values } : {};
  return answer(201, { ...sideLoad, contact: shortContact(call.account, contact) });
}

/** `PUT /contacts/:id` */
export function updateContact(call: Call): Answer {
  const contact = contactOf(call, call.params["id"]);
  if (contact === undefined) return notFound("Subscriber", call.params["id"] ?? "");
  const body = wrapped(call, "contact");
  if (body === undefined) return nothing(400);
  const email = textOf(body["email"])?.trim();
  if (email !== undefined && !isAddress(email)) return invalidEmail();
  if (email !== undefined) {
    const other = call.account.contactByEmail(email);
    if (other !== undefined && other !== contact) return duplicateEmail();
  }
  const changes = readValues(call, body["fieldValues"]);
  if (!Array.isArray(changes)) return changes;
  if (email !== undefined) call.account.changeEmail(contact, email);
  const values = write(call, contact, body, changes);
  const sideLoad = Array.isArray(body["fieldValues"]) ? { fieldValues: values } : {};
  return answer(200, { ...sideLoad, contact: longContact(call.account, contact, call.knobs.era) });
}

/** `GET /contacts/:id`. Which side-loads there are is known from a client's mock only. [S27] */
export function getContact(call: Call): Answer {
  const contact = contactOf(call, call.params["id"]);
  if (contact === undefined) return notFound("Subscriber", call.params["id"] ?? "");
  const { account, knobs } = call;
  return answer(200, {
    contactAutomations: [],
    contactLists: contact.lists.map((each) => contactList(account, contact, each, knobs)),
    deals: [],
    fieldValues: contact.fields.map((each) => fieldValue(account, contact, each)),
    geoIps: [],
    accountContacts: [],
    contact: longContact(account, contact, knobs.era),
  });
}

/** `GET /contacts/:id/contactLists`, `/fieldValues`, `/contactTags`: the links of a contact. */
export function getContactPart(part: "contactLists" | "fieldValues" | "contactTags"): (call: Call) => Answer {
  return (call) => {
    const contact = contactOf(call, call.params["id"]);
    if (contact === undefined) return notFound("Subscriber", call.params["id"] ?? "");
    const { account, knobs } = call;
    if (part === "contactLists") return answer(200, { contactLists: contact.lists.map((each) => contactList(account, contact, each, knobs)) });
    if (part === "fieldValues") return answer(200, { fieldValues: contact.fields.map((each) => fieldValue(account, contact, each)) });
    return answer(200, { contactTags: contact.tags.map((each) => contactTag(account, contact, each)) });
  };
}

/** `DELETE /contacts/:id`. The only 404 with a lower-case "result". [doc] */
export function deleteContact(call: Call): Answer {
  const contact = contactOf(call, call.params["id"]);
  if (contact === undefined) return answer(404, { message: `No result found for contact with id ${call.params["id"] ?? ""}` });
  call.account.removeContact(contact);
  return nothing(200);
}

/** `POST /fieldValues`: sets one value. [recording S7: side-loads] */
export function setFieldValue(call: Call): Answer {
  const body = wrapped(call, "fieldValue");
  if (body === undefined) return nothing(400);
  if (!call.key.fields) return forbidden();
  const contact = contactOf(call, textOf(body["contact"]));
  if (contact === undefined) return notFound("Subscriber", textOf(body["contact"]) ?? "");
  const id = idOf(body["field"]);
  if (id === undefined) return unshown422(call.knobs, "Field id not valid");
  const field = call.account.fields.get(id);
  if (field === undefined) return notFound("Field", String(id));
  const value = storable(call.account, call.knobs, field, textOf(body["value"]) ?? "");
  if (value === false) return unshown422(call.knobs, "The value you selected is not a valid choice.");
  const set = call.account.setValue(contact, id, value ?? "", call.now);
  contact.udate = call.now;
  return answer(call.knobs.era === 2021 ? 201 : 200, {
    contacts: [longContact(call.account, contact, call.knobs.era)],
    fieldValue: fieldValue(call.account, contact, set),
  });
}

/** `GET /fieldValues/:id`. Rarely asked for, so there is no index. */
export function getFieldValue(call: Call): Answer {
  const id = idOf(call.params["id"]);
  for (const contact of call.account.contacts) {
    const found = contact.fields.find((each) => each.id === id);
    if (found !== undefined) return answer(200, { fieldValue: fieldValue(call.account, contact, found) });
  }
  return notFound("FieldValue", call.params["id"] ?? "");
}
