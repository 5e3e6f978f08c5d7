// The promises hold under every setting of everything that is unknown about ActiveCampaign: nobody is reported
// delivered whom the account does not hold as sent, every profile has one end, and the run comes to an end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { csv, definition, exportAll, world } from "./helpers.mjs";

const LIST = 4;

/** 600 profiles: most new, some already there, some that the account will not take. */
function segment() {
  const rows = Array.from({ length: 600 }, (_, index) => [`person${index}@example.com`, `First${index}`, `Last${index}`, `+38640${100000 + index}`, "high"]);
  rows[10] = ["ada.active@example.com", "Ada", "Changed", "+491700000001", "low"];
  rows[20] = ["bo.bounced@example.com", "Bo", "Bounced", "", "low"];
  rows[30] = ["excluded@example.com", "Ex", "Cluded", "", "low"];
  rows[40] = ["someone@blocked.example", "So", "Meone", "", ""];
  rows[50] = ["gil.gold@example.com", "Gil", "Renamed", "", "medium"];
  rows[60] = ["emoji@example.com", "Smile 🙂", "Ünïcode", "", "low"];
  return rows;
}

const SEGMENT = segment();
const mapping = { fields: [{ field: "Loyalty tier", column: "Tier" }], tags: ["segment"] };

/** Every value of every knob that the register of unknowns lists, apart from those that a client never meets. */
const SETTINGS = [
  {},
  { era: 2021 },
  { optionsStatus: 404 },
  { throttleBody: "html" },
  { throttleStatus: 503 },
  { retryAfter: "absent" },
  { retryAfter: "soon" },
  { bulkScope: "key" },
  { rateWindow: "fixed" },
  { oversize: 413 },
  { singleLimitText: 100 },
  { failureIndex: "from-0" },
  { failureWording: "docs" },
  { updateUnsubscribed: true },
  { addressCheck: "at-once" },
  { addressCheck: "later" },
  { duplicates: "first-wins" },
  { duplicates: "refuse" },
  { duplicates: "count-twice" },
  { emailCase: "sensitive" },
  { blanks: "ignore" },
  { blanks: "refuse" },
  { unknownOption: "ignore" },
  { unknownOption: "failure" },
  { unknownField: "failure" },
  { unknownField: "refuse" },
  { unknownList: "failure" },
  { unknownList: "refuse" },
  { longValues: "truncate", maxLength: 255 },
  { longValues: "refuse", maxLength: 255 },
  { emoji: "strip" },
  { emoji: "refuse" },
  { maxFields: 1 },
  { infoArrays: "partial" },
  { infoArrays: "absent" },
  { unknownBatch: 400 },
  { unknownBatch: 404 },
  { infoDays: 1 },
  { infoSuccess: "created" },
  { infoSuccess: "created", skipped: "neither" },
  { importContentType: "json" },
  { bulkContentType: "json" },
  { errorEnvelope: "string" },
  { errorEnvelope: "message" },
  { duplicateTag: "refuse" },
  { statusMeaning: "live" },
  { concurrentBatches: 1 },
  { queueDelayMillis: 5_000 },
  { waitingAfterMillis: 3_000, claimedAfterMillis: 60_000, activeAfterMillis: 90_000, completedAfterMillis: 120_000 },
  { successKey: "Success" },
  { successValue: 5 },
  { queuedShortBy: 3 },
  { skipped: "neither" },
  { failureSpelling: "upper-case" },
  { failureSpelling: "unknown-address" },
  { confirmation: "sent" },
];

for (const knobs of SETTINGS) {
  test(`knobs ${JSON.stringify(knobs)}`, async () => {
    const { sandbox, host, connection, sent, now } = world({ knobs });
    const source = csv(["EMail", "First", "Last", "Phone", "Tier"], ...SEGMENT);
    const { summary, rejections } = await exportAll({ connection, definition: definition({}, mapping), source, host });

    assert.ok(["succeeded", "completed_with_rejections", "incomplete"].includes(summary.result), JSON.stringify(summary));
    assert.equal(summary.read, 600);
    assert.equal(summary.pending + summary.queued, 0);
    assert.equal(rejections.length, summary.rejected);
    // A person who is rejected for being unsubscribed, bounced or excluded never gets onto the list.
    for (const address of ["bo.bounced@example.com", "excluded@example.com", "someone@blocked.example"]) {
      assert.notEqual(sandbox.account.contact(address)?.lists[LIST], "active", address);
    }
    // Delivered are those of whom nobody said otherwise: the account must hold each of them as it was sent.
    const notDelivered = new Set(rejections.map(({ row }) => row));
    const held = SEGMENT.filter(([address, first, last, phone], index) => {
      const contact = sandbox.account.contact(address);
      const same = (is, was) => was === "" || is === was || knobs.emoji !== undefined || knobs.longValues !== undefined;
      const listed = contact && ["active", "unconfirmed"].includes(contact.lists[LIST]);
      return !notDelivered.has(index + 1) && listed && contact.imports.length > 0 && same(contact.firstName, first) && same(contact.lastName, last) && same(contact.phone, phone);
    });
    assert.ok(summary.delivered <= held.length, `${summary.delivered} delivered, ${held.length} held`);
    if (summary.unverified === 0) assert.equal(summary.delivered, held.length);

    const imports = sent.filter(({ path }) => path === "/api/3/import/bulk_import");
    assert.ok(imports.length < 40, `${imports.length} imports`);
    assert.ok(now() - sent[0].at < 60 * 60_000);
  });
}

test("what the settings that lie about nothing must give", async () => {
  for (const knobs of [{}, { infoSuccess: "created" }, { failureIndex: "from-0" }, { infoArrays: "absent" }, { emailCase: "sensitive" }]) {
    const { host, connection } = world({ knobs });
    const source = csv(["EMail", "First", "Last", "Phone", "Tier"], ...SEGMENT);
    const { summary } = await exportAll({ connection, definition: definition({}, mapping), source, host });
    assert.equal(summary.delivered, 597, JSON.stringify(knobs));
    assert.equal(summary.rejected, 3, JSON.stringify(knobs));
    assert.equal(summary.unverified, 0, JSON.stringify(knobs));
  }
});

const REFUSING = [
  [{ invalidToken: "forbidden" }, { apiKey: "wrong" }, "key_refused"],
  [{ invalidToken: "empty" }, { apiKey: "wrong" }, "key_refused"],
  [{ invalidToken: "errors" }, { apiKey: "wrong" }, "key_refused"],
  [{ invalidToken: "login" }, { apiKey: "wrong" }, "key_refused"],
  [{ accountState: "expired-html" }, {}, "key_refused"],
  [{ accountState: "expired-forbidden" }, {}, "key_refused"],
  [{ accountState: "expired-redirect" }, {}, "redirected"],
];

for (const [knobs, more, code] of REFUSING) {
  test(`an account that refuses: ${JSON.stringify(knobs)}`, async () => {
    const { host, connection, sent } = world({ knobs });
    const source = csv(["EMail", "First", "Last", "Phone"], ["a@example.com", "A", "B", ""]);
    const { summary } = await exportAll({ connection: { ...connection, ...more }, definition: definition(), source, host });
    assert.equal(summary.result, "blocked");
    assert.equal(summary.stop.code, code);
    assert.equal(summary.read, 0);
    assert.ok(sent.length <= 3, `${sent.length} requests`);
  });
}

test("the contact limit in each of its forms", async () => {
  for (const contactLimit of ["accept", "failure", "batch-failed", "refuse"]) {
    const { defaultSeed } = await import("./helpers.mjs");
    const { sandbox, host, connection } = world({ knobs: { contactLimit }, seed: { ...defaultSeed(), contactLimit: 100 } });
    const source = csv(["EMail", "First", "Last", "Phone"], ...SEGMENT.map((row) => row.slice(0, 4)));
    const { summary } = await exportAll({ connection, definition: definition(), source, host });
    const held = SEGMENT.filter(([address]) => (sandbox.account.contact(address)?.imports.length ?? 0) > 0).length;
    assert.ok(summary.delivered <= held, `${contactLimit}: ${summary.delivered} delivered, ${held} held`);
    assert.ok(contactLimit === "accept" ? summary.delivered > 500 : summary.result !== "succeeded", contactLimit);
  }
});
