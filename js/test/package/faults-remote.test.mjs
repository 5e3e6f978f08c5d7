// Faults of the way to the account, and of what others do to it meanwhile: encryption that fails, clocks that jump,
// two exports at once, a key that is changed, a field that is deleted, too many profiles that are wrong.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:https";
import { describe, it } from "node:test";
import { selfSigned } from "../kit/self-signed.mjs";
import { api, csv, defaultSeed, definition, exportAll } from "./helpers.mjs";
import { addresses, assertDone, cancelled, memoryStore, mostWithin, partsOf, timed, wrapped, written } from "./timed.mjs";

const MINUTE = 60_000;

/** As Node's `fetch` fails where a certificate is not to be trusted. */
const untrusted = (code) => Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error("certificate"), { code }) });

function assertStopped(summary, code, category, retryHelps) {
  assert.equal(summary.result, "blocked", JSON.stringify(summary));
  assert.deepEqual([summary.stop.code, summary.stop.category, summary.stop.retryHelps], [code, category, retryHelps], JSON.stringify(summary.stop));
  assert.ok(summary.stop.message.length > 10 && summary.stop.remedy.length > 10);
}

describe("fault 16: encryption that fails", () => {
  for (const code of ["CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT", "ERR_TLS_CERT_ALTNAME_INVALID", "ERR_SSL_WRONG_VERSION_NUMBER"]) {
    it(`stops before anything is sent: ${code}`, async () => {
      const world = timed({ intercept: () => Promise.reject(untrusted(code)) });
      const summary = (await exportAll(partsOf(world, definition(), 300))).summary;
      assertStopped(summary, "remote_unavailable", "remote", true);
      assert.ok(world.sent.length >= 2 && world.sent.length <= 5, `${world.sent.length} tries`);
      assert.ok(world.sent.every(({ url }) => url.startsWith("https://")), "never without encryption");
      assert.equal(summary.read, 0);
    });
  }

  it("stops a run in its middle, delivers nothing falsely, and goes on once it is mended", async () => {
    let mended = false;
    const failing = () => !mended && world.imports().length > 4;
    const world = timed({ intercept: () => (failing() ? Promise.reject(untrusted("CERT_HAS_EXPIRED")) : undefined) });
    const store = memoryStore();
    const parts = partsOf(world, definition(), 3_000, wrapped(store, world.time));
    const { summary } = await exportAll(parts);
    assertStopped(summary, "remote_unavailable", "remote", true);
    assert.ok(world.sent.every(({ url }) => url.startsWith("https://")));
    assert.ok(world.sent.length < 120, `${world.sent.length} requests`);
    world.time.now += MINUTE;
    assert.ok(summary.delivered <= 3_000 - written(world.sandbox, 3_000)[0]);
    mended = true;
    assertDone((await exportAll(parts)).summary, 3_000);
    assert.deepEqual(written(world.sandbox, 3_000), [0, 3_000, 0]);
  });

  it("never shows the key to a server with a certificate of its own making", async () => {
    const heard = [];
    const server = createServer(selfSigned("acme.api-us1.com"), (request, response) => {
      heard.push(request.headers);
      response.end("{}");
    });
    let knocks = 0;
    server.on("connection", () => (knocks += 1));
    await once(server.listen(0, "127.0.0.1"), "listening");
    try {
      const world = timed({ intercept: (url, init) => fetch(url.replace("https://acme.api-us1.com", `https://127.0.0.1:${server.address().port}`), init) });
      const { summary } = await exportAll(partsOf(world, definition(), 300));
      assertStopped(summary, "remote_unavailable", "remote", true);
      assert.deepEqual(heard, []);
      assert.ok(knocks >= 2 && knocks <= 5, `${knocks} connections`);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

describe("fault 38: a clock that jumps", () => {
  const HOUR = 60 * MINUTE;
  const PROFILES = 30_000;
  /** What is added to the true time, by the seconds since the start. */
  const JUMPS = {
    "an hour forward": (seconds) => (seconds < 20 ? 0 : HOUR),
    "an hour back": (seconds) => (seconds < 20 ? 0 : -HOUR),
    "an hour forward, and back again": (seconds) => (seconds > 20 && seconds < 50 ? HOUR : 0),
    "an hour back, and forward again": (seconds) => (seconds > 20 && seconds < 50 ? -HOUR : 0),
    "an hour forward, then two back, then right": (seconds) => (seconds < 15 ? 0 : seconds < 30 ? HOUR : seconds < 62 ? -HOUR : 0),
    "an hour to and fro every seven seconds": (seconds) => (Math.floor(seconds / 7) % 2) * HOUR,
  };

  for (const [name, jump] of Object.entries(JUMPS)) {
    it(`keeps the pace, and ends: ${name}`, async () => {
      const start = Date.UTC(2026, 10, 23);
      const world = timed({ jump: (now) => jump((now - start) / 1_000) });
      const { summary } = await exportAll(partsOf(world, definition(), PROFILES));
      assertDone(summary, PROFILES);
      assert.equal(mostWithin(world.imports().map(({ at }) => at), MINUTE), 100);
      assert.ok(mostWithin(world.sent.map(({ at }) => at), 1_000) <= 5);
      // Each jump costs a minute at most; without one it takes 80 seconds.
      assert.ok(world.time.now - start < 20 * MINUTE, `${(world.time.now - start) / MINUTE} minutes`);
    });
  }

  it("keeps the pace over a restart with a clock that is an hour behind", async () => {
    let behind = 0;
    const world = timed({ jump: () => -behind });
    const parts = partsOf(world, definition(), PROFILES, wrapped(memoryStore(), world.time));
    assert.equal((await cancelled(parts, ({ delivered }) => delivered > 15_000)).result, "cancelled");
    behind = HOUR;
    const from = world.time.now;
    assertDone((await exportAll(parts)).summary, PROFILES);
    assert.ok(mostWithin(world.imports().map(({ at }) => at), MINUTE) <= 100);
    assert.ok(world.time.now - from < 20 * MINUTE, `${(world.time.now - from) / MINUTE} minutes`);
  });
});

describe("fault 47: two exports to one account", () => {
  it("keep the account's pace together", async () => {
    const [each, all] = [20_000, addresses(40_000)];
    const world = timed();
    const half = (from) => csv(["EMail", "First", "Last", "Phone"], ...all.slice(from, from + each).map((email) => [email, "A", "B", ""]));
    const parts = (from) => ({ connection: world.connection, host: world.host, definition: definition(), source: half(from) });
    const ends = await Promise.all([exportAll(parts(0)), exportAll(parts(each))]);
    for (const { summary } of ends) assertDone(summary, each);
    assert.deepEqual(written(world.sandbox, all.length), [0, all.length, 0]);
    assert.equal(world.imports().length, 160, "nothing was sent that the account had to refuse");
    const pace = { imports: mostWithin(world.imports().map(({ at }) => at), MINUTE), requests: mostWithin(world.sent.map(({ at }) => at), 1_000) };
    assert.ok(pace.imports <= 100 && pace.requests <= 5, JSON.stringify(pace));
    // Together they are as fast as one, not slower.
    assert.ok(world.time.now - world.sent[0].at < 4 * MINUTE);
  });
});

describe("fault 49: a key that is changed in the middle", () => {
  it("stops the run, which goes on with the new key", async () => {
    const seed = { ...defaultSeed(), keys: [{ key: "the-new-key" }] };
    let changed = false;
    const refuse = (_, { method, headers }) => {
      changed ||= method === "POST" && world.imports().length > 6;
      return changed && headers["Api-Token"] === world.sandbox.key ? Response.json({ message: "Forbidden" }, { status: 403 }) : undefined;
    };
    const world = timed({ seed, intercept: refuse });
    const store = memoryStore();
    const parts = partsOf(world, definition(), 5_000, wrapped(store, world.time));
    const { summary } = await exportAll(parts);
    assertStopped(summary, "key_refused", "credentials", false);
    assert.equal(summary.unverified, 0);
    const refused = world.sent.filter(({ headers }) => headers["Api-Token"] === world.sandbox.key).length;
    const again = await exportAll(parts);
    assertStopped(again.summary, "key_refused", "credentials", false);
    assert.ok(world.sent.length - refused <= 3, "a key that is refused is not tried again and again");
    assertDone((await exportAll({ ...parts, connection: { ...world.connection, apiKey: "the-new-key" } })).summary, 5_000);
    assert.deepEqual(written(world.sandbox, 5_000), [0, 5_000, 0]);
  });
});

/** Deletes something in the account, as its owner would. */
async function remove({ sandbox, time }, path) {
  // Outside the second of the run's own requests, which share the account's pace.
  time.now += 2_000;
  const answer = await sandbox.fetch(new Request(`https://acme.api-us1.com/api/3/${path}`, { method: "DELETE", headers: { "Api-Token": sandbox.key } }));
  assert.equal(answer.status, 200);
}

describe("fault 46: a field or a list that is deleted", () => {
  const mapping = { fields: [{ field: "City", column: "First" }] };
  const cases = [
    ["a field", "fields/6", mapping, ["mapping.fields[0].field", "unknown_field"]],
    ["a field that is named by id", "fields/6", { fields: [{ id: 6, column: "First" }] }, ["mapping.fields[0].id", "unknown_field"]],
    ["the list", "lists/4", {}, ["list", "unknown_list"]],
  ];
  for (const [name, path, more, issue] of cases) {
    it(`between two runs, stops the second: ${name}`, async () => {
      const world = timed();
      const store = memoryStore();
      const parts = partsOf(world, definition({}, more), 10_000, wrapped(store, world.time));
      const first = await cancelled(parts, ({ queued }) => queued > 1_000);
      assert.equal(first.result, "cancelled");
      const [imports, before] = [world.imports().length, store.kept.checkpoint];
      await remove(world, path);
      const { summary } = await exportAll(parts);
      assertStopped(summary, "settings", "settings", false);
      assert.deepEqual(summary.stop.issues.map((each) => [each.path, each.code]), [issue]);
      assert.equal(world.imports().length, imports);
      assert.deepEqual(store.kept.checkpoint, before);
    });
  }

  const answers = ["ignore", "failure", "refuse"];
  for (const [name, path, knob] of [["a field", "fields/6", "unknownField"], ["the list", "lists/4", "unknownList"]]) {
    for (const answer of answers) {
      it(`in the middle of a run, makes nobody delivered who is not: ${name}, ${answer}`, async () => {
        const deletes = async (_, { method }) => {
          if (method === "POST" && world.imports().length === 4) await world.sandbox.fetch(new Request(`https://acme.api-us1.com/api/3/${path}`, { method: "DELETE", headers: { "Api-Token": world.sandbox.key } }));
        };
        const world = timed({ knobs: { [knob]: answer, generalPerSecond: 0 }, intercept: deletes });
        const { summary, rejections } = await exportAll(partsOf(world, definition({}, mapping), 5_000));
        assert.ok(summary.delivered <= written(world.sandbox, 5_000)[1], `${summary.delivered} delivered`);
        assert.equal(rejections.length, summary.rejected);
        assert.ok(world.imports().length < 60, `${world.imports().length} imports`);
        // Who is only told "failed" or nothing cannot know why; an account that names every contact of every batch says it.
        if (answer === "refuse") {
          assert.equal(summary.result, "blocked", JSON.stringify(summary));
          assert.ok(summary.rejected < 50, `${summary.rejected} rejected for what the account lacks`);
        }
      });
    }
  }
});

describe("fault 52: a mapping that makes most profiles wrong", () => {
  const limited = definition({ maxRejectedPercent: 10 });
  /** The first so many rows are good; of the rest every second one has no address. */
  const source = (count, good) => csv(["EMail", "First", "Last", "Phone"], ...addresses(count).map((email, row) => [row < good || row % 2 === 0 ? email : "nobody", "A", "B", ""]));

  it("stops early, names the commonest rule, and does not read the rest", async () => {
    const world = timed();
    const { summary, rejections } = await exportAll({ connection: world.connection, host: world.host, definition: limited, source: source(50_000, 0) });
    assertStopped(summary, "too_many_rejected", "source", false);
    assert.match(summary.stop.message, /email_no_at/u);
    assert.match(summary.stop.message, /10 %/u);
    assert.match(summary.stop.remedy, /maxRejectedPercent/u);
    assert.ok(summary.read >= 500 && summary.read < 5_000, `${summary.read} read`);
    assert.equal(rejections.length, summary.rejected);
    world.time.now += MINUTE;
    assert.ok(summary.delivered <= 50_000 - written(world.sandbox, 50_000)[0]);
    assert.ok(world.imports().length <= 4);
  });

  it("counts the account's refusals too", async () => {
    const world = timed({ seed: { ...defaultSeed(), contactLimit: 700 } });
    const { summary } = await exportAll(partsOf(world, limited, 20_000));
    assertStopped(summary, "too_many_rejected", "source", false);
    assert.match(summary.stop.message, /failed_in_import/u);
    assert.ok(summary.read < 20_000);
  });

  it("lets a run go on below it, and at it", async () => {
    for (const [percent, result] of [[50, "completed_with_rejections"], [49, "blocked"], [100, "completed_with_rejections"]]) {
      const world = timed();
      const { summary } = await exportAll({ connection: world.connection, host: world.host, definition: definition({ maxRejectedPercent: percent }), source: source(2_000, 0) });
      assert.equal(summary.result, result, `${percent} %`);
    }
  });

  it("goes on from its state once more is allowed, and loses nobody", async () => {
    const world = timed();
    const store = wrapped(memoryStore(), world.time);
    const parts = { connection: world.connection, host: world.host, source: source(4_000, 1_500), checkpoints: { store, key: "sixteen characters and more" } };
    const first = (await exportAll({ ...parts, definition: limited })).summary;
    assertStopped(first, "too_many_rejected", "source", false);
    const second = (await exportAll({ ...parts, definition: { ...limited, maxRejectedPercent: 60 } })).summary;
    assert.deepEqual([second.result, second.read, second.delivered, second.rejected], ["completed_with_rejections", 4_000, 2_750, 1_250]);
  });

  it("refuses shares that are none", () => {
    for (const wrong of [-1, 101, 1.5, "ten", true]) {
      assert.deepEqual(api.checkDefinition(definition({ maxRejectedPercent: wrong })).map(({ path }) => path), ["maxRejectedPercent"], String(wrong));
    }
    assert.deepEqual(api.checkDefinition(definition({ maxRejectedPercent: 0 })), []);
  });
});
