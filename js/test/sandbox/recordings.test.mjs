// Replays recorded traffic of a real account and compares status, headers and the shape of the bodies.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { call, createSandbox } from "./helpers.mjs";

const FOLDER = new URL("../../../tests/data/recordings/", import.meta.url);

// Keys that the sandbox answers differently on purpose, as "file: path", with the reason.
const DELIBERATE = {};

// Named by the transport or by the server that the handler runs on, not by the service.
const TRANSPORT = new Set(["date", "content-length", "connection", "transfer-encoding"]);

test("the recordings are there", () => {
  assert.ok(existsSync(FOLDER), `the folder with the recordings is missing: ${FOLDER.pathname}`);
  assert.equal(files().length, 13);
});

function files() {
  return existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith(".json")) : [];
}

function kind(value) {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** Every difference in keys, their order and JSON types. */
function differences(expected, actual, path) {
  if (kind(expected) !== kind(actual)) return [`${path}: ${kind(expected)} recorded, ${kind(actual)} answered`];
  if (Array.isArray(expected)) {
    if ((expected.length === 0) !== (actual.length === 0)) return [`${path}: ${expected.length} elements recorded, ${actual.length} answered`];
    return actual.flatMap((each, index) => differences(expected[Math.min(index, expected.length - 1)], each, `${path}[]`));
  }
  if (kind(expected) !== "object") return [];
  const keys = Object.keys(expected);
  const order = Object.keys(actual);
  const found = [];
  if (keys.join() !== order.join()) found.push(`${path}: keys ${keys.join()} recorded, ${order.join()} answered`);
  for (const key of keys) if (key in actual) found.push(...differences(expected[key], actual[key], `${path}.${key}`));
  return found;
}

/** Learns which id of the sandbox stands for which recorded id. */
function learnIds(expected, actual, ids) {
  if (Array.isArray(expected)) for (const [index, each] of expected.entries()) learnIds(each, actual?.[index], ids);
  else if (kind(expected) === "object") {
    for (const [key, value] of Object.entries(expected)) {
      if (key === "id" && typeof actual?.id === "string") ids.set(value, actual.id);
      else learnIds(value, actual?.[key], ids);
    }
  }
}

function withIds(value, ids) {
  if (Array.isArray(value)) return value.map((each) => withIds(each, ids));
  if (kind(value) === "object") return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withIds(each, ids)]));
  return ids.get(value) ?? value;
}

for (const file of files()) {
  test(`replays ${file}`, async () => {
    const sandbox = createSandbox({ clock: "virtual", seed: {}, knobs: { era: 2021 } });
    const ids = new Map();
    for (const { request, response } of JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"))) {
      // Only behind `/api/3`, whose 3 is no id.
      const path = `/api/3${request.path.slice(6).split("/").map((part) => ids.get(part) ?? part).join("/")}`;
      const answered = await call(sandbox, request.method, path, request.body === "" ? undefined : withIds(request.body, ids));
      sandbox.advance(1_000);
      const name = `${file}: ${request.method} ${request.path}`;
      assert.equal(answered.status, response.status, name);
      const found = differences(response.body, answered.json, "body").filter((each) => !Object.hasOwn(DELIBERATE, `${file}: ${each}`));
      assert.deepEqual(found, [], name);
      for (const [header, value] of Object.entries(response.headers)) {
        if (TRANSPORT.has(header.toLowerCase())) continue;
        assert.notEqual(answered.headers.get(header), null, `${name}: header ${header}`);
        if (/^(access-control|cache-control|content-type|expires|pragma|server|x-content-type)/iu.test(header)) {
          assert.equal(answered.headers.get(header), value, `${name}: header ${header}`);
        }
      }
      const recordedCors = Object.keys(response.headers).some((header) => header.toLowerCase().startsWith("access-control"));
      assert.equal(answered.headers.has("access-control-allow-origin"), recordedCors, `${name}: CORS`);
      assert.ok(!/[^\\]\//u.test(answered.text), `${name}: every slash is escaped`);
      learnIds(response.body, answered.json, ids);
    }
  });
}
