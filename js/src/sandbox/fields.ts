import type { StoredField } from "./account.js";
import { type Answer, type Call, answer, emptyOk, forbidden, idOf, isObject, notFound, nothing, page, textOf, wrapped } from "./answer.js";
import { normalisePerstag } from "./plant.js";
import type { FieldType } from "./seed.js";
import { fieldOption, fieldRel, longField, shortField } from "./shapes.js";

const TYPES: readonly string[] = [
  "text", "textarea", "date", "datetime", "dropdown", "radio", "checkbox", "listbox", "hidden", "number", "",
] satisfies (FieldType | "")[];

function isType(value: string): value is FieldType | "" {
  return TYPES.includes(value);
}

function fieldOf(call: Call, id: unknown): StoredField | undefined {
  const number = idOf(id);
  return number === undefined ? undefined : call.account.fields.get(number);
}

/** `GET /fields`, the only collection with a default limit of 100. [doc] Options and relations are side-loaded. */
export function listFields(call: Call): Answer {
  if (!call.key.fields) return forbidden();
  const perstag = call.query.get("filters[perstag]");
  const all = [...call.account.fields.values()].filter((field) => perstag === null || field.perstag === perstag);
  const { limit, offset } = page(call.query, 100);
  const shown = all.slice(offset, offset + limit);
  return answer(200, {
    fieldOptions: shown.flatMap((field) => field.options.map((option) => fieldOption(call.account, option))),
    fieldRels: shown.flatMap((field) => field.rels.map((rel) => fieldRel(call.account, rel))),
    fields: shown.map((field) => longField(call.account, field)),
    meta: { total: String(all.length), selected: null },
  });
}

export function getField(call: Call): Answer {
  if (!call.key.fields) return forbidden();
  const field = fieldOf(call, call.params["id"]);
  if (field === undefined) return notFound("Field", call.params["id"] ?? "");
  return answer(200, {
    fieldOptions: field.options.map((option) => fieldOption(call.account, option)),
    fieldRels: field.rels.map((rel) => fieldRel(call.account, rel)),
    field: longField(call.account, field),
  });
}

/** `POST /fields` [recording: 201 and shape] [doc S4: 422 and 403] */
export function createField(call: Call): Answer {
  if (!call.key.fields) return forbidden();
  const sent = wrapped(call, "field");
  const title = textOf(sent?.["title"]) ?? "";
  const type = textOf(sent?.["type"]) ?? "";
  if (sent === undefined || title === "" || !isType(type)) return nothing(400);
  for (const field of call.account.fields.values()) {
    if (field.title.toLowerCase() !== title.toLowerCase()) continue;
    const detail = `There is already a field named '${title}' -- choose another name`;
    return answer(422, { errors: [{ title: "There is already a field with this title", detail, code: "duplicate" }] });
  }
  const perstag = normalisePerstag(textOf(sent["perstag"]) ?? title);
  const field = call.account.addField({ title, type, perstag, sent }, call.now);
  return answer(201, { field: shortField(call.account, field) });
}

export function deleteField(call: Call): Answer {
  if (!call.key.fields) return forbidden();
  const field = fieldOf(call, call.params["id"]);
  if (field === undefined) return notFound("Field", call.params["id"] ?? "");
  call.account.removeField(field.id);
  return nothing(200);
}

/** `POST /fieldOption/bulk` [recording]; not an array: `errors` is a text. [doc S4] */
export function createOptions(call: Call): Answer {
  const raw = isObject(call.body) ? call.body["fieldOptions"] : undefined;
  if (!Array.isArray(raw)) return answer(422, { errors: "Bulk operation failed. Request must contain an array of fieldOption objects." });
  const wanted: { field: StoredField; label: string; value: string }[] = [];
  for (const each of raw) {
    if (!isObject(each)) return answer(422, { errors: "Bulk operation failed. Request must contain an array of fieldOption objects." });
    const field = fieldOf(call, each["field"]);
    if (field === undefined) return notFound("Field", textOf(each["field"]) ?? "");
    const value = textOf(each["value"]) ?? "";
    wanted.push({ field, value, label: textOf(each["label"]) ?? value });
  }
  const made = wanted.map(({ field, label, value }) => call.account.addOption(field, label, value, call.now));
  return answer(201, { fieldOptions: made.map((option) => fieldOption(call.account, option)) });
}

/** `DELETE /fieldOptions/:id` answers a 200 without a body. [recording S8] */
export function deleteOption(call: Call): Answer {
  const id = idOf(call.params["id"]);
  for (const field of call.account.fields.values()) {
    const index = field.options.findIndex((option) => option.id === id);
    if (index < 0) continue;
    field.options.splice(index, 1);
    return emptyOk();
  }
  return notFound("FieldOption", call.params["id"] ?? "");
}

/** `POST /fieldRels` [recording S7]; relid 0 = every list. [doc] */
export function createRel(call: Call): Answer {
  const body = wrapped(call, "fieldRel");
  if (body === undefined) return nothing(400);
  const field = fieldOf(call, body["field"]);
  if (field === undefined) return notFound("Field", textOf(body["field"]) ?? "");
  const relid = idOf(body["relid"]);
  if (relid === undefined || (relid !== 0 && !call.account.lists.has(relid))) return notFound("_List", textOf(body["relid"]) ?? "");
  return answer(201, { fieldRel: fieldRel(call.account, call.account.addRel(field, relid, call.now)) });
}

/** `DELETE /fieldRels/:id`; class name of the 404 [recording S8]. */
export function deleteRel(call: Call): Answer {
  const id = idOf(call.params["id"]);
  for (const field of call.account.fields.values()) {
    const index = field.rels.findIndex((rel) => rel.id === id);
    if (index < 0) continue;
    field.rels.splice(index, 1);
    return nothing(200);
  }
  return notFound("FieldRel", call.params["id"] ?? "");
}
