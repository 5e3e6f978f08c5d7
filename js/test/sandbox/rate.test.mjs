// Both rate limits under a virtual clock.
import assert from "node:assert/strict";
import test from "node:test";
import { call, createSandbox, defaultSeed, get, people, send } from "./helpers.mjs";

const box = (knobs = {}, seed = defaultSeed()) => createSandbox({ clock: "virtual", seed, knobs });
const LIMIT_TEXT = (number) => ({
  success: 0,
  message: "Rate limit exceeded.",
  failureReasons: [`Up to ${number} imports may be requested per minute.Please batch contacts into larger requests, or retry this request in a minute.`],
});

/** How many of `count` requests pass. */
async function passing(count, ask) {
  let passed = 0;
  for (let index = 0; index < count; index += 1) if ((await ask(index)).status === 200) passed += 1;
  return passed;
}

test("five requests a second, then 429 with Retry-After and RateLimit-*", async () => {
  const sandbox = box();
  assert.equal(await passing(5, () => get(sandbox, "/users/me")), 5);
  const refused = await get(sandbox, "/users/me");
  assert.equal(refused.status, 429);
  assert.deepEqual(refused.json, {});
  assert.match(refused.headers.get("retry-after"), /^\d+$/u);
  assert.equal(refused.headers.get("ratelimit-limit"), "5");
  assert.equal(refused.headers.get("ratelimit-remaining"), "0");
  sandbox.advance(1_000 * Number(refused.headers.get("retry-after")));
  const passed = await get(sandbox, "/users/me");
  assert.equal(passed.status, 200);
  assert.equal(passed.headers.get("ratelimit-remaining"), "4");
});

test("general limit: fixed and sliding windows differ at the edge of a second (U7)", async () => {
  for (const [rateWindow, expected] of [["fixed", 5], ["sliding", 0]]) {
    const sandbox = box({ rateWindow });
    sandbox.advance(900);
    assert.equal(await passing(5, () => get(sandbox, "/users/me")), 5);
    sandbox.advance(200);
    assert.equal(await passing(10, () => get(sandbox, "/users/me")), expected, rateWindow);
  }
});

test("bulk limit: 100 a minute with several contacts, 400 and the exact text", async () => {
  const sandbox = box();
  assert.equal(await passing(100, (index) => send(sandbox, people(2, 2 * index))), 100);
  const refused = await send(sandbox, people(2));
  assert.equal(refused.status, 400);
  assert.deepEqual(refused.json, LIMIT_TEXT(100));
  assert.equal(refused.headers.get("retry-after"), null);
  // The other limits are separate ones.
  assert.equal((await send(sandbox, people(1))).status, 200);
  assert.equal((await get(sandbox, "/users/me")).status, 200);
  sandbox.advance(60_000);
  assert.equal((await send(sandbox, people(2))).status, 200);
});

test("bulk limit: 20 a minute with one contact (U9)", async () => {
  for (const singleLimitText of [20, 100]) {
    const sandbox = box({ singleLimitText });
    assert.equal(await passing(20, (index) => send(sandbox, people(1, index))), 20);
    const refused = await send(sandbox, people(1));
    assert.equal(refused.status, 400);
    assert.deepEqual(refused.json, LIMIT_TEXT(singleLimitText));
    assert.equal((await send(sandbox, people(2))).status, 200);
  }
});

test("bulk limit: fixed and sliding windows (U7)", async () => {
  for (const [rateWindow, expected] of [["fixed", 20], ["sliding", 0]]) {
    const sandbox = box({ rateWindow });
    sandbox.advance(55_000);
    assert.equal(await passing(20, (index) => send(sandbox, people(1, index))), 20);
    sandbox.advance(10_000);
    assert.equal(await passing(25, (index) => send(sandbox, people(1, index))), expected, rateWindow);
  }
});

test("bulk limit per account or per key (U6)", async () => {
  for (const [bulkScope, status] of [["account", 400], ["key", 200]]) {
    const sandbox = box({ bulkScope, singlePerMinute: 1 }, { ...defaultSeed(), keys: [{ key: "second" }] });
    assert.equal((await send(sandbox, people(1))).status, 200);
    const other = await call(sandbox, "POST", "/api/3/import/bulk_import", { contacts: people(1) }, { "Api-Token": "second" });
    assert.equal(other.status, status, bulkScope);
  }
});

test("the body, the status and the header of the general limit are knobs (U3)", async () => {
  const refusal = async (knobs) => {
    const sandbox = box({ generalPerSecond: 1, ...knobs });
    await get(sandbox, "/users/me");
    return get(sandbox, "/users/me");
  };
  assert.equal((await refusal({ throttleStatus: 503 })).status, 503);
  assert.match((await refusal({ throttleBody: "html" })).headers.get("content-type"), /^text\/html/u);
  assert.equal((await refusal({ retryAfter: "absent" })).headers.get("retry-after"), null);
  assert.equal((await refusal({ retryAfter: "soon" })).headers.get("retry-after"), "soon");
});

test("the recordings of 2021 have no rate-limit headers", async () => {
  const answered = await get(box({ era: 2021 }), "/users/me");
  assert.equal(answered.headers.get("ratelimit-limit"), null);
});

test("0 switches a limit off", async () => {
  const sandbox = box({ generalPerSecond: 0, bulkPerMinute: 0, singlePerMinute: 0 });
  assert.equal(await passing(50, () => get(sandbox, "/users/me")), 50);
  assert.equal(await passing(150, (index) => send(sandbox, people(2, index))), 150);
});
