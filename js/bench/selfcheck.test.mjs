// The benchmark checks itself: the rules of the job by hand-written rows and bodies, for every candidate in JavaScript.
// node --test js/bench/selfcheck.test.mjs
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { COLUMNS, dataFile } from "./data.mjs";
import { JOBS } from "./jobs.mjs";

const directory = mkdtempSync(path.join(os.tmpdir(), "bench-"));
after(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
function written(text, format) {
  const file = path.join(directory, `${files++}.${format}`);
  writeFileSync(file, text);
  return file;
}

/** Rows by column name; a column that is left out is blank. */
function csv(rows) {
  const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map((row) => COLUMNS.map((column) => cell(row[column] ?? "")).join(","));
  return `${[COLUMNS.join(","), ...lines].join("\n")}\n`;
}

/** The same rows as the job's objects; blank ones are missing keys, nulls and blank texts by turns. */
function objects(rows) {
  return rows.map((row, i) => {
    const object = i % 3 === 0 ? Object.fromEntries(COLUMNS.map((column) => [column, ""])) : {};
    Object.assign(object, i % 3 === 1 ? { TotalSpend: null, City: null, ...row } : row);
    if (row.TotalSpend !== undefined) object.TotalSpend = Number(row.TotalSpend);
    if (row.Consent === "true" || row.Consent === "false") object.Consent = row.Consent === "true";
    return object;
  });
}

const ndjson = (rows) => objects(rows).map((object) => `${JSON.stringify(object)}\n`).join("");

/** What a candidate of the job takes for these rows. */
function inputOf(job, rows) {
  if (job.parsed) return objects(rows);
  return job.format === "csv" ? written(csv(rows), "csv") : written(ndjson(rows), "ndjson");
}

class Recorder {
  bodies = [];
  refusals = [];
  verifies = true;

  body(bytes) {
    this.bodies.push(Buffer.from(bytes));
  }

  refuse(row, reason) {
    this.refusals.push(`${row}:${reason}`);
  }

  get contacts() {
    return this.bodies.flatMap((body) => JSON.parse(body).contacts);
  }
}

async function record(candidate, input) {
  const recorder = new Recorder();
  await (await candidate.load()).run(input, recorder);
  return recorder;
}

// The product and the native candidates have rules of their own; agreement.test.mjs holds them to the generated rows.
const isJavaScript = ({ of }) => of !== "product" && of !== "native";

/** Calls `check` for every candidate with `run(rows)` and with the job. */
function each(name, check) {
  for (const job of JOBS) {
    for (const candidate of job.candidates.filter(isJavaScript)) {
      test(`${name}: ${job.name}: ${candidate.name}`, () => check((rows) => record(candidate, inputOf(job, rows)), job, candidate));
    }
  }
}

const ROWS = [
  [
    {
      CustomerId: "id-1", FullName: 'Not "used",\nat all', FirstName: " Zoë ", LastName: "\u00a0Müller\u3000",
      EMail: "  Zoe.M@Example.COM ", Telephone: "(030) 123-45.67/8", Birthdate: "1990-01-02", City: "\tKöln ",
      Country: "Germany", LoyaltyTier: " gold ", TotalSpend: "12.5", Consent: "true",
    },
    '{"email":"zoe.m@example.com","first_name":"Zoë","last_name":"Müller","phone":"03012345678",' +
      '"fields":[{"id":1,"value":"id-1"},{"id":2,"value":"1990-01-02"},{"id":3,"value":"Köln"},' +
      '{"id":4,"value":"Germany"},{"id":5,"value":"12.5"}],"tags":["gold"],"subscribe":[{"listid":4}]}',
  ],
  [{ EMail: "a@b.co", Consent: "false" }, '{"email":"a@b.co"}'],
  [{ EMail: "", FirstName: "x" }, "missing_email"],
  [{ EMail: " \u00a0\t " }, "missing_email"],
  [{ EMail: "zoe.m@example.com" }, "duplicate_email"],
  [{ EMail: "twice@b@co.uk" }, "invalid_email"],
  [{ EMail: "twice@b@co.uk" }, "invalid_email"],
  [{ EMail: "b@b.co", Consent: "True", LoyaltyTier: "  ", City: " " }, '{"email":"b@b.co"}'],
  [{ EMail: "c@b.co", Consent: " true" }, '{"email":"c@b.co"}'],
  [
    { EMail: "d@b.co", FirstName: 'say "x"\\', LastName: "tab\there", City: "a,b\nc\r\nd", LoyaltyTier: "\u0001\u2028é😀" },
    '{"email":"d@b.co","first_name":"say \\"x\\"\\\\","last_name":"tab\\there",' +
      '"fields":[{"id":3,"value":"a,b\\nc\\r\\nd"}],"tags":["\\u0001\u2028é😀"]}',
  ],
  [{ EMail: "e@b.co", TotalSpend: "0", Country: "à" }, '{"email":"e@b.co","fields":[{"id":4,"value":"à"},{"id":5,"value":"0"}]}'],
  // The Kelvin sign becomes an ASCII k, the dotted I does not become an ASCII i.
  [{ EMail: "\u212a@b.co" }, '{"email":"k@b.co"}'],
  [{ EMail: "\u0130@b.co" }, "invalid_email"],
];

each("rows", async (run) => {
  const got = await run(ROWS.map(([row]) => row));
  const contacts = ROWS.map(([, expected]) => expected).filter((expected) => expected.startsWith("{"));
  const refusals = ROWS.flatMap(([, expected], i) => (expected.startsWith("{") ? [] : [`${i + 1}:${expected}`]));
  assert.deepEqual(got.bodies.map(String), [`{"contacts":[${contacts.join(",")}],"exclude_automations":true}`]);
  assert.deepEqual(got.refusals, refusals);
});

const PHONES = {
  "+1 (555) 010-0199": "+15550100199",
  "0049 30/123.45.67": "+49301234567",
  "0 0 1234567": "+1234567",
  1234567: "1234567",
  123456: undefined,
  123456789012345: "123456789012345",
  1234567890123456: undefined,
  "+1234567": "+1234567",
  "+123456": undefined,
  "+123456789012345": "+123456789012345",
  "+1234567890123456": undefined,
  "00123456": undefined,
  "001234567": "+1234567",
  "00+1234567": undefined,
  "++1234567": undefined,
  "+00123456789": "+00123456789",
  "123+4567890": undefined,
  "1234567+": undefined,
  "(+49)301234567": "+49301234567",
  "-": undefined,
  "n/a": undefined,
  "555.010.0199x12": undefined,
  "1234567\t": undefined,
  "123\u00a04567890": undefined,
  "１２３４５６７": undefined,
};

each("phones", async (run) => {
  const cells = Object.keys(PHONES);
  const got = await run(cells.map((Telephone, i) => ({ EMail: `p${i}@b.co`, Telephone })));
  assert.deepEqual(got.refusals, []);
  assert.deepEqual(Object.fromEntries(cells.map((cell, i) => [cell, got.contacts[i].phone])), PHONES);
});

const x = (count) => "x".repeat(count);
const VALID = [
  "a@b.co", "a.b.c@d.e.fg", "!#$%&'*+/=?^_`{|}~-@b.co", "-@b.co", "1@2.co", "a@b--c.co", "a@1-2.co", "a@b.c.museum",
  `${x(64)}@b.co`, `a@${x(63)}.co`, `a@b.${x(63)}`, `a@${`${x(62)}.`.repeat(3)}${x(60)}.co`, "A@B.CO",
];
const INVALID_ADDRESSES = [
  "a", "@", "a@", "@b.co", "a.b.co", "a@b", "a@b.c", "a@b.c0", "a@b.co.", "a@.b.co", "a@b..co", ".a@b.co", "a.@b.co",
  "a..b@b.co", "a b@c.co", "a@b c.co", "a@@b.co", "a@b@c.co", "a@-b.co", "a@b-.co", "a@b.-co", "a@b.co-", "<a@b.co>",
  "N <a@b.co>", "a,b@c.co", 'a"b@c.co', "a\\b@c.co", "a;b@c.co", "(a)@b.co", "[a]@b.co", "é@b.co", "a@é.co", "a@b.сом",
  "a@b_c.co", "a@b.c_o", "a\u0001@b.co", "a\u200b@b.co", `${x(65)}@b.co`, `a@${x(64)}.co`, `a@b.${x(64)}`,
  `${x(60)}@${`${x(63)}.`.repeat(3)}co`, "a@b.123", "a@[127.0.0.1]", "mailto:a@b.co",
];

each("addresses", async (run) => {
  assert.ok(VALID.some((address) => address.length === 254));
  assert.ok(INVALID_ADDRESSES.some((address) => address.length === 255));
  const valid = await run(VALID.map((EMail) => ({ EMail })));
  assert.deepEqual(valid.contacts.map(({ email }) => email), VALID.slice(0, -1));
  assert.deepEqual(valid.refusals, [`${VALID.length}:duplicate_email`]); // A@B.CO, as a@b.co
  const invalid = await run(INVALID_ADDRESSES.map((EMail) => ({ EMail })));
  assert.deepEqual(invalid.refusals, INVALID_ADDRESSES.map((_, i) => `${i + 1}:invalid_email`));
});

each("batches of 250", async (run) => {
  for (const [rows, sizes] of [[0, []], [1, [1]], [250, [250]], [251, [250, 1]], [500, [250, 250]]]) {
    const got = await run(Array.from({ length: rows }, (_, i) => ({ EMail: `u${i}@b.co` })));
    assert.deepEqual(got.bodies.map((body) => JSON.parse(body).contacts.length), sizes);
  }
});

// One body of 250 contacts of exactly `bytes` bytes: two bytes a letter show that bytes count, not characters.
function sized(bytes) {
  const rows = Array.from({ length: 250 }, (_, i) => ({ EMail: `u${100 + i}@b.co`, FirstName: "é".repeat(780) }));
  const short = () => {
    const contacts = rows.map((row) => ({ email: row.EMail, first_name: row.FirstName }));
    return bytes - Buffer.byteLength(JSON.stringify({ contacts, exclude_automations: true }));
  };
  rows[0].FirstName += "x".repeat(short());
  assert.equal(short(), 0);
  return rows;
}

each("399,999 bytes", async (run) => {
  const whole = await run(sized(399_999));
  assert.deepEqual(whole.bodies.map((body) => body.length), [399_999]);
  const split = await run(sized(400_000));
  assert.deepEqual(split.bodies.map((body) => JSON.parse(body).contacts.length), [125, 125]);

  const large = (city) => ({ City: city });
  const rows = [large(x(300_000)), large(x(500_000)), large("c"), large(x(200_000)), large(x(200_000))];
  const nested = await run(rows.map((row, i) => ({ EMail: `n${i}@b.co`, ...row })));
  assert.deepEqual(
    nested.bodies.map((body) => JSON.parse(body).contacts.map(({ email }) => email[1]).join("")),
    ["0", "1", "2", "3", "4"],
  );
  // Three: one, then two.
  const three = await run([x(150_000), x(150_000), x(150_000)].map((City, i) => ({ EMail: `n${i}@b.co`, City })));
  assert.deepEqual(three.bodies.map((body) => JSON.parse(body).contacts.length), [1, 2]);
});

each("without a last line end", async (_, job, candidate) => {
  if (job.parsed) return;
  const rows = [{ EMail: "a@b.co" }, { EMail: "b@b.co", Consent: "true" }];
  const text = (job.format === "csv" ? csv(rows) : ndjson(rows)).slice(0, -1);
  const got = await record(candidate, written(text, job.format));
  assert.deepEqual(got.contacts, [{ email: "a@b.co" }, { email: "b@b.co", subscribe: [{ listid: 4 }] }]);
});

test("the data is deterministic, a shorter file is a prefix, NDJSON holds the same rows", async () => {
  const long = readFileSync(dataFile(5000, "csv", directory), "utf8");
  const short = readFileSync(dataFile(500, "csv", directory), "utf8");
  assert.equal(long.startsWith(short), true);

  const text = (value) => (value === undefined || value === null ? "" : String(value));
  const rows = readFileSync(dataFile(500, "ndjson", directory), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
  const again = csv(rows.map((row) => Object.fromEntries(COLUMNS.map((column) => [column, text(row[column])]))));
  assert.equal(again, short);
});
