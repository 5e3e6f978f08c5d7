// Section 1.6 of the contract, row by row.
import assert from "node:assert/strict";
import test from "node:test";
import { call, createSandbox, defaultSeed, get, post, put, quiet, remove } from "./helpers.mjs";

const sandbox = quiet();
const email = (contact) => ({ contact });

const ROWS = [
  ["sync without e-mail", () => post(sandbox, "/contact/sync", email({ firstName: "A" })), 400,
    { errors: [{ status: 400, title: "Bad Request", detail: "Contact email must be provided for sync" }] }],
  ["invalid e-mail", () => post(sandbox, "/contact/sync", email({ email: "nobody" })), 422,
    { errors: [{ title: "Contact Email Address is not valid.", code: "email_invalid", error: "must_be_valid_email_address", source: { pointer: "/data/attributes/email" } }] }],
  ["duplicate e-mail on POST", () => post(sandbox, "/contacts", email({ email: "ada.active@example.com" })), 422,
    { errors: [{ title: "Email address already exists in the system", detail: "", code: "duplicate", source: { pointer: "/data/attributes/email" } }] }],
  ["duplicate e-mail on PUT", () => put(sandbox, "/contacts/2", email({ email: "ada.active@example.com" })), 422,
    { errors: [{ title: "Email address already exists in the system", detail: "", code: "duplicate", source: { pointer: "/data/attributes/email" } }] }],
  ["duplicate field title", () => post(sandbox, "/fields", { field: { title: "City", type: "text" } }), 422,
    { errors: [{ title: "There is already a field with this title", detail: "There is already a field named 'City' -- choose another name", code: "duplicate" }] }],
  ["fieldOption/bulk, not an array", () => post(sandbox, "/fieldOption/bulk", { fieldOptions: {} }), 422,
    { errors: "Bulk operation failed. Request must contain an array of fieldOption objects." }],
  ["contactTags without contact", () => post(sandbox, "/contactTags", { contactTag: { tag: "1" } }), 422,
    { errors: [{ status: 422, title: "Missing attribute", source: { pointer: "/data/attributes/contact" } }] }],
  ["contactTags, unknown contact", () => post(sandbox, "/contactTags", { contactTag: { tag: "1", contact: "999" } }), 404,
    { errors: [{ status: 404, title: "Not Found", detail: "Contact not found" }] }],
  ["no tag", () => get(sandbox, "/tags/30"), 404, { message: "No Result found for Tag with id 30" }],
  ["no contact", () => get(sandbox, "/contacts/999"), 404, { message: "No Result found for Subscriber with id 999" }],
  ["no list", () => get(sandbox, "/lists/999"), 404, { message: "No Result found for _List with id 999" }],
  ["no field", () => get(sandbox, "/fields/999"), 404, { message: "No Result found for Field with id 999" }],
  ["no field relation", () => remove(sandbox, "/fieldRels/999"), 404, { message: "No Result found for FieldRel with id 999" }],
  ["no field value", () => get(sandbox, "/fieldValues/999"), 404, { message: "No Result found for FieldValue with id 999" }],
  ["no contact tag", () => remove(sandbox, "/contactTags/999"), 404, { message: "No Result found for SubscriberTag with id 999" }],
  ["no group", () => remove(sandbox, "/groups/999"), 404, { message: "No Result found for Group with id 999" }],
  ["no contact to delete", () => remove(sandbox, "/contacts/999"), 404, { message: "No result found for contact with id 999" }],
  ["info without batchId", () => get(sandbox, "/import/info"), 400, { success: 0, message: "'batchId' is a required field." }],
  ["a body that nobody documents", () => post(sandbox, "/lists", "{"), 400, {}],
];

for (const [name, ask, status, body] of ROWS) {
  test(name, async () => {
    const answered = await ask();
    assert.equal(answered.status, status);
    assert.deepEqual(answered.json, body);
  });
}

test("contactTags without a tag id: 400 in 2021, 422 in 2026, also for a name", async () => {
  const body = { errors: [{ title: "Invalid value for query parameter contactTag.tag", detail: "No tag id provided", source: { parameter: "contactTag.tag" } }] };
  const old = quiet({ knobs: { era: 2021 } });
  const before = await post(old, "/contactTags", { contactTag: { contact: "1" } });
  assert.equal(before.status, 400);
  assert.deepEqual(before.json, body);
  const now = await post(sandbox, "/contactTags", { contactTag: { contact: "1", tag: "vip" } });
  assert.equal(now.status, 422);
  assert.match(now.text, /No tag id provided/u);
});

test("a status that is no choice, and a perstag for a field id", async () => {
  for (const errorEnvelope of ["array", "string", "message"]) {
    const box = quiet({ knobs: { errorEnvelope } });
    const status = await post(box, "/contactLists", { contactList: { list: "1", contact: "1", status: 4 } });
    assert.equal(status.status, 422);
    assert.match(status.text, /The value you selected is not a valid choice\./u);
    const field = await post(box, "/contact/sync", email({ email: "new@example.com", fieldValues: [{ field: "CITY", value: "x" }] }));
    assert.equal(field.status, 422);
    assert.match(field.text, /Field id not valid/u);
    const kind = errorEnvelope === "array" ? Array.isArray(field.json.errors) : typeof field.json[errorEnvelope === "string" ? "errors" : "message"] === "string";
    assert.ok(kind, `envelope ${errorEnvelope}`);
  }
});

test("keys with fewer rights", async () => {
  const weak = { key: "weak", admin: false, viewLists: false, createLists: false, fields: false };
  const box = quiet({ seed: { ...defaultSeed(), keys: [weak] } });
  const as = (method, path, body) => call(box, method, `/api/3${path}`, body, { "Api-Token": "weak" });
  const fields = await as("GET", "/fields");
  assert.equal(fields.status, 403);
  assert.deepEqual(fields.json, { message: "Forbidden" });
  const lists = await as("GET", "/lists");
  assert.equal(lists.status, 403);
  assert.deepEqual(lists.json, { errors: [{ status: 403, title: "Forbidden", detail: "You do not have permission to view lists." }] });
  assert.match(lists.headers.get("content-type"), /^text\/plain/u);
  const create = await as("POST", "/lists", { list: { name: "x" } });
  assert.match(create.text, /You do not have permission to create lists\./u);
  assert.equal((await as("GET", "/settings/account")).status, 403);
  assert.equal((await as("GET", "/users/me")).status, 200);
});

test("a missing or wrong key (U2)", async () => {
  for (const [invalidToken, status, body] of [["forbidden", 403, { message: "Forbidden" }], ["empty", 403, {}], ["login", 200, undefined]]) {
    const box = quiet({ knobs: { invalidToken } });
    for (const token of ["", "wrong"]) {
      const answered = await call(box, "GET", "/api/3/users/me", undefined, { "Api-Token": token });
      assert.equal(answered.status, status);
      assert.deepEqual(answered.json, body);
      assert.match(answered.headers.get("content-type"), invalidToken === "login" ? /^text\/html/u : /^application\/json/u);
    }
  }
});

test("OPTIONS never has CORS headers (U1)", async () => {
  for (const optionsStatus of [404, 405]) {
    const box = createSandbox({ knobs: { optionsStatus } });
    for (const path of ["/api/3/contacts", "/api/3/import/bulk_import"]) {
      const answered = await call(box, "OPTIONS", path, undefined, { Origin: "https://example.com", "Access-Control-Request-Method": "POST" });
      assert.equal(answered.status, optionsStatus);
      assert.notEqual(answered.json, undefined);
      for (const [name] of answered.headers) assert.ok(!name.startsWith("access-control"), name);
    }
  }
});

test("CORS headers on the five endpoints of 1.3 and on no other", async () => {
  const box = quiet();
  const has = (answered) => answered.headers.get("access-control-allow-origin") === "*";
  assert.ok(has(await get(box, "/contacts")));
  assert.ok(has(await get(box, "/contacts/1")));
  assert.ok(has(await get(box, "/tags")));
  assert.ok(has(await post(box, "/contacts", email({ email: "cors1@example.com" }))));
  assert.ok(has(await post(box, "/contact/sync", email({ email: "cors2@example.com" }))));
  for (const path of ["/lists", "/lists/1", "/fields", "/users/me", "/import/bulk_import", "/import/info?batchId=x"]) assert.ok(!has(await get(box, path)), path);
  assert.ok(!has(await put(box, "/contacts/1", email({ firstName: "A" }))));
  assert.ok(!has(await remove(box, "/contacts/2")));
  assert.ok(!has(await post(box, "/import/bulk_import", { contacts: [{ email: "cors3@example.com" }] })));
  assert.ok(!has(await post(box, "/contactLists", { contactList: { list: 1, contact: 1, status: 1 } })));
});

test("a 200 without a body carries X-Ac-Error", async () => {
  const answered = await put(sandbox, "/lists/1", { list: { name: "Renamed" } });
  assert.equal(answered.status, 200);
  assert.equal(answered.text, "");
  assert.equal(answered.headers.get("x-ac-error"), "Code 9001");
});

test("…/bulk_import/aggregate is a 404", async () => {
  assert.equal((await get(sandbox, "/import/bulk_import/aggregate")).status, 404);
});
