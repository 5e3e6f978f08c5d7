// The public API of the installed package: what each call promises, and what it refuses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, createSandbox, csv, defaultSeed, definition, exportAll, HOST, people, world } from "./helpers.mjs";

const text = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
const account = { lists: [{ id: 4, name: "Gold" }], fields: [{ id: 9, title: "City", type: "text", perstag: "CITY", options: [] }] };

test("encodeBatches gives bodies in order, and the rejections apart", async () => {
  const rows = [["EMail", "First", "Last", "Phone", "City"], ["a@example.com", "A", "", "", "Ljubljana"], ["broken", "B", "", "", ""], [" A@EXAMPLE.com ", "C", "", "", ""]];
  const rejections = [];
  const mapping = { fields: [{ field: "City", column: "City" }] };
  const batches = api.encodeBatches({ definition: definition({}, mapping), account, source: csv(...rows), onRejections: (some) => rejections.push(...some) });
  const seen = [];
  for await (const batch of batches) seen.push(batch);
  assert.equal(seen.length, 1);
  assert.equal(seen[0].contacts, 1);
  assert.equal(seen[0].firstOrdinal, 1);
  assert.deepEqual(text(seen[0].body), {
    contacts: [{ email: "a@example.com", first_name: "A", fields: [{ id: 9, value: "Ljubljana" }], subscribe: [{ listid: 4 }] }],
    exclude_automations: true,
  });
  assert.deepEqual(rejections.map(({ row, rule }) => [row, rule]), [[2, "email_no_at"], [3, "duplicate"]]);
  const summary = await batches.summary;
  assert.deepEqual([summary.read, summary.accepted, summary.rejected, summary.duplicate, summary.batches], [3, 1, 1, 1, 1]);
  assert.deepEqual(summary.rejectedByRule, { email_no_at: 1 });
});

test("reused bodies hold the same bytes", async () => {
  const own = [];
  for await (const { body } of api.encodeBatches({ definition: definition(), account, source: people(700) })) own.push(Buffer.from(body).toString());
  const reused = [];
  for await (const { body } of api.encodeBatches({ definition: definition(), account, source: people(700), reuseBody: true })) reused.push(Buffer.from(body).toString());
  assert.equal(own.length, 3);
  assert.deepEqual(reused, own);
});

test("every kind of source gives the same contacts", async () => {
  const bytes = people(300);
  const objects = Array.from({ length: 300 }, (_, index) => ({ EMail: `person${index}@example.com`, First: `First${index}`, Last: `Last${index}`, Phone: `+38640${100000 + index}` }));
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  }
  async function* items() {
    yield* objects;
  }
  const sources = [bytes, new Blob([bytes]), new Blob([bytes]).stream(), chunks(), items(), objects, { data: chunks(), sizeBytes: bytes.length }];
  const results = [];
  for (const source of sources) {
    const bodies = [];
    for await (const { body } of api.encodeBatches({ definition: definition(), account, source })) bodies.push(Buffer.from(body).toString());
    results.push(bodies);
  }
  for (const result of results) assert.deepEqual(result, results[0]);
});

test("a source that is shorter than it said, or fails midway, leaves nothing falsely delivered", async () => {
  const bytes = people(2000);
  async function* failing() {
    yield bytes.subarray(0, 60_000);
    throw new Error("the disk is gone");
  }
  for (const source of [{ data: bytes.subarray(0, 60_000), sizeBytes: bytes.length }, failing()]) {
    const { sandbox, host, connection } = world();
    const { summary } = await exportAll({ connection, definition: definition(), source, host });
    assert.equal(summary.result, "blocked");
    assert.equal(summary.stop.code, "source_failed");
    assert.equal(summary.stop.category, "source");
    assert.equal(summary.stop.retryHelps, true);
    assert.ok(summary.delivered < 2000);
    const held = Array.from({ length: 2000 }, (_, index) => sandbox.account.contact(`person${index}@example.com`)).filter(Boolean).length;
    assert.equal(summary.delivered, held);
    assert.equal(summary.queued, 0);
  }
});

test("cancelling sends nothing new and settles what was taken", async () => {
  const { sandbox, host, connection, sent } = world();
  const before = sandbox.account.contactCount;
  const controller = new AbortController();
  const run = api.exportSegment({ connection, definition: definition(), source: people(5000), host, signal: controller.signal });
  for await (const event of run) {
    if (event.type === "progress" && event.progress.queued > 0) controller.abort();
  }
  const summary = await run.summary;
  assert.equal(summary.result, "cancelled");
  assert.equal(summary.queued, 0);
  assert.ok(summary.delivered > 0 && summary.delivered < 5000);
  assert.equal(summary.delivered, sandbox.account.contactCount - before);
  assert.ok(sent.filter(({ path }) => path.endsWith("bulk_import")).length < 20);
});

test("the key goes into one header and nowhere else", async () => {
  const { sandbox, host, connection, sent } = world();
  const run = api.exportSegment({ connection, definition: definition(), source: people(300), host });
  const told = [];
  for await (const event of run) told.push(event);
  told.push(await run.summary);
  assert.ok(!JSON.stringify(told).includes(sandbox.key));
  for (const request of sent) {
    assert.equal(request.headers["Api-Token"], sandbox.key);
    assert.ok(!request.url.includes(sandbox.key));
    assert.ok(request.url.startsWith(`https://${HOST}/api/3/`));
    if (request.body) assert.ok(!Buffer.from(request.body).includes(sandbox.key));
  }
});

test("settings are refused before anything is sent, with all issues", async () => {
  const { host, connection, sent } = world();
  const wrong = { version: 1, list: 4, mapping: { emial: "EMail", firstName: "First" }, automation: "run" };
  const { summary } = await exportAll({ connection, definition: wrong, source: people(1), host });
  assert.equal(summary.result, "blocked");
  assert.equal(summary.stop.category, "settings");
  assert.deepEqual(summary.stop.issues.map(({ path, code, suggestion }) => [path, code, suggestion]).sort(), [
    ["automation", "unknown_key", "automations"],
    ["mapping.emial", "unknown_key", "email"],
    ["mapping.email", "missing", undefined],
  ].sort());
  assert.equal(sent.length, 0);
  assert.deepEqual(api.checkDefinition(wrong).length, 3);
  assert.deepEqual(api.checkDefinition(definition()), []);
});

test("a list or a field that the account does not have is refused before any profile is read", async () => {
  const { host, connection, sandbox } = world();
  const { summary } = await exportAll({ connection, definition: definition({ list: 77 }, { fields: [{ field: "Loyalty pionts", column: "First" }] }), source: people(10), host });
  assert.deepEqual(summary.stop.issues.map(({ path, code, suggestion }) => [path, code, suggestion]), [
    ["list", "unknown_list", undefined],
    ["mapping.fields[0].field", "unknown_field", "Loyalty points"],
  ]);
  assert.equal(summary.read, 0);
  assert.equal(sandbox.account.batches.length, 0);
});

test("hostnames and keys that cannot be are refused by name", () => {
  const open = (connection, more = {}) => () => api.exportSegment({ connection, definition: { ...definition(), ...more }, source: people(1) });
  const code = (expected) => (error) => error instanceof api.ExportError && error.code === expected;
  assert.throws(open({ host: "https://acme.api-us1.com/api/3", apiKey: "k" }), (error) => error.code === "hostname" && error.remedy.includes("acme.api-us1.com"));
  assert.throws(open({ host: "evil.example", apiKey: "k" }), code("hostname"));
  assert.throws(open({ host: HOST, apiKey: "" }), code("key_missing"));
  assert.throws(open({ host: HOST, apiKey: "a\nb" }), code("key_malformed"));
  assert.throws(open({ apiKey: "k" }), code("host_missing"));
  assert.throws(open({ host: HOST, apiKey: "k" }, { host: "other.api-us1.com" }), code("host_differs"));
  assert.throws(open({ host: HOST, apiKey: "k", sandbox: "http://192.168.1.2:80" }), code("sandbox"));
  assert.throws(open({ host: HOST, apiKey: "k", sandbox: "https://127.0.0.1/" }), code("sandbox"));
});

test("describeAccount reads every page", async () => {
  const seed = { ...defaultSeed(), generate: { lists: 250, fields: 230, tags: 320 } };
  const { host, connection, sandbox } = world({ seed });
  const found = await api.describeAccount(connection, host);
  assert.equal(found.lists.length, sandbox.account.lists.length);
  assert.equal(found.fields.length, sandbox.account.fields.length);
  assert.equal(found.tags.length, sandbox.account.tags.length);
  assert.ok(found.lists.length > 250);
  assert.deepEqual(found.fields.find(({ title }) => title === "Loyalty tier").options, ["low", "medium", "high"]);
  const report = await api.testConnection(connection, host);
  assert.deepEqual([report.ok, report.lists, report.contactLimit.limit], [true, found.lists.length, 2_000_000]);
  assert.equal((await api.testConnection({ ...connection, apiKey: "wrong" }, host)).stop.code, "key_refused");
  await assert.rejects(api.describeAccount({ ...connection, apiKey: "wrong" }, host), (error) => error.code === "key_refused" && error.category === "credentials");
});

test("preview sends nothing and needs no account", async () => {
  const summary = await api.preview({ definition: definition({}, { fields: [{ field: "Anything", column: "First" }] }), source: people(26_000) });
  assert.deepEqual([summary.read, summary.accepted, summary.batches], [26_000, 26_000, 104]);
  assert.equal(summary.minutes, 1.04);
  const unresolved = api.encodeBatches({ definition: definition({}, { fields: [{ field: "Anything", column: "First" }] }), source: people(1) });
  await assert.rejects(async () => {
    for await (const _ of unresolved);
  }, (error) => error.issues[0].code === "account_needed");
});

test("sources that cannot be read at all are refused with their place", async () => {
  const codes = [];
  for (const bytes of [new Uint8Array(), csv(["EMail", "First", "Last", "Phone"]), new Uint8Array([0xff, 0xfe, 0x41, 0x00]), csv(["Mail"], ["a@example.com"])]) {
    const batches = api.encodeBatches({ definition: definition(), account, source: bytes });
    await assert.rejects(async () => {
      for await (const _ of batches);
    }, (error) => {
      codes.push(error.code);
      return error instanceof api.ExportError && error.remedy !== "";
    });
  }
  assert.deepEqual(codes, ["empty_source", "no_profiles", "utf16", "settings"]);
});

test("an order of days is used, or said to need the account", async () => {
  const mapping = { fields: [{ id: 9, column: "City", dateOrder: "mdy" }] };
  const source = () => csv(["EMail", "First", "Last", "Phone", "City"], ["a@example.com", "", "", "", "not a date"]);
  const bodies = async (more) => {
    const found = [];
    for await (const { body } of api.encodeBatches({ definition: definition({}, mapping), source: source(), ...more })) found.push(text(body));
    return found;
  };
  await assert.rejects(bodies({}), (error) => {
    assert.deepEqual(error.issues.map(({ path, code }) => [path, code]), [["mapping.fields[0].dateOrder", "account_needed"]]);
    return /`account`/u.test(error.issues[0].message);
  });
  const dated = { ...account, fields: [{ ...account.fields[0], type: "date" }] };
  assert.equal((await bodies({ account: dated }))[0].contacts[0].fields, undefined);
});

test("a file that cannot be read is a typed error that names it", () => {
  for (const path of ["nope.csv", "."]) {
    assert.throws(() => api.fileSource(path), (error) => error.name === "ExportError" && error.code === "source_unreadable" && error.category === "source" && error.message.includes(path) && error.remedy !== "");
  }
});

test("suggestions from a header, and rules with reasons", async () => {
  const columns = await api.readColumns(csv(["msdynci_emailaddress1", "First Name", "Telephone", "Customer_Since"], ["a", "b", "c", "d"]));
  assert.deepEqual(columns, ["msdynci_emailaddress1", "First Name", "Telephone", "Customer_Since"]);
  const sandbox = createSandbox();
  const schema = { lists: [], fields: sandbox.account.fields.map(({ id, title, type, perstag, options }) => ({ id, title, type, perstag, options })) };
  const { mapping, suggestions } = api.suggestMapping(columns, schema);
  assert.deepEqual(mapping, { email: "msdynci_emailaddress1", firstName: "First Name", phone: "Telephone", fields: [{ field: "Customer since", column: "Customer_Since" }] });
  assert.ok(suggestions.every(({ confidence }) => confidence > 0 && confidence <= 1));
  for (const rule of api.rules()) assert.ok(rule.code && rule.reason.endsWith(".") && rule.remedy.endsWith("."), rule.code);
});

test("a source that stalls does not hold up the end of a run", async () => {
  const { host, connection } = world();
  const stalled = new ReadableStream({ start: (controller) => controller.enqueue(people(10)) });
  const controller = new AbortController();
  const run = api.exportSegment({ connection, definition: definition(), source: stalled, host, signal: controller.signal });
  for await (const event of run) {
    if (event.type === "progress" && event.progress.read === 10) controller.abort();
  }
  assert.equal((await run.summary).result, "cancelled");
  async function* never() {
    yield people(10);
    await new Promise(() => undefined);
  }
  const controller2 = new AbortController();
  const run2 = api.exportSegment({ connection, definition: definition(), source: never(), host, signal: controller2.signal });
  for await (const event of run2) {
    if (event.type === "progress" && event.progress.read === 10) controller2.abort();
  }
  assert.equal((await run2.summary).result, "cancelled");
});

test("a run that is cancelled before it starts is cancelled", async () => {
  const { host, connection } = world();
  const { summary } = await exportAll({ connection, definition: definition(), source: people(10), host, signal: AbortSignal.abort() });
  assert.equal(summary.result, "cancelled");
  assert.equal(summary.stop, undefined);
});
