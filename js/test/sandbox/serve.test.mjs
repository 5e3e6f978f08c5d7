// The seed, the clock options, the status page, the control endpoints and the server on Node.
import assert from "node:assert/strict";
import test from "node:test";
import { call, createSandbox, defaultSeed, get, people, quiet, send, serveSandbox } from "./helpers.mjs";

const local = async (sandbox, method, path, body, headers = {}) => {
  const response = await sandbox.fetch(new Request(`http://127.0.0.1${path}`, {
    method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } }),
  }));
  return { status: response.status, headers: response.headers, text: await response.text() };
};

test("a wrong seed is refused with the path of each wrong key", () => {
  const seed = {
    lists: [{ id: 1, name: "L" }, { id: 1, name: "M" }],
    contacts: [{ email: "a@example.com", lists: { 7: "active" }, fields: { 3: "x" } }],
  };
  assert.throws(() => createSandbox({ seed }), (error) => {
    for (const path of ["seed.lists[1].id", "seed.contacts[0].lists.7", "seed.contacts[0].fields.3"]) assert.ok(error.message.includes(path), path);
    return true;
  });
  const wrong = [
    [{ list: [] }, "seed.list: there is no such key"], [{ lists: [{}] }, "seed.lists[0].name: is missing"],
    [{ fields: [{ title: "F", type: "colour" }] }, "seed.fields[0].type: must be one of"], [{ contacts: [{ email: 3 }] }, "seed.contacts[0].email"],
    [{ contacts: [{ email: "a@b.de", lists: { 1: "gone" } }] }, "seed.contacts[0].lists.1: must be one of"],
    [{ exclusions: [{ phrase: "x", match: "start" }] }, "seed.exclusions[0].match"], [{ contactLimit: -1 }, "seed.contactLimit"], ["text", "seed: must be an object"],
  ];
  for (const [each, text] of wrong) assert.throws(() => createSandbox({ seed: each }), (error) => error.message.includes(text), text);
});

test("a seed replaces the default data; items without an id do not take a given one", () => {
  const sandbox = createSandbox({ seed: { key: "mine", lists: [{ name: "A" }, { id: 1, name: "B" }] } });
  assert.equal(sandbox.key, "mine");
  assert.equal(sandbox.account.contactCount, 0);
  assert.deepEqual(sandbox.account.lists.map(({ id, name }) => [id, name]), [[2, "A"], [1, "B"]]);
  const more = createSandbox({ seed: { ...defaultSeed(), generate: { lists: 30, fields: 30 } } });
  assert.equal(more.account.lists.length, 35);
  assert.equal(more.account.fields.length, 41);
});

test("clocks: virtual, given, real with speed", async () => {
  let now = 1_000_000;
  const given = createSandbox({ now: () => now });
  await send(given, people(2));
  now += 6_000;
  assert.equal(given.account.batches[0].status, "completed");
  assert.throws(() => given.advance(1));
  assert.throws(() => createSandbox().advance(1), /virtual/u);
  assert.throws(() => createSandbox({ speed: 0 }), /speed/u);
  const fast = createSandbox({ speed: 200 });
  await send(fast, people(2));
  await new Promise((done) => setTimeout(done, 60));
  assert.equal(fast.account.batches[0].status, "completed");
});

test("latency: waited on the real clock, added to the virtual one", async () => {
  const real = createSandbox({ latencyMillis: 40 });
  const start = performance.now();
  await get(real, "/users/me");
  assert.ok(performance.now() - start >= 35);
  const virtual = createSandbox({ clock: "virtual", latencyMillis: 500 });
  await get(virtual, "/users/me");
  await get(virtual, "/users/me");
  const [first, second] = virtual.account.requests;
  assert.equal(second.time - first.time, 500);
});

test("the request log has time, method, path and status, and is bounded", async () => {
  const sandbox = quiet();
  await get(sandbox, "/contacts?limit=1");
  assert.deepEqual(Object.keys(sandbox.account.requests[0]), ["time", "method", "path", "status"]);
  assert.equal(sandbox.account.requests[0].path, "/api/3/contacts?limit=1");
  for (let index = 0; index < 2_500; index += 1) await get(sandbox, "/users/me");
  assert.equal(sandbox.account.requests.length, 1_000);
  assert.equal(sandbox.account.requestCount, 2_501);
});

test("the status page escapes text and needs no script", async () => {
  const sandbox = quiet({ seed: { lists: [{ id: 1, name: "<script>alert(1)</script>" }] } });
  await get(sandbox, "/contacts?search=<b>");
  const { status, headers, text } = await local(sandbox, "GET", "/");
  assert.equal(status, 200);
  assert.match(headers.get("content-type"), /^text\/html/u);
  assert.ok(!text.includes("<script>"));
  assert.ok(text.includes("&lt;script&gt;"));
  assert.ok(text.includes("prefers-color-scheme"));
});

test("state and knobs over HTTP, on loopback only and not from other pages", async () => {
  const sandbox = quiet();
  const state = JSON.parse((await local(sandbox, "GET", "/__sandbox/state?after=2&limit=2")).text);
  assert.deepEqual(state.contacts.map((contact) => contact.id), [3, 4]);
  assert.equal(state.contactCount, 7);
  const turned = await local(sandbox, "POST", "/__sandbox/knobs", { era: 2021 });
  assert.equal(JSON.parse(turned.text).era, 2021);
  assert.equal(sandbox.knobs.era, 2021);
  const wrong = await local(sandbox, "POST", "/__sandbox/knobs", { era: 2020, optionsStatus: 404 });
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /knobs\.era/u);
  assert.equal(sandbox.knobs.optionsStatus, 405);
  assert.equal((await local(sandbox, "POST", "/__sandbox/knobs", { era: 2026 }, { Origin: "https://evil.example" })).status, 403);
  assert.equal((await local(sandbox, "POST", "/__sandbox/knobs", { era: 2026 }, { "Content-Type": "text/plain" })).status, 403);
  assert.equal((await local(sandbox, "POST", "/__sandbox/advance", { millis: 5 })).status, 200);
  assert.equal((await local(sandbox, "POST", "/__sandbox/advance", { millis: "x" })).status, 400);
  assert.equal((await call(sandbox, "GET", "/__sandbox/state")).status, 404);
});

test("served on Node: answers, breaks connections, says when a port is taken, stays on loopback", async () => {
  const served = await serveSandbox({ port: 0, knobs: { generalPerSecond: 0, faults: [{ kind: "reset" }] } });
  try {
    const headers = { "Api-Token": served.key };
    const me = await fetch(`${served.url}/api/3/users/me`, { headers });
    assert.equal((await me.json()).user.id, "1");
    const body = JSON.stringify({ contacts: people(2) });
    await assert.rejects(fetch(`${served.url}/api/3/import/bulk_import`, { method: "POST", headers, body }), TypeError);
    const queued = await fetch(`${served.url}/api/3/import/bulk_import`, { method: "POST", headers, body });
    assert.equal((await queued.json()).queued_contacts, 2);
    assert.equal(served.sandbox.account.batches.length, 1);
    served.sandbox.knobs.faults = [{ kind: "truncated", on: "any" }];
    const broken = await fetch(`${served.url}/api/3/lists`, { headers });
    assert.equal(broken.status, 200);
    await assert.rejects(broken.text(), TypeError);
    await assert.rejects(serveSandbox({ port: Number(new URL(served.url).port) }), /is taken/u);
    await assert.rejects(serveSandbox({ host: "0.0.0.0" }), /loopback only/u);
  } finally {
    await served.close();
  }
});
