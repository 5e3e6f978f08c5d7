// The importer: its answers, the life of a batch, and what it does to the account (sections 3 and 4).
import assert from "node:assert/strict";
import test from "node:test";
import { call, get, info, people, post, put, quiet, send, sendAndFinish } from "./helpers.mjs";

const MESSAGE = "JSON payload did not pass validation. Please fix failureReasons and retry. The import was not queued for processing.";

test("success: 200 as text/html with JSON, keys and order as recorded", async () => {
  const sandbox = quiet();
  const queued = await send(sandbox, people(3));
  assert.equal(queued.status, 200);
  assert.equal(queued.headers.get("content-type"), "text/html; charset=UTF-8");
  assert.deepEqual(Object.keys(queued.json), ["success", "queued_contacts", "batchId", "message"]);
  assert.equal(queued.json.success, 1);
  assert.equal(queued.json.queued_contacts, 3);
  assert.match(queued.json.batchId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
  assert.equal(queued.json.message, "Contact import queued");
  for (const header of ["x-request-id", "cf-ray", "cf-cache-status"]) assert.ok(queued.headers.has(header), header);
  assert.match(queued.headers.get("cache-control"), /no-store/u);
});

test("the life of a batch: false, waiting, claimed, active, completed", async () => {
  const sandbox = quiet();
  const { batchId } = (await send(sandbox, people(2))).json;
  const seen = [];
  for (let millis = 0; millis <= 8_000; millis += 250) {
    const { status } = (await info(sandbox, batchId)).json;
    if (seen.at(-1)?.status !== status) seen.push({ status, millis });
    sandbox.advance(250);
  }
  assert.deepEqual(seen.map((each) => each.status), [false, "waiting", "claimed", "active", "completed"]);
  assert.equal(seen[1].millis, 1_000);
  assert.equal(seen[4].millis, 6_000);
  const done = await info(sandbox, batchId);
  assert.deepEqual(Object.keys(done.json), ["status", "success", "failure"]);
  assert.equal(done.json.success.length, 2);
  for (const id of done.json.success) assert.equal(typeof id, "string");
  assert.deepEqual(done.json.failure, []);
});

test("nothing is in the account before the work, everything after", async () => {
  const sandbox = quiet();
  await send(sandbox, [{ email: "new@example.net" }]);
  assert.equal(sandbox.account.contact("new@example.net"), undefined);
  sandbox.advance(6_000);
  assert.equal(sandbox.account.contact("new@example.net").imports.length, 1);
});

test("a field, tags, company, subscription of a new contact", async () => {
  const sandbox = quiet();
  const { success } = await sendAndFinish(sandbox, [{
    email: "new@example.net", first_name: "Nora", last_name: "New", phone: "123-456-7890", customer_acct_name: "Acme",
    tags: ["vip", "brand new"], fields: [{ id: 1, value: "7" }, { id: 5, value: "||sports||music||" }],
    subscribe: [{ listid: 1 }, { listid: "4" }],
  }]);
  const contact = sandbox.account.contact("new@example.net");
  assert.equal(success[0], String(contact.id));
  assert.deepEqual(
    [contact.firstName, contact.lastName, contact.phone, contact.account],
    ["Nora", "New", "123-456-7890", "Acme"],
  );
  assert.deepEqual(contact.tags, ["vip", "brand new"]);
  assert.deepEqual(contact.fields, { 1: "7", 5: "||sports||music||" });
  assert.deepEqual(contact.lists, { 1: "active", 4: "active" });
  const tags = await get(sandbox, "/tags?filters[search][eq]=brand%20new");
  assert.equal(tags.json.tags[0].subscriber_count, "1");
});

test("an upsert by e-mail changes what was sent and keeps the rest", async () => {
  const sandbox = quiet();
  await sendAndFinish(sandbox, [{ email: "ada.active@example.com", last_name: "Lovelace", fields: [{ id: 1, value: "121" }] }]);
  const contact = sandbox.account.contact("ada.active@example.com");
  assert.equal(contact.id, 1);
  assert.deepEqual([contact.firstName, contact.lastName, contact.phone], ["Ada", "Lovelace", "+491700000001"]);
  assert.deepEqual(contact.fields, { 1: "121", 2: "medium", 3: "1990-04-12", 6: "Berlin" });
  assert.deepEqual(contact.tags, ["vip"]);
});

test("camelCase keys are ignored", async () => {
  const sandbox = quiet();
  await sendAndFinish(sandbox, [{ email: "ada.active@example.com", firstName: "X" }]);
  assert.equal(sandbox.account.contact("ada.active@example.com").firstName, "Ada");
});

test("excluded, bounced and unsubscribed contacts are skipped and show in failure", async () => {
  const sandbox = quiet();
  const { success, failure } = await sendAndFinish(sandbox, [
    { email: "excluded@example.com" },
    { email: "somebody@blocked.example" },
    { email: "bo.bounced@example.com", first_name: "X" },
    { email: "gone@example.com" },
    { email: "una.unsubscribed@example.com", first_name: "X", subscribe: [{ listid: 1 }] },
    { email: "ok@example.com", subscribe: [{ listid: 1 }] },
  ]);
  assert.equal(success.length, 1);
  assert.deepEqual(failure, [
    "excluded@example.com", "somebody@blocked.example", "bo.bounced@example.com", "gone@example.com", "una.unsubscribed@example.com",
  ]);
  assert.equal(sandbox.account.contact("excluded@example.com"), undefined);
  assert.equal(sandbox.account.contact("somebody@blocked.example"), undefined);
  assert.equal(sandbox.account.contact("bo.bounced@example.com").firstName, "Bo");
  assert.deepEqual(sandbox.account.contact("una.unsubscribed@example.com").lists, { 1: "unsubscribed" });
  assert.deepEqual(sandbox.account.contact("ok@example.com").lists, { 1: "active" });
});

test("unsubscribed from another list is no obstacle, and contactLists re-subscribes", async () => {
  const sandbox = quiet();
  const { failure } = await sendAndFinish(sandbox, [{ email: "una.unsubscribed@example.com", subscribe: [{ listid: 2 }] }]);
  assert.deepEqual(failure, []);
  assert.deepEqual(sandbox.account.contact("una.unsubscribed@example.com").lists, { 1: "unsubscribed", 2: "active" });
  await post(sandbox, "/contactLists", { contactList: { list: "1", contact: "3", status: 1 } });
  assert.equal(sandbox.account.contact("una.unsubscribed@example.com").lists[1], "active");
});

test("unsubscribe sets status 2", async () => {
  const sandbox = quiet();
  await sendAndFinish(sandbox, [{ email: "ada.active@example.com", unsubscribe: [{ listid: 1 }] }]);
  assert.deepEqual(sandbox.account.contact("ada.active@example.com").lists, { 1: "unsubscribed", 2: "active" });
  const list = sandbox.account.lists.find((each) => each.id === 1);
  assert.deepEqual(list.counts, { active: 1, unsubscribed: 2, unconfirmed: 0, bounced: 1 });
});

test("an address that the documented rules let through may fail later", async () => {
  const sandbox = quiet();
  const { success, failure } = await sendAndFinish(sandbox, [{ email: "invalid'character@example.com" }, { email: "plus+sign@example.com" }]);
  assert.deepEqual(failure, ["invalid'character@example.com"]);
  assert.equal(success.length, 1);
});

test("validation refuses the whole batch; the index starts at 1", async () => {
  const sandbox = quiet();
  const refused = await send(sandbox, [{ first_name: "No address" }, { email: "good@example.net" }, { email: "two@at@example.com" }, { email: "a@b" }]);
  assert.equal(refused.status, 400);
  assert.deepEqual(refused.json, {
    success: 0,
    message: MESSAGE,
    failureReasons: [
      { contact: 1, failureReason: "Field 'email' not found" },
      { contact: 3, failureReason: "Field 'email' incorrect format" },
      { contact: 4, failureReason: "Field 'email' incorrect format" },
    ],
  });
  sandbox.advance(20_000);
  assert.equal(sandbox.account.contact("good@example.net"), undefined);
  assert.deepEqual(sandbox.account.batches, []);
});

test("every forbidden character of S1 is refused at once", async () => {
  const sandbox = quiet();
  for (const character of '"(),:;<>[]') {
    const refused = await send(sandbox, [{ email: `a${character}b@example.com` }]);
    assert.equal(refused.status, 400, character);
    assert.match(refused.json.failureReasons[0].failureReason, /incorrect format/u);
  }
});

test("unparsable JSON", async () => {
  const refused = await post(quiet(), "/import/bulk_import", '{"contacts":[');
  assert.equal(refused.status, 400);
  assert.deepEqual(refused.json.failureReasons, ["Invalid or unparsable json"]);
  assert.equal(refused.json.success, 0);
});

test("250 contacts pass, 251 do not; 399,999 bytes pass, 400,000 do not (bytes, not characters)", async () => {
  const sandbox = quiet();
  assert.equal((await send(sandbox, people(250))).status, 200);
  const many = await send(sandbox, people(251));
  assert.equal(many.status, 400);
  assert.equal(typeof many.json.failureReasons[0], "string");
  const start = '{"contacts":[{"email":"big@example.com","first_name":"';
  const end = '"}]}';
  const sized = (bytes) => start + "é".repeat((bytes - start.length - end.length) >> 1) + "a".repeat((bytes - start.length - end.length) & 1) + end;
  for (const [bytes, status] of [[399_999, 200], [400_000, 400]]) {
    const body = new TextEncoder().encode(sized(bytes));
    assert.equal(body.length, bytes);
    assert.equal((await call(sandbox, "POST", "/api/3/import/bulk_import", body)).status, status);
  }
});

test("automations run unless they are excluded at the top level", async () => {
  const sandbox = quiet();
  const email = "auto@example.net";
  await sendAndFinish(sandbox, [{ email }]);
  assert.equal(sandbox.account.contact(email).automations, 1);
  await sendAndFinish(sandbox, [{ email }], { exclude_automations: true });
  assert.equal(sandbox.account.contact(email).automations, 1);
  await sendAndFinish(sandbox, [{ email, exclude_automations: true }]);
  assert.equal(sandbox.account.contact(email).automations, 2);
  assert.equal(sandbox.account.contact(email).imports.length, 3);
  assert.equal(sandbox.account.automationRuns, 2);
});

test("the status list: numbers as text, outstanding, then completed, for seven days", async () => {
  const sandbox = quiet();
  await send(sandbox, people(3));
  await send(sandbox, people(2));
  const [day] = (await get(sandbox, "/import/bulk_import")).json.outstanding;
  assert.deepEqual({ batches: day.batches, contacts: day.contacts }, { batches: "2", contacts: "5" });
  assert.match(day.forDate, /^\d{4}-\d{2}-\d{2}$/u);
  sandbox.advance(6_000);
  const after = (await get(sandbox, "/import/bulk_import")).json;
  assert.deepEqual(after, { outstanding: [], recentlyCompleted: [day] });
  sandbox.advance(6 * 86_400_000);
  assert.equal((await get(sandbox, "/import/bulk_import")).json.recentlyCompleted.length, 1);
  sandbox.advance(86_400_000);
  assert.deepEqual((await get(sandbox, "/import/bulk_import")).json.recentlyCompleted, []);
});

test("a list can be walked with id_greater, past the largest page", async () => {
  const sandbox = quiet({ seed: { lists: [{ id: 3, name: "L" }], generate: { contacts: 250 } } });
  const seen = [];
  for (;;) {
    const { json } = await get(sandbox, `/contacts?listid=3&status=1&orders[id]=ASC&limit=500&id_greater=${seen.at(-1) ?? 0}`);
    if (json.contacts.length === 0) break;
    assert.ok(json.contacts.length <= 100);
    assert.equal(json.meta.total, "250");
    seen.push(...json.contacts.map((contact) => Number(contact.id)));
  }
  assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => a - b));
  assert.equal(seen.length, 250);
});

test("paging: 20 by default, 100 at most; fields 100", async () => {
  const sandbox = quiet({ seed: { generate: { lists: 130, fields: 130, tags: 130, contacts: 130 } } });
  for (const [name, first] of [["lists", 20], ["tags", 20], ["contacts", 20], ["fields", 100]]) {
    const page = await get(sandbox, `/${name}`);
    assert.equal(page.json[name].length, first, name);
    assert.equal(page.json.meta.total, "130", name);
    assert.equal((await get(sandbox, `/${name}?limit=1000`)).json[name].length, 100, name);
    const rest = (await get(sandbox, `/${name}?limit=100&offset=100`)).json[name];
    assert.equal(rest.length, 30, name);
    assert.equal(typeof rest[0].id, "string");
  }
});

test("contacts: filters", async () => {
  const sandbox = quiet();
  const ids = async (query) => (await get(sandbox, `/contacts?${query}`)).json.contacts.map((contact) => contact.id);
  assert.deepEqual(await ids("email=ben.both@example.com"), ["2"]);
  assert.deepEqual(await ids("email=nobody@example.com"), []);
  assert.deepEqual(await ids("listid=1&status=1"), ["1", "2"]);
  assert.deepEqual(await ids("listid=1&status=2"), ["3"]);
  assert.deepEqual(await ids("listid=1"), ["1", "2", "3", "4"]);
  assert.deepEqual(await ids("search=gold"), ["7"]);
  assert.deepEqual(await ids("orders[id]=DESC&limit=2&offset=1"), ["7", "5"]);
  assert.deepEqual(await ids("id_greater=5&limit=1"), ["7"]);
});

test("sync: 201 and the short form, then 200 and the long form, with the values set", async () => {
  const sandbox = quiet();
  const contact = { email: "sync@example.com", firstName: "S", fieldValues: [{ field: "6", value: "Lyon" }, { field: "999", value: "x" }] };
  const created = await post(sandbox, "/contact/sync", { contact });
  assert.equal(created.status, 201);
  assert.equal(Object.keys(created.json.contact).length, 13);
  assert.equal(created.json.fieldValues.length, 1);
  const updated = await post(sandbox, "/contact/sync", { contact: { email: "SYNC@example.com", lastName: "T" } });
  assert.equal(updated.status, 200);
  assert.equal(updated.json.contact.id, created.json.contact.id);
  assert.equal(updated.json.contact.firstName, "S");
  assert.equal(updated.json.fieldValues, undefined);
  assert.equal(updated.json.contact.orgid, "0");
});

test("sync with lists and tags: atomic, re-activates, tags made and not echoed; 2021 ignores them", async () => {
  const sandbox = quiet();
  const contact = { email: "una.unsubscribed@example.com", lists: [{ list: 1 }], tags: ["made by sync"] };
  const unknown = await post(sandbox, "/contact/sync", { contact: { ...contact, firstName: "X", lists: [{ list: 999 }] } });
  assert.ok(unknown.status >= 400);
  assert.equal(sandbox.account.contact(contact.email).firstName, "Una");
  const answered = await post(sandbox, "/contact/sync", { contact });
  assert.equal(answered.status, 200);
  assert.ok(!answered.text.includes("made by sync"));
  assert.equal(sandbox.account.contact(contact.email).lists[1], "active");
  assert.deepEqual(sandbox.account.contact(contact.email).tags, ["made by sync"]);
  const old = quiet({ knobs: { era: 2021 } });
  await post(old, "/contact/sync", { contact });
  assert.equal(old.account.contact(contact.email).lists[1], "unsubscribed");
});

test("status codes by era (table 5.8)", async () => {
  for (const [era, status] of [[2021, 201], [2026, 200]]) {
    const sandbox = quiet({ knobs: { era } });
    assert.equal((await post(sandbox, "/contactLists", { contactList: { list: 1, contact: 1, status: 1 } })).status, status);
    assert.equal((await post(sandbox, "/contactTags", { contactTag: { contact: 1, tag: 1 } })).status, status);
    assert.equal((await post(sandbox, "/fieldValues", { fieldValue: { contact: 1, field: 6, value: "x" } })).status, status);
    assert.equal((await post(sandbox, "/lists", { list: { name: "L" } })).status, status);
    assert.equal((await post(sandbox, "/tags", { tag: { tag: "T", tagType: "contact" } })).status, 201);
    assert.equal((await post(sandbox, "/fields", { field: { title: "F", type: "text" } })).status, 201);
    assert.equal((await post(sandbox, "/fieldRels", { fieldRel: { field: 1, relid: 0 } })).status, 201);
    assert.equal((await post(sandbox, "/contacts", { contact: { email: "e@example.com" } })).status, 201);
    assert.equal((await put(sandbox, "/contacts/1", { contact: { firstName: "A" } })).status, 200);
  }
});

test("fields come with options and relations, exclusions with a number as total", async () => {
  const sandbox = quiet();
  const { json } = await get(sandbox, "/fields?limit=100");
  const types = new Set(json.fields.map((field) => field.type));
  for (const type of ["text", "textarea", "date", "datetime", "dropdown", "radio", "checkbox", "listbox", "hidden", "number"]) assert.ok(types.has(type), type);
  const tier = json.fields.find((field) => field.title === "Loyalty tier");
  assert.deepEqual(json.fieldOptions.filter((option) => tier.options.includes(option.id)).map((option) => option.value), ["low", "medium", "high"]);
  assert.deepEqual(json.fieldRels.filter((rel) => tier.relations.includes(rel.id)).map((rel) => rel.relid), ["0"]);
  assert.equal((await get(sandbox, "/fields?filters[perstag]=CITY")).json.fields.length, 1);
  const exclusions = (await get(sandbox, "/lists/exclusions")).json;
  assert.equal(exclusions.meta.total, 2);
  assert.deepEqual(exclusions.exclusions.map((each) => each.matchType), ["exact", "end"]);
});

test("tags: search, equality, a tag without a type is not shown, applying twice gives one id", async () => {
  const sandbox = quiet();
  const names = async (query) => (await get(sandbox, `/tags?${query}`)).json.tags.map((tag) => tag.tag);
  assert.deepEqual(await names("search=i"), ["imported", "vip", "spring 2026"]);
  assert.deepEqual(await names("filters[search][eq]=vip"), ["vip"]);
  await post(sandbox, "/tags", { tag: { tag: "no type" } });
  assert.deepEqual(await names("search=no%20type"), []);
  const apply = async () => (await post(sandbox, "/contactTags", { contactTag: { contact: "2", tag: "2" } })).json.contactTag.id;
  assert.equal(await apply(), await apply());
});

test("datetime values are stored in the time zone of the account", async () => {
  const sandbox = quiet();
  await sendAndFinish(sandbox, [{ email: "when@example.net", fields: [{ id: 8, value: "2024-11-01T13:05:00-06:00" }, { id: 3, value: "2000-02-29" }] }]);
  assert.deepEqual(sandbox.account.contact("when@example.net").fields, { 3: "2000-02-29", 8: "2024-11-01T14:05:00-05:00" });
});

test("the connection test and the account information", async () => {
  const sandbox = quiet();
  assert.equal((await get(sandbox, "/users/me")).json.user.id, "1");
  const { json } = await get(sandbox, "/settings/account");
  assert.equal(typeof json.subscriber_limit, "number");
  assert.deepEqual(Object.keys(json), [
    "account", "email", "first_name", "last_name", "cname", "status", "subscriber_limit", "subscriber_total", "trial", "credits", "branding",
  ]);
});
