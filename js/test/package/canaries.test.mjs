// Marked values go through runs full of faults, in which account and network echo whatever they were sent. Then all that
// a host may log, show or store is searched: the key may be in one header, people's values in bodies of imports only.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, it } from "node:test";
import { api, csv, defaultSeed, definition, HOST, installed } from "./helpers.mjs";
import { folder, memoryStore, STATE_KEY, timed, wrapped } from "./timed.mjs";

const { fileStore } = await import(pathToFileURL(join(installed, "dist", "entry/node.js")).href);

const KEY = "canarykey-4711-0815";
const MARKS = { key: "canarykey", address: "canaryperson", first: "Canaryfirst", last: "Canarylast", phone: "4915255501", tag: "canarytag", city: "Canarytown", secret: STATE_KEY };

const IDS = ["EMail", "First", "Last", "Phone", "Tag", "City"];
const mapping = { fields: [{ field: "City", column: "City" }], tags: ["segment", { column: "Tag" }] };

/** Good, broken and doubled profiles, each with all marks. */
function segment(count) {
  const address = (row) => {
    if (row % 10 === 3) return `canaryperson${row}@@canary.example`;
    if (row % 10 === 5) return `Canaryperson <canaryperson${row}@canary.example>`;
    if (row % 10 === 7) return `canaryperson${row - 1}@canary.example`;
    if (row % 50 === 9) return `canaryperson${row}`;
    return `canaryperson${row}@canary.example`;
  };
  const rows = Array.from({ length: count }, (_, row) => [address(row), `Canaryfirst${row}`, "Canarylast", `+49152555010${row % 10}`, "canarytag", "Canarytown"]);
  return csv(IDS, ...rows);
}

/** Everything that is reachable from a value, as text; bytes are read as text, errors with message, stack and cause. */
function textOf(value, seen = new Set()) {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  if (seen.has(value)) return "";
  seen.add(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  const parts = value instanceof Map || value instanceof Set ? [...value].map((each) => textOf(each, seen)) : [];
  // Not only what is enumerable: an error's cause is not.
  for (const name of Object.getOwnPropertyNames(value)) parts.push(name, textOf(value[name], seen));
  return parts.join("\n");
}

/**
 * The names of the marks that are in a text, in whatever letters, as hexadecimal numbers or as base64. Names, since what
 * a failed test says is on the console that the next one listens to.
 */
function leaks(value, names = Object.keys(MARKS)) {
  const text = textOf(value).toLowerCase();
  const forms = (mark) => [mark, Buffer.from(mark).toString("hex"), ...[0, 1, 2].map((shift) => base64Core(mark, shift))];
  return names.filter((name) => forms(MARKS[name]).some((form) => text.includes(form.toLowerCase())));
}

/** What base64 makes of a mark that stands so many bytes behind a boundary, without its edges, which depend on others. */
function base64Core(mark, shift) {
  const text = Buffer.from("\0".repeat(shift) + mark).toString("base64").replaceAll("=", "");
  return text.slice(shift === 0 ? 0 : shift + 1, -2);
}

/** Runs something, and gives what it wrote to the console or warned of. */
async function heard(work) {
  const told = [];
  const streams = [process.stdout, process.stderr];
  const originals = streams.map(({ write }) => write);
  const warn = (warning) => told.push(textOf(warning));
  process.on("warning", warn);
  for (const [at, stream] of streams.entries()) {
    stream.write = (chunk, ...more) => {
      told.push(textOf(chunk));
      return originals[at].call(stream, chunk, ...more);
    };
  }
  try {
    await work();
  } finally {
    for (const [at, stream] of streams.entries()) stream.write = originals[at];
    process.removeListener("warning", warn);
  }
  return told;
}

/** Runs an export to its end, whatever that is; gives all that it told. */
async function toldBy(options) {
  const told = [];
  let run;
  try {
    run = api.exportSegment(options);
    for await (const event of run) told.push(event);
    told.push(await run.summary);
  } catch (error) {
    told.push(error);
  }
  return told;
}

const bodyText = ({ body }) => (body ? Buffer.from(body).toString() : "");
const bulk = (init) => init.method === "POST";

/** Answers some of the imports in this way: the second, and then every third. */
const some = (answer) => {
  let imports = 0;
  return (url, init) => {
    if (!bulk(init)) return undefined;
    imports += 1;
    return imports % 3 === 2 ? answer(init, url) : undefined;
  };
};

/** What an account that debugs in public would answer. */
const echo = (init) => JSON.stringify({ message: `No: ${init.headers["Api-Token"]}`, received: bodyText(init), errors: [{ title: bodyText(init).slice(0, 3_000), detail: init.headers["Api-Token"] }] });

const contactsIn = (init) => JSON.parse(bodyText(init)).contacts;

/** A refusal that names some contacts, and says of each what `say` gives. */
function naming(say) {
  const refused = new Set();
  return some((init) => {
    const contacts = contactsIn(init);
    // The same contact is named once; what is left of the batch then passes.
    const failureReasons = contacts.flatMap((contact, index) => (index % 60 === 7 && !refused.has(contact.email) ? [{ contact: index + 1, failureReason: say(contact) }] : []));
    for (const { contact } of failureReasons) refused.add(contacts[contact - 1].email);
    return failureReasons.length > 0 ? Response.json({ success: 0, message: "refused", failureReasons }, { status: 400 }) : undefined;
  });
}

const thrown = (init) => {
  const cause = Object.assign(new Error(`request ${JSON.stringify(init.headers)} ${bodyText(init)}`), { code: "ECONNRESET", headers: init.headers });
  return Promise.reject(new TypeError(`fetch failed: Api-Token: ${init.headers["Api-Token"]} ${bodyText(init).slice(0, 500)}`, { cause }));
};

const page = (init) => new Response(`<html><pre>${bodyText(init)} ${init.headers["Api-Token"]}</pre></html>`, { status: 200, headers: { "Content-Type": "text/html" } });

/** Each is what stands before the account; what it gives is the answer. */
const FAULTS = {
  "no fault": () => undefined,
  "a page instead of an answer": some(page),
  "a page for ever": (_, init) => (bulk(init) ? page(init) : undefined),
  "429 with an echo": some((init) => new Response(echo(init), { status: 429, headers: { "Retry-After": "3" } })),
  "500 with an echo": some((init) => new Response(echo(init), { status: 500 })),
  "500 with an echo for ever": (_, init) => new Response(echo(init), { status: 500 }),
  "400 with an echo for ever": (_, init) => (bulk(init) ? new Response(echo(init), { status: 400 }) : undefined),
  "400 with texts for ever": (_, init) => (bulk(init) ? Response.json({ success: 0, failureReasons: contactsIn(init).map(({ email }) => `${email} is wrong`) }, { status: 400 }) : undefined),
  "402 with an echo": some((init) => new Response(echo(init), { status: 402 })),
  "403 with an echo for ever": (_, init) => (bulk(init) ? new Response(echo(init), { status: 403 }) : undefined),
  "404 with an echo": some((init) => new Response(echo(init), { status: 404 })),
  "a redirect that holds the key": some((init) => new Response("", { status: 302, headers: { Location: `https://elsewhere.example/?key=${init.headers["Api-Token"]}` } })),
  "200 without a batch, with an echo": some((init) => new Response(echo(init), { status: 200 })),
  "reasons that quote the address": naming(({ email }) => `${email} is not an address`),
  "reasons that quote the address encoded": naming(({ email }) => `email=${encodeURIComponent(email)} is not an address`),
  "reasons that quote the name": naming(({ first_name }) => `first_name ${first_name} is not allowed`),
  "reasons that quote the phone": naming(({ phone }) => `phone ${phone} is not allowed`),
  "an error that holds the request": some(thrown),
  "an error that holds the request, from the first": (_, init) => thrown(init),
  "a host that throws at once": (_, init) => {
    if (bulk(init)) throw Object.assign(new Error(`broken: ${init.headers["Api-Token"]}`), { init });
  },
};

function worldOf(fault, knobs = {}) {
  const world = timed({ seed: { ...defaultSeed(), key: KEY }, knobs, intercept: fault });
  assert.equal(world.connection.apiKey, KEY);
  return world;
}

/** Nothing goes anywhere but to the account, and everything in its place. */
function assertSent(sent) {
  for (const { url, method, headers, body } of sent) {
    const { "Api-Token": key, ...others } = headers;
    assert.equal(key, KEY);
    assert.ok(url.startsWith(`https://${HOST}/api/3/`));
    assert.deepEqual(leaks([url, method, others]), []);
    assert.deepEqual(leaks(bodyText({ body }), ["key", "secret"]), []);
  }
}

const withoutValues = (told) =>
  told.map((event) => (event.type === "rejections" ? { ...event, rejections: event.rejections.map((rejection) => ({ ...rejection, value: undefined })) } : event));

describe("canaries", () => {
  it("would be found, if they were anywhere", () => {
    const hidden = new Error("outer", { cause: Object.assign(new Error("inner"), { context: { headers: { "Api-Token": KEY } } }) });
    assert.deepEqual(leaks(hidden), ["key"]);
    assert.deepEqual(leaks({ bytes: new TextEncoder().encode("..CANARYPERSON1@canary.example") }), ["address"]);
    for (const before of ["", "x", "xy"]) assert.deepEqual(leaks(Buffer.from(`${before}${KEY} and more`).toString("base64")), ["key"], before);
    assert.deepEqual(leaks(["c***@c***", "C***"]), []);
  });

  for (const [name, fault] of Object.entries(FAULTS)) {
    it(`are nowhere but in their places: ${name}`, async () => {
      for (const reveal of [false, true]) {
        const world = worldOf(fault);
        const path = folder();
        const stored = [];
        const before = (state) => void stored.push({ ...state, rejections: reveal ? [] : state.rejections });
        const checkpoints = { store: wrapped(fileStore(path), world.time, { before }), key: STATE_KEY };
        let told;
        const console = await heard(async () => {
          told = await toldBy({ connection: world.connection, host: world.host, definition: definition({}, mapping), source: segment(3_000), reveal, checkpoints });
        });
        assert.ok(world.sent.length > 0 && told.length > 0);
        assert.deepEqual(leaks(reveal ? withoutValues(told) : told), [], "in what the run told");
        assert.deepEqual(leaks(told, ["key", "secret"]), [], "the key in what the run told");
        assert.deepEqual(leaks(stored), [], "in what was stored");
        assert.deepEqual(leaks(console), [], "on the console");
        for (const file of readdirSync(path)) {
          // Rejected rows hold values in full where that was asked for.
          const marks = reveal && file.startsWith("rejected") ? ["key", "secret"] : undefined;
          assert.deepEqual(leaks(storedText(join(path, file)), marks), [], file);
        }
        assertSent(world.sent);
        if (name === "no fault") assert.deepEqual(leaks(world.imports().map(bodyText)), ["address", "first", "last", "phone", "tag", "city"]);
      }
    });
  }

  for (const knobs of [{ failureSpelling: "upper-case" }, { failureSpelling: "unknown-address" }, { infoArrays: "partial" }, { duplicates: "refuse" }, { faults: [{ kind: "failed", nth: 2 }] }]) {
    it(`are nowhere whatever an outcome names: ${JSON.stringify(knobs)}`, async () => {
      const seed = { ...defaultSeed(), key: KEY, exclusions: [{ phrase: "@canary.example", match: "end" }] };
      const world = timed({ seed, knobs });
      const store = memoryStore();
      const checkpoints = { store: wrapped(store, world.time), key: STATE_KEY };
      const told = await toldBy({ connection: world.connection, host: world.host, definition: definition({}, mapping), source: segment(1_000), checkpoints });
      assert.deepEqual([told.at(-1).read, told.at(-1).delivered], [1_000, 0]);
      assert.deepEqual(leaks([told, store.kept]), []);
      assertSent(world.sent);
    });
  }

  it("are in no error of a state that cannot be stored, claimed or let go", async () => {
    const broken = () => Promise.reject(new Error("the disk is full"));
    const claim = { fence: 1, commit: broken, crashed: async () => undefined, end: async () => undefined, release: async () => undefined };
    const stores = { commit: { claim: async () => claim }, claim: { claim: broken }, release: { claim: async () => ({ ...claim, release: broken }) } };
    for (const [name, store] of Object.entries(stores)) {
      const world = worldOf(FAULTS["no fault"]);
      const told = await toldBy({ connection: world.connection, host: world.host, definition: definition({}, mapping), source: segment(600), checkpoints: { store, key: STATE_KEY } });
      assert.deepEqual(leaks(told), [], name);
      assert.equal(world.imports().length, 0, name);
    }
  });

  it("are in no error of a call that is refused at once", () => {
    const refused = [
      { connection: { host: HOST, apiKey: `${KEY}\n` }, definition: definition() },
      { connection: { host: HOST, apiKey: `${KEY} ${KEY}` }, definition: definition() },
      { connection: { host: "elsewhere.example", apiKey: KEY }, definition: definition() },
      { connection: { host: HOST, apiKey: KEY }, definition: definition({ host: "other.api-us1.com" }) },
      { connection: { host: HOST, apiKey: KEY, sandbox: "http://192.168.1.1:80" }, definition: definition() },
      { connection: { host: HOST, apiKey: KEY }, definition: definition(), checkpoints: { store: memoryStore(), key: "canarykey" } },
    ];
    let thrownOnes = 0;
    for (const options of refused) {
      try {
        api.exportSegment({ source: segment(1), host: { fetch: () => new Promise(() => undefined) }, ...options }).summary.catch(() => undefined);
      } catch (error) {
        thrownOnes += 1;
        assert.deepEqual(leaks(error), []);
      }
    }
    assert.ok(thrownOnes >= 5);
  });

  it("are in no error of an account that cannot be looked at", async () => {
    for (const fault of [(_, init) => thrown(init), (_, init) => new Response(echo(init), { status: 403 }), (_, init) => page(init)]) {
      const { connection, host } = worldOf(fault);
      const told = [await api.testConnection(connection, host).catch((error) => error), await api.describeAccount(connection, host).catch((error) => error)];
      assert.deepEqual(leaks(told), []);
    }
  });
});

/** A file's text; of a state also what its checkpoint is in bytes. */
function storedText(path) {
  const text = readFileSync(path, "latin1");
  if (!/state\.\d+$/u.test(path)) return text;
  return [text, Buffer.from(JSON.parse(text).checkpoint, "base64")];
}
