// Faults of a real network between the installed package and an account: each alone, and twenty mixes of all.
// What must come out is computed from the source and from what the proxy let through, never from the summary.
import assert from "node:assert/strict";
import { test } from "node:test";
import { expectedContacts, exportThrough, heldBy, LIST, randomFrom, segment } from "./helpers.mjs";

const PROFILES = segment(3_000);
const fated = (fate) => PROFILES.flatMap((profile, index) => (profile.fate === fate ? [index + 1] : []));
const rowsOf = (rejections, wanted) => rejections.filter(({ rule }) => wanted(rule)).map(({ row }) => row).sort((a, b) => a - b);

const contactsIn = (entry) => JSON.parse(new TextDecoder().decode(entry.body)).contacts;

/** How often each address occurs in the bodies of some requests. */
function tally(entries) {
  const times = new Map();
  for (const { email } of entries.flatMap(contactsIn)) times.set(email, (times.get(email) ?? 0) + 1);
  return times;
}

const moreThanOnce = (times) => [...times.values()].reduce((sum, count) => sum + count - 1, 0);

/** The same things, told shortly when they are not: thousands of contacts would bury the one that differs. */
function assertSame(is, expected, what) {
  const different = [...new Set([...is.keys(), ...expected.keys()])].filter((key) => JSON.stringify(sorted(is.get(key))) !== JSON.stringify(sorted(expected.get(key))));
  const [first] = different;
  if (first !== undefined) assert.deepEqual({ [first]: is.get(first) }, { [first]: expected.get(first) }, `${what}: ${different.length} differ, first ${first}`);
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

/** What holds whatever went wrong: what was sent, what arrived, and what the account made of it. */
function assertHonest({ summary, before, account, log, sent }) {
  const numbers = log.map(({ headers }) => Number(headers["x-number"]));
  assert.equal(new Set(numbers).size, numbers.length, "nobody repeats a request behind the package's back");
  assert.ok(numbers.every((number) => sent[number] && sent[number].fault?.kind !== "refused"), "every request is the package's own");

  const imports = sent.filter(({ target }) => target === "import");
  assert.equal(summary.batches, imports.length);
  assert.equal(summary.requests, sent.length);
  const inSource = new Map(PROFILES.filter(({ fate }) => fate === "kept" || fate === "refused").map((profile) => [profile.address.toLowerCase(), profile]));
  const asSent = new Map();
  for (const contact of imports.flatMap(contactsIn)) {
    assert.ok(inSource.has(contact.email), `${contact.email} is not in the source, or rejected`);
    const text = JSON.stringify(contact);
    assert.equal(asSent.get(contact.email) ?? text, text, "a contact goes out again as it went out first");
    asSent.set(contact.email, text);
  }

  // The account wrote each contact as often as an import with it arrived, and no other one.
  const applied = log.filter((entry) => entry.applied).map(({ headers }) => sent[Number(headers["x-number"])]).filter(({ target }) => target === "import");
  const arrived = tally(applied);
  for (const contact of account.contacts) {
    const refused = inSource.get(contact.email)?.fate === "refused";
    assert.equal(contact.imports.length, refused ? 0 : (arrived.get(contact.email) ?? 0), contact.email);
  }
  const expected = expectedContacts(before, PROFILES.filter(({ address, fate }) => fate === "kept" && arrived.has(address.toLowerCase())));
  assertSame(heldBy(account), expected, "the account's contacts");
  const seen = new Set(numbers);
  return { imports, left: imports.filter(({ number }) => seen.has(number)), applied, arrived };
}

/** A run that overcame its faults: every profile has its right end, and each address is counted once. */
function assertComplete(run) {
  const { summary, rejections } = run;
  const kept = fated("kept");
  assert.equal(summary.result, "completed_with_rejections", JSON.stringify(summary));
  const { read, pending, queued, delivered, rejected, duplicate, excluded, unchanged, unverified } = summary;
  const refused = fated("refused");
  const invalid = fated("invalid");
  assert.deepEqual(
    { read, pending, queued, delivered, rejected, duplicate, excluded, unchanged, unverified },
    { read: PROFILES.length, pending: 0, queued: 0, delivered: kept.length, rejected: invalid.length + refused.length, duplicate: fated("duplicate").length, excluded: 0, unchanged: 0, unverified: 0 },
  );
  assert.deepEqual(rowsOf(rejections, (rule) => rule === "duplicate"), fated("duplicate"));
  assert.deepEqual(rowsOf(rejections, (rule) => rule === "failed_in_import"), refused);
  assert.deepEqual(rowsOf(rejections, (rule) => rule.startsWith("email_")), invalid);
  assert.equal(rejections.length, rejected + duplicate);

  const { imports, left, applied, arrived } = assertHonest(run);
  assert.deepEqual([...arrived.keys()].sort(), PROFILES.filter(({ fate }) => fate === "kept" || fate === "refused").map(({ address }) => address.toLowerCase()).sort());
  // Whether a send that surely never left counts as one is left open; what did leave counts exactly.
  assert.ok(summary.resent >= moreThanOnce(tally(left)) && summary.resent <= moreThanOnce(tally(imports)), `${summary.resent} resent`);
  return { twice: moreThanOnce(tally(applied)) };
}

/** Where a single fault strikes: while the account is read, while batches go out, and while their outcome is asked for. */
const STRIKES = { user: [1], other: [2], import: [2, 5], info: [2, 4] };
const striking = (fault) => ({ target, nth }) => (STRIKES[target]?.includes(nth) ? fault : undefined);

/** `applied`: whether the account takes a batch whose answer is spoilt. `late`: whether only a deadline ends the request. */
const CASES = [
  ["reset before the first byte of the body", { kind: "upload-reset", after: 0 }, { lost: true, applied: false }],
  ["reset in the middle of the upload", { kind: "upload-reset", after: 9_000 }, { lost: true, applied: false }],
  ["answer lost by a reset", { kind: "lost", by: "reset" }, { lost: true, applied: true }],
  ["answer lost by a clean close", { kind: "lost", by: "close" }, { lost: true, applied: true }],
  ["answer shorter than its length says", { kind: "truncated" }, { lost: true, applied: true }],
  ["answer cut without a trace", { kind: "cut" }, { lost: true, applied: true }],
  ["answer without a body", { kind: "empty" }, { lost: true, applied: true }],
  ["garbage instead of HTTP, after the work", { kind: "garbage" }, { lost: true, applied: true }],
  ["garbage instead of HTTP, and no work", { kind: "garbage", unapplied: true }, { lost: true, applied: false }],
  ["a page instead of JSON, after the work", { kind: "html" }, { lost: true, applied: true }],
  ["a page instead of JSON, and no work", { kind: "html", unapplied: true }, { lost: true, applied: false }],
  ["an answer beyond 2 MiB", { kind: "oversize" }, { lost: true, applied: true }],
  ["an answer that drips, and ends", { kind: "drip" }, { lost: false, applied: true }],
  ["an answer that drips for ever", { kind: "endless" }, { lost: true, applied: true, late: true }],
  ["an answer that never begins", { kind: "silent" }, { lost: true, applied: true, late: true }],
  ["an answer that takes 20 seconds", { kind: "delay", millis: 20_000 }, { lost: false, applied: true }],
  ["an answer that takes 90 seconds", { kind: "delay", millis: 90_000 }, { lost: true, applied: true, late: true }],
  ["a request that arrives after its deadline", { kind: "late", millis: 62_000 }, { lost: true, applied: true, late: true }],
  ["a connection that is refused", { kind: "refused" }, { lost: true, applied: false }],
];

for (const [name, fault, { lost, applied, late = false }] of CASES) {
  test(`one fault: ${name}`, { timeout: 60_000 }, async () => {
    const run = await exportThrough(PROFILES, { plan: striking(fault) });
    const { twice } = assertComplete(run);

    const struck = run.sent.filter((entry) => entry.fault !== undefined);
    assert.deepEqual(struck.map(({ target, nth }) => `${target} ${nth}`).sort(), Object.entries(STRIKES).flatMap(([target, places]) => places.map((nth) => `${target} ${nth}`)).sort());
    for (const entry of run.sent) assert.equal(entry.timedOut === true, late && entry.fault !== undefined, `deadline of ${entry.target} ${entry.nth}`);
    const twoBatches = tally(struck.filter(({ target }) => target === "import")).size;
    assert.ok(twoBatches > 250, `${twoBatches} contacts struck`);
    // Exactly the contacts of those two batches went out again, and arrived twice where the account had taken them.
    if (fault.kind !== "refused") assert.equal(run.summary.resent, lost ? twoBatches : 0);
    assert.equal(twice, lost && applied ? twoBatches : 0);
  });
}

test("no fault: nothing goes out twice, whatever the order of the answers", { timeout: 60_000 }, async () => {
  for (const inTurn of [false, true]) {
    const run = await exportThrough(PROFILES, { inTurn });
    assert.equal(assertComplete(run).twice, 0);
    assert.equal(run.summary.resent, 0);
  }
});

/** From the fourth batch on nothing works any more: the run must stop, and claim nothing. */
const ENDS = [
  [{ kind: "refused" }, { unknown: false }],
  [{ kind: "upload-reset", after: 100 }, { unknown: true }],
  [{ kind: "lost", by: "close" }, { unknown: true }],
  [{ kind: "oversize" }, { unknown: true }],
  [{ kind: "endless" }, { unknown: true }],
];

for (const [fault, { unknown }] of ENDS) {
  test(`for good: ${fault.kind}`, { timeout: 60_000 }, async () => {
    let broken = false;
    const plan = ({ target, nth }) => {
      broken ||= target === "import" && nth === 4;
      return broken ? fault : undefined;
    };
    const run = await exportThrough(PROFILES, { plan });
    const { summary, account } = run;
    assert.equal(summary.result, "blocked", JSON.stringify(summary));
    assert.equal(summary.stop.code, "remote_unavailable");
    assert.equal(summary.stop.retryHelps, true);
    const { arrived } = assertHonest(run);
    const held = account.contacts.filter(({ imports, lists }) => imports.length > 0 && lists[LIST] === "active").length;
    assert.ok(summary.delivered + summary.queued <= arrived.size && summary.delivered <= held, JSON.stringify(summary));
    assert.ok(summary.delivered + summary.queued + summary.unverified >= held, "what arrived is not called unsent");
    assert.equal(summary.unverified > 0, unknown);
    assert.ok(summary.pending > 0 || unknown);
  });
}

const MIXES = 20;

/** Any fault, on about every third request, but never so many on one batch that giving it up would be right. */
function mixOf(seed) {
  const random = randomFrom(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const strikes = new Map();
  let row = 0;
  return ({ target, nth, path, body }) => {
    const key = target === "import" ? contactsIn({ body })[0].email : target === "lookup" ? path : target;
    const most = { import: 3, lookup: 2 }[target] ?? Infinity;
    const struck = strikes.get(key) ?? 0;
    // A page where the account itself is read means a refused key, and three failures there a wrong host: rightly so.
    const reading = target === "user" || target === "other";
    if (random() > 0.35 || row === 4 || struck >= most || (reading && row === 1)) {
      row = 0;
      return undefined;
    }
    row += 1;
    strikes.set(key, struck + 1);
    const kinds = CASES.map(([, fault]) => fault).filter(({ kind }) => !(reading && kind === "html"));
    const fault = { ...pick(kinds) };
    if (fault.after !== undefined) fault.after = Math.floor(random() * 40_000);
    if (fault.millis !== undefined) fault.millis = 1_000 + Math.floor(random() * 150_000);
    return { ...fault, nth };
  };
}

test("twenty mixes of all faults", { timeout: 600_000 }, async (context) => {
  const seen = new Map();
  let twice = 0;
  for (let seed = 1; seed <= MIXES; seed += 1) {
    await context.test(`seed ${seed}`, async () => {
      // Every other account lists new contacts only among its successes, so that a resend must be looked up.
      const knobs = seed % 2 === 0 ? { infoSuccess: "created" } : {};
      const run = await exportThrough(PROFILES, { plan: mixOf(seed), knobs, inTurn: true, seed: BigInt(seed) }).catch((cause) => {
        throw new Error(`seed ${seed} did not come to an end`, { cause });
      });
      try {
        twice += assertComplete(run).twice;
      } catch (error) {
        error.message = `seed ${seed}: ${error.message}`;
        throw error;
      }
      for (const { fault } of run.sent) if (fault) seen.set(fault.kind, (seen.get(fault.kind) ?? 0) + 1);
    });
  }
  assert.deepEqual([...new Set(CASES.map(([, { kind }]) => kind))].filter((kind) => !seen.has(kind)), [], "every fault occurred");
  assert.ok(twice > 0);
});
