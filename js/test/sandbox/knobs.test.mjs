// Every knob has an effect: one test per row of the UNKNOWN register and per fault.
import assert from "node:assert/strict";
import test from "node:test";
import { call, createSandbox, DEFAULT_KNOBS, defaultSeed, get, info, people, post, quiet, send, sendAndFinish } from "./helpers.mjs";

const one = (contact) => [{ email: "new@example.net", ...contact }];
const covered = new Set(["era", "optionsStatus", "invalidToken", "throttleBody", "throttleStatus", "retryAfter", "bulkScope", "rateWindow",
  "generalPerSecond", "bulkPerMinute", "singlePerMinute", "singleLimitText", "errorEnvelope"]); // errors.test.mjs, rate.test.mjs, imports.test.mjs

/** A test per setting, each with a fresh sandbox; notes which knobs were turned. */
function knob(title, settings, check) {
  for (const [values, expected] of settings) {
    for (const name of Object.keys(values)) covered.add(name);
    test(`${title}: ${JSON.stringify(values)}`, () => check(quiet({ knobs: values }), expected));
  }
}

const limited = (contactLimit) => quiet({ seed: { ...defaultSeed(), contactLimit: 8 }, knobs: { contactLimit } });
covered.add("contactLimit");
for (const [contactLimit, expected] of [
  ["accept", [200, "completed", 2, 0]], ["failure", [200, "completed", 1, 1]], ["batch-failed", [200, "failed", 0, 0]], ["refuse", [400]],
]) {
  test(`U4 contact limit: ${contactLimit}`, async () => {
    const sandbox = limited(contactLimit);
    const queued = await send(sandbox, people(2));
    sandbox.advance(10_000);
    const after = queued.status === 200 ? (await info(sandbox, queued.json.batchId)).json : undefined;
    assert.deepEqual(after === undefined ? [queued.status] : [200, after.status, after.success.length, after.failure.length], expected);
  });
}

knob("U5 expired account", [
  [{ accountState: "expired-html" }, [200, /^text\/html/u]], [{ accountState: "expired-redirect" }, [302, /./u]], [{ accountState: "expired-forbidden" }, [403, /json/u]],
], async (sandbox, [status, type]) => {
  for (const answered of [await get(sandbox, "/users/me"), await send(sandbox, people(2))]) {
    assert.equal(answered.status, status);
    assert.match(answered.headers.get("content-type"), type);
  }
});

knob("U8 oversize", [[{ oversize: 400 }, 400], [{ oversize: 413 }, 413]], async (sandbox, status) => {
  for (const refused of [await send(sandbox, people(251)), await post(sandbox, "/import/bulk_import", " ".repeat(400_000))]) {
    assert.equal(refused.status, status);
    if (status === 400) assert.equal(typeof refused.json.failureReasons[0], "string");
    else assert.match(refused.headers.get("content-type"), /html/u);
  }
});
knob("edge limit", [[{ edgeLimitBytes: 100 }, 413]], async (sandbox, status) => assert.equal((await send(sandbox, people(10))).status, status));

knob("U10 index", [
  [{ failureIndex: "from-1" }, 2], [{ failureIndex: "from-0" }, 1], [{ failureIndex: "out-of-range" }, 4], [{ failureIndex: "not-a-number" }, "unknown"],
], async (sandbox, index) => assert.equal((await send(sandbox, [...people(1), {}])).json.failureReasons[0].contact, index));

knob("wording", [[{ failureWording: "docs" }, "Field‘ email’ incorrect format"], [{ failureWording: "live" }, "Field 'email' incorrect format"]], async (sandbox, text) => {
  const { json } = await send(sandbox, [{ email: "bad" }]);
  assert.equal(json.failureReasons[0].failureReason, text);
  assert.equal(json.message.includes("failure Reasons"), text.includes("‘"));
});

knob("U11 fields of unsubscribed contacts", [[{ updateUnsubscribed: false }, "Una"], [{ updateUnsubscribed: true }, "X"]], async (sandbox, name) => {
  const email = "una.unsubscribed@example.com";
  const { failure } = await sendAndFinish(sandbox, [{ email, first_name: "X", subscribe: [{ listid: 1 }] }]);
  assert.deepEqual(failure, [email]);
  assert.equal(sandbox.account.contact(email).firstName, name);
  assert.equal(sandbox.account.contact(email).lists[1], "unsubscribed");
});

knob("U12 address check", [
  [{ addressCheck: "rules" }, ["400", "later"]], [{ addressCheck: "at-once" }, ["400", "400"]], [{ addressCheck: "later" }, ["later", "later"]],
], async (sandbox, expected) => {
  const seen = [];
  for (const email of ["invalid.email@invalidDomain", "invalid'character@example.com"]) {
    const queued = await send(sandbox, [{ email }]);
    if (queued.status === 200) {
      sandbox.advance(10_000);
      assert.deepEqual((await info(sandbox, queued.json.batchId)).json.failure, [email]);
    }
    seen.push(queued.status === 200 ? "later" : String(queued.status));
  }
  assert.deepEqual(seen, expected);
});

knob("U13 duplicates", [
  [{ duplicates: "last-wins" }, [1, "B"]], [{ duplicates: "first-wins" }, [1, "A"]], [{ duplicates: "count-twice" }, [2, "B"]], [{ duplicates: "refuse" }, undefined],
], async (sandbox, expected) => {
  const contacts = [{ email: "twin@example.net", first_name: "A" }, { email: "twin@example.net", first_name: "B" }];
  if (expected === undefined) {
    assert.equal((await send(sandbox, contacts)).status, 400);
    return;
  }
  const { success } = await sendAndFinish(sandbox, contacts);
  assert.deepEqual([success.length, sandbox.account.contact("twin@example.net").firstName], expected);
});

knob("U14 case", [[{ emailCase: "insensitive" }, 1], [{ emailCase: "sensitive" }, 2]], async (sandbox, count) => {
  const before = sandbox.account.contactCount;
  await sendAndFinish(sandbox, [{ email: "Case@example.net" }, { email: "case@example.net" }]);
  assert.equal(sandbox.account.contactCount - before, count);
});

knob("U15 blanks", [
  [{ blanks: "overwrite" }, ["", ""]], [{ blanks: "ignore" }, ["Ada", "Berlin"]], [{ blanks: "refuse" }, undefined],
], async (sandbox, expected) => {
  for (const blank of ["", null]) {
    const contacts = [{ email: "ada.active@example.com", first_name: blank, fields: [{ id: 6, value: blank }] }];
    if (expected === undefined) {
      assert.equal((await send(sandbox, contacts)).status, 400);
      continue;
    }
    await sendAndFinish(sandbox, contacts);
    const contact = sandbox.account.contact("ada.active@example.com");
    assert.deepEqual([contact.firstName, contact.fields[6]], expected);
  }
});

knob("U16 unknown option", [
  [{ unknownOption: "store" }, ["platinum", "||sports||chess||"]], [{ unknownOption: "ignore" }, [undefined, "||sports||"]], [{ unknownOption: "failure" }, undefined],
], async (sandbox, expected) => {
  const { failure } = await sendAndFinish(sandbox, one({ fields: [{ id: 2, value: "platinum" }, { id: 5, value: "||sports||chess||" }] }));
  assert.deepEqual(failure, expected === undefined ? ["new@example.net"] : []);
  const fields = sandbox.account.contact("new@example.net")?.fields;
  assert.deepEqual(fields === undefined ? undefined : [fields[2], fields[5]], expected);
});

for (const [name, wrong] of [["unknownField", { fields: [{ id: 999, value: "x" }] }], ["unknownList", { subscribe: [{ listid: 999 }] }]]) {
  knob(`U17 ${name}`, [[{ [name]: "ignore" }, "success"], [{ [name]: "failure" }, "failure"], [{ [name]: "refuse" }, "400"]], async (sandbox, expected) => {
    const queued = await send(sandbox, one(wrong));
    sandbox.advance(10_000);
    const after = queued.status === 200 ? (await info(sandbox, queued.json.batchId)).json : undefined;
    assert.equal(after === undefined ? String(queued.status) : after.success.length === 1 ? "success" : "failure", expected);
  });
}

knob("U18 long values", [
  [{ longValues: "accept", maxLength: 5 }, "abcdefgh"], [{ longValues: "truncate", maxLength: 5 }, "abcde"], [{ longValues: "refuse", maxLength: 5 }, undefined],
], async (sandbox, expected) => {
  const contacts = one({ first_name: "abcdefgh", fields: [{ id: 6, value: "abcdefgh" }] });
  if (expected === undefined) {
    assert.equal((await send(sandbox, contacts)).status, 400);
    return;
  }
  await sendAndFinish(sandbox, contacts);
  const contact = sandbox.account.contact("new@example.net");
  assert.deepEqual([contact.firstName, contact.fields[6]], [expected, expected]);
});
knob("U18 emoji", [[{ emoji: "accept" }, "Ö😀"], [{ emoji: "strip" }, "Ö"], [{ emoji: "refuse" }, undefined]], async (sandbox, expected) => {
  const queued = await send(sandbox, one({ first_name: "Ö😀" }));
  assert.equal(queued.status, expected === undefined ? 400 : 200);
  sandbox.advance(10_000);
  assert.equal(sandbox.account.contact("new@example.net")?.firstName, expected);
});
knob("U18 number of fields", [[{ maxFields: 0 }, 200], [{ maxFields: 1 }, 400]], async (sandbox, status) => {
  assert.equal((await send(sandbox, one({ fields: [{ id: 1, value: "1" }, { id: 6, value: "x" }] }))).status, status);
});

knob("U19 confirmation", [[{ confirmation: "none" }, "active"], [{ confirmation: "sent" }, "unconfirmed"]], async (sandbox, status) => {
  await sendAndFinish(sandbox, one({ subscribe: [{ listid: 1 }] }));
  assert.equal(sandbox.account.contact("new@example.net").lists[1], status);
});

knob("U20 arrays before the end", [[{ infoArrays: "empty" }, [0, 0]], [{ infoArrays: "partial" }, [2, 0]], [{ infoArrays: "absent" }, [undefined, undefined]]], async (sandbox, expected) => {
  const { batchId } = (await send(sandbox, people(4))).json;
  sandbox.advance(3_000);
  const { json } = await info(sandbox, batchId);
  assert.equal(json.status, "active");
  assert.deepEqual([json.success?.length, json.failure?.length], expected);
});

knob("U21 unknown batch", [[{ unknownBatch: "false" }, 200], [{ unknownBatch: 400 }, 400], [{ unknownBatch: 404 }, 404]], async (sandbox, status) => {
  const answered = await info(sandbox, "0641fbdd-f62f-4c2c-ba02-3a83d5d11ac9");
  assert.equal(answered.status, status);
  if (status === 200) assert.deepEqual(answered.json, { status: false, success: [], failure: [] });
});

knob("U22 memory of info", [[{ infoDays: 0 }, "completed"], [{ infoDays: 2 }, false]], async (sandbox, status) => {
  const { batchId } = await sendAndFinish(sandbox, people(2));
  sandbox.advance(3 * 86_400_000);
  assert.equal((await info(sandbox, batchId)).json.status, status);
});

knob("U23 ids in success", [[{ infoSuccess: "all" }, 2], [{ infoSuccess: "created" }, 1]], async (sandbox, count) => {
  assert.equal((await sendAndFinish(sandbox, [...people(1), { email: "ada.active@example.com" }])).success.length, count);
});

knob("U24 content types", [[{ importContentType: "html", bulkContentType: "json" }, /^text\/html; charset=UTF-8$/u], [{ importContentType: "json", bulkContentType: "html" }, /^application\/json$/u]], async (sandbox, type) => {
  const queued = await send(sandbox, people(2));
  assert.doesNotMatch(queued.headers.get("content-type"), type);
  assert.match((await info(sandbox, queued.json.batchId)).headers.get("content-type"), type);
  assert.match((await get(sandbox, "/import/bulk_import")).headers.get("content-type"), type);
});

knob("U26 duplicate tag", [[{ duplicateTag: "existing" }, 200], [{ duplicateTag: "refuse" }, 422]], async (sandbox, status) => {
  const answered = await post(sandbox, "/tags", { tag: { tag: "VIP", tagType: "contact" } });
  assert.equal(answered.status, status);
  if (status === 200) assert.equal(answered.json.tag.tag, "vip");
});

knob("U27 meaning of 0 and 3", [[{ statusMeaning: "docs" }, ["5", "4"]], [{ statusMeaning: "live" }, ["4", "5"]]], async (sandbox, [zero, three]) => {
  for (const [status, id] of [[0, zero], [3, three]]) {
    assert.deepEqual((await get(sandbox, `/contacts?status=${status}`)).json.contacts.map((contact) => contact.id), [id]);
  }
});

test("U28 callback: off, form, JSON; once, twice, late, lost", async () => {
  for (const name of ["callback", "callbackDelivery", "callbackDelayMillis"]) covered.add(name);
  for (const [knobs, expected, early] of [
    [{ callback: "off" }, 0, 0], [{ callback: "form" }, 1, 1], [{ callback: "json" }, 1, 1], [{ callback: "form", callbackDelivery: "twice" }, 2, 2],
    [{ callback: "form", callbackDelivery: "lost" }, 0, 0], [{ callback: "json", callbackDelivery: "late", callbackDelayMillis: 5_000 }, 1, 0],
  ]) {
    const calls = [];
    const sandbox = quiet({ knobs, callbackFetch: async (request) => (calls.push(request), new Response()) });
    const callback = { url: "www.your_web_server.com", requestType: "POST", params: [{ key: "k", value: "v" }], headers: [{ key: "X-Secret", value: "s" }] };
    await send(sandbox, people(2), { callback });
    sandbox.advance(6_000);
    assert.equal(calls.length, early, JSON.stringify(knobs));
    sandbox.advance(6_000);
    assert.equal(calls.length, expected, JSON.stringify(knobs));
    if (calls.length === 0) continue;
    assert.equal(calls[0].headers.get("x-secret"), "s");
    const text = await calls[0].text();
    assert.equal(knobs.callback === "json" ? JSON.parse(text).k : new URLSearchParams(text).get("k"), "v");
  }
});

test("U28 callback on the real clock comes without anybody looking", async () => {
  const called = new Promise((done) => {
    const sandbox = createSandbox({ speed: 200, knobs: { callback: "json" }, callbackFetch: async (request) => (done(request.method), new Response()) });
    void send(sandbox, people(2), { callback: { url: "https://example.com", requestType: "POST" } });
  });
  assert.equal(await called, "POST");
});

test("U28 callback by GET puts the params into the query; url and requestType are required", async () => {
  const calls = [];
  const sandbox = quiet({ knobs: { callback: "form" }, callbackFetch: async (request) => (calls.push(request.url), new Response()) });
  await send(sandbox, people(2), { callback: { url: "https://example.com/cb?a=1", requestType: "GET", params: [{ key: "k", value: "v" }] } });
  sandbox.advance(6_000);
  assert.deepEqual(calls, ["https://example.com/cb?a=1&k=v"]);
  assert.equal((await send(sandbox, people(2), { callback: { url: "https://example.com" } })).status, 400);
});

knob("U29 concurrency", [[{ concurrentBatches: 0 }, 3], [{ concurrentBatches: 1 }, 1], [{ concurrentBatches: 2 }, 2]], async (sandbox, done) => {
  for (let index = 0; index < 3; index += 1) await send(sandbox, people(2, 2 * index));
  sandbox.advance(6_000);
  assert.equal(sandbox.account.batches.filter((batch) => batch.status === "completed").length, done);
  sandbox.advance(6_000);
  assert.equal(sandbox.account.batches.filter((batch) => batch.status === "completed").length, Math.min(3, done * 3));
});
knob("U29 queue delay", [[{ queueDelayMillis: 0 }, 2], [{ queueDelayMillis: 5_000 }, 1]], async (sandbox, done) => {
  for (let index = 0; index < 2; index += 1) await send(sandbox, people(2, 2 * index));
  sandbox.advance(6_000);
  assert.equal(sandbox.account.batches.filter((batch) => batch.status === "completed").length, done);
});
knob("stages", [[{ waitingAfterMillis: 10, claimedAfterMillis: 20, activeAfterMillis: 30, completedAfterMillis: 40 }, ["waiting", "claimed", "active", "completed"]]], async (sandbox, stages) => {
  const { batchId } = (await send(sandbox, people(2))).json;
  for (const stage of stages) {
    sandbox.advance(10);
    assert.equal((await info(sandbox, batchId)).json.status, stage);
  }
});

knob("spelling and value of success", [[{ successKey: "Success", successValue: 5, queuedShortBy: 1 }, { Success: 5, queued_contacts: 1 }]], async (sandbox, expected) => {
  const { Success, queued_contacts, success } = (await send(sandbox, people(2))).json;
  assert.deepEqual({ Success, queued_contacts }, expected);
  assert.equal(success, undefined);
});
knob("skipped contacts", [[{ skipped: "failure" }, 1], [{ skipped: "neither" }, 0]], async (sandbox, count) => {
  assert.equal((await sendAndFinish(sandbox, [{ email: "excluded@example.com" }])).failure.length, count);
});
knob("spelling of failure", [[{ failureSpelling: "upper-case" }, ["EXCLUDED@EXAMPLE.COM"]], [{ failureSpelling: "unknown-address" }, ["excluded@example.com", "nobody.sent.this@example.com"]]], async (sandbox, failure) => {
  assert.deepEqual((await sendAndFinish(sandbox, [{ email: "excluded@example.com" }])).failure, failure);
});

// --- faults ---
covered.add("faults");
const outcome = async (promise) => promise.then((answered) => answered.status, (error) => (error instanceof TypeError ? "reset" : error));

test("a reset before and a lost answer after: applied 0 times and once", async () => {
  for (const [kind, applied] of [["reset", 0], ["lost", 1]]) {
    const sandbox = quiet({ knobs: { faults: [{ kind, nth: 2 }] } });
    assert.equal(await outcome(send(sandbox, people(2))), 200);
    assert.equal(await outcome(send(sandbox, one({}))), "reset");
    sandbox.advance(10_000);
    assert.equal(sandbox.account.contact("new@example.net")?.imports.length ?? 0, applied);
    assert.equal(await outcome(send(sandbox, one({}))), 200);
    sandbox.advance(10_000);
    assert.equal(sandbox.account.contact("new@example.net").imports.length, applied + 1);
    assert.equal(sandbox.account.requests[1].status, 0);
  }
});

test("a lost answer whose import is applied later", async () => {
  const sandbox = quiet({ knobs: { faults: [{ kind: "late", delayMillis: 30_000 }] } });
  assert.equal(await outcome(send(sandbox, one({}))), "reset");
  sandbox.advance(30_000);
  assert.equal(sandbox.account.contact("new@example.net"), undefined);
  sandbox.advance(6_000);
  assert.equal(sandbox.account.contact("new@example.net").imports.length, 1);
});

for (const [kind, status, type] of [
  ["bad-gateway", 502, /html/u], ["unavailable", 503, /html/u], ["gateway-timeout", 504, /html/u], ["server-error", 500, /html/u], ["cloudflare", 502, /json/u],
  ["maintenance", 200, /html/u], ["login", 200, /html/u], ["throttled", 429, /json/u], ["bulk-throttled", 400, /json/u], ["opaque", 400, /json/u],
  ["unauthorized", 401, /./u], ["payment", 402, /./u], ["forbidden", 403, /json/u], ["not-found", 404, /json/u], ["redirect", 302, /./u], ["too-large", 413, /html/u],
]) {
  test(`fault ${kind}: the answer is ${status}, nothing is applied, the next request passes`, async () => {
    const sandbox = quiet({ knobs: { faults: [{ kind }] } });
    const refused = await send(sandbox, one({}));
    assert.equal(refused.status, status);
    assert.match(refused.headers.get("content-type"), type);
    sandbox.advance(10_000);
    assert.equal(sandbox.account.contact("new@example.net"), undefined);
    assert.equal((await send(sandbox, one({}))).status, 200);
  });
}

test("fault throttled: the header is what the fault says", async () => {
  for (const retryAfter of ["7", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", undefined]) {
    const sandbox = quiet({ knobs: { faults: [{ kind: "throttled", ...(retryAfter === undefined ? {} : { retryAfter }) }] } });
    assert.equal((await send(sandbox, people(2))).headers.get("retry-after"), retryAfter ?? null);
  }
});

test("fault cloudflare: problem JSON", async () => {
  const { json } = await send(quiet({ knobs: { faults: [{ kind: "cloudflare" }] } }), people(2));
  assert.equal(json.cloudflare_error, true);
  assert.equal(json.error_code, 502);
  assert.equal(json.retry_after, 60);
});

test("faults: nth, times, forMillis, on", async () => {
  const sandbox = quiet();
  sandbox.knobs.faults = [{ kind: "unavailable", on: "other", nth: 2, times: 2 }];
  const seen = async (count) => {
    const statuses = [];
    for (let index = 0; index < count; index += 1) statuses.push((await get(sandbox, "/users/me")).status);
    return statuses;
  };
  assert.equal((await send(sandbox, people(2))).status, 200);
  assert.deepEqual(await seen(4), [200, 503, 503, 200]);
  sandbox.knobs.faults = [{ kind: "unavailable", on: "any", forMillis: 60_000 }];
  assert.deepEqual(await seen(2), [503, 503]);
  sandbox.advance(60_000);
  assert.deepEqual(await seen(2), [200, 200]);
});

for (const [kind, check] of [
  ["half-json", async (answered) => assert.throws(() => JSON.parse(answered.text))],
  ["drip", async (answered) => assert.equal(answered.json.success, 1)],
  ["no-batch-id", async (answered) => assert.ok(!("batchId" in answered.json))],
  ["not-accepted", async (answered) => assert.equal(answered.json.success, 0)],
]) {
  test(`fault ${kind}: the answer is damaged, the import applied`, async () => {
    const sandbox = quiet({ knobs: { faults: [{ kind, delayMillis: 0 }] } });
    await check(await send(sandbox, one({})));
    sandbox.advance(10_000);
    assert.equal(sandbox.account.contact("new@example.net").imports.length, 1);
  });
}

test("fault truncated: the body breaks off; fault endless: it never ends", async () => {
  await assert.rejects(send(quiet({ knobs: { faults: [{ kind: "truncated" }] } }), people(2)), TypeError);
  const sandbox = quiet({ knobs: { faults: [{ kind: "endless", on: "any" }] } });
  const response = await sandbox.fetch(new Request("https://x/api/3/users/me", { headers: { "Api-Token": sandbox.key } }));
  const reader = response.body.getReader();
  assert.ok((await reader.read()).value.length > 0);
  const silent = await Promise.race([reader.read(), new Promise((done) => setTimeout(done, 50, "silent"))]);
  assert.equal(silent, "silent");
  await reader.cancel();
});

test("fault same-batch-id: two imports, one id", async () => {
  const sandbox = quiet({ knobs: { faults: [{ kind: "same-batch-id", nth: 2 }] } });
  const [first, second] = [await send(sandbox, people(2)), await send(sandbox, people(2, 2))];
  assert.equal(first.json.batchId, second.json.batchId);
  sandbox.advance(10_000);
  assert.notEqual(sandbox.account.contact("person3@example.net"), undefined);
});

test("fault gone: info denies a batch it knows", async () => {
  const sandbox = quiet({ knobs: { faults: [{ kind: "gone", on: "info" }] } });
  const { batchId } = (await send(sandbox, people(2))).json;
  assert.equal((await info(sandbox, batchId)).status, 404);
  assert.equal((await info(sandbox, batchId)).status, 200);
});

for (const [fault, status, written] of [
  [{ kind: "failed" }, "failed", 0], [{ kind: "failed", applied: 1 }, "failed", 4], [{ kind: "interrupted" }, "interrupted", 2],
  [{ kind: "stuck-false" }, false, 0], [{ kind: "stuck-waiting" }, "waiting", 0], [{ kind: "stuck-claimed" }, "claimed", 0], [{ kind: "stuck-active" }, "active", 2],
]) {
  test(`batch fault ${JSON.stringify(fault)}`, async () => {
    const sandbox = quiet({ knobs: { faults: [{ ...fault, nth: 2 }] } });
    await send(sandbox, [{ email: "first@example.net" }]);
    const { batchId } = (await send(sandbox, people(4))).json;
    const before = sandbox.account.contactCount;
    sandbox.advance(3_600_000);
    assert.equal((await info(sandbox, batchId)).json.status, status);
    assert.equal(sandbox.account.contactCount - before - 1, written);
    const { outstanding } = (await get(sandbox, "/import/bulk_import")).json;
    assert.equal(outstanding.length, String(fault.kind).startsWith("stuck") ? 1 : 0);
  });
}

test("batch fault reopened: active again after completed; new-status: a word nobody knows", async () => {
  const sandbox = quiet({ knobs: { faults: [{ kind: "reopened" }] } });
  const { batchId } = (await send(sandbox, people(2))).json;
  sandbox.advance(6_000);
  assert.equal((await info(sandbox, batchId)).json.status, "completed");
  assert.equal((await info(sandbox, batchId)).json.status, "active");
  const other = quiet({ knobs: { faults: [{ kind: "new-status" }] } });
  const second = (await send(other, people(2))).json.batchId;
  other.advance(2_000);
  assert.ok(![false, "waiting", "claimed", "active", "completed", "failed", "interrupted"].includes((await info(other, second)).json.status));
  other.advance(4_000);
  assert.equal((await info(other, second)).json.status, "completed");
});

test("a knob can be turned while the sandbox runs, a misspelt one throws", async () => {
  const sandbox = quiet();
  sandbox.knobs.invalidToken = "login";
  assert.equal((await call(sandbox, "GET", "/api/3/users/me", undefined, { "Api-Token": "x" })).status, 200);
  assert.throws(() => {
    sandbox.knobs.invalidTokn = "login";
  }, TypeError);
  assert.throws(() => quiet({ knobs: { era: 2020 } }), /knobs\.era: must be one of 2021, 2026/u);
  assert.throws(() => quiet({ knobs: { faults: [{ kind: "nonsense" }] } }), /knobs\.faults: \[0\]\.kind/u);
  assert.throws(() => quiet({ knobs: { eraa: 2021 } }), /knobs\.eraa: there is no such knob/u);
});

test("every knob was turned somewhere", () => {
  assert.deepEqual(Object.keys(DEFAULT_KNOBS).filter((name) => !covered.has(name)), []);
});
