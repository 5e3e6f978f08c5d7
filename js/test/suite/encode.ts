/** Profiles to request bodies, definitions and guesses: expected values are written out or computed here, in plain JavaScript. */
import { assert } from "chai";
import type { AccountSchema, EncodeOptions, ExportDefinition, Rejection, Source } from "../../src/types.js";
import type { Check } from "../checks.js";
import { bytesOf, csv, definition, failureOf, type HostUnderTest, people, textOf } from "./world.js";

const account: AccountSchema = {
  lists: [{ id: 4, name: "Gold" }],
  fields: [
    { id: 9, title: "City", type: "text", perstag: "CITY", options: [] },
    { id: 3, title: "Birthday", type: "date", perstag: "BIRTHDAY", options: [] },
    { id: 2, title: "Tier", type: "dropdown", perstag: "TIER", options: ["low", "high"] },
  ],
};

const rich: ExportDefinition = {
  version: 1,
  list: 4,
  mapping: {
    id: "Id", email: "EMail", firstName: "First", lastName: { template: "{Last} ({City})" }, phone: "Phone",
    fields: [{ field: "City", column: "City" }, { id: 3, column: "Born", dateOrder: "dmy" }, { field: "Tier", column: "Tier" }],
    tags: ["all", { column: "Tier", prefix: "tier: " }],
    consent: "Consent",
    subscribe: { column: "No", negated: true },
  },
};

const columns = ["Id", "EMail", "First", "Last", "Phone", "City", "Born", "Tier", "Consent", "No"];
const cells = [
  ["1", " ADA@Example.com ", 'Ada "Queen"', "Müller", "+49 (170) 123-45", "Graz; Alt", "24.12.1990", "high", "yes", "no"],
  ["2", "ben@example.com", "Ben", "", "call me", "", "31.02.1990", "huge", "1", "yes"],
  ["3", "broken", "", "", "", "", "", "", "yes", "no"],
  ["4", "ada@example.com", "Else", "", "", "", "", "", "yes", "no"],
  ["5", "eve@example.com", "Eve", "", "", "", "", "", "no", "no"],
  ["6", "lucja@example.com", "Łucja 🦊", "Łąka", "", "", "", "low", "y", "0"],
];
const objects = cells.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at] ?? ""])));

/** The body for `cells`, by hand. */
const expected = {
  contacts: [
    {
      email: "ada@example.com", first_name: 'Ada "Queen"', last_name: "Müller (Graz; Alt)", phone: "+4917012345",
      fields: [{ id: 9, value: "Graz; Alt" }, { id: 3, value: "1990-12-24" }, { id: 2, value: "high" }],
      tags: ["all", "tier: high"], subscribe: [{ listid: 4 }],
    },
    { email: "ben@example.com", first_name: "Ben", tags: ["all", "tier: huge"] },
    { email: "lucja@example.com", first_name: "Łucja 🦊", last_name: "Łąka ()", fields: [{ id: 2, value: "low" }], tags: ["all", "tier: low"], subscribe: [{ listid: 4 }] },
  ],
  exclude_automations: true,
};

/** CSV as spreadsheets write it: a mark in front, semicolons, quotes where needed, CRLF. */
const spreadsheet = (): Uint8Array<ArrayBuffer> => {
  const cell = (text: string): string => (/[";\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return bytesOf(`\ufeff${[columns, ...cells].map((row) => row.map(cell).join(";")).join("\r\n")}\r\n`);
};
const ndjson = (): Uint8Array<ArrayBuffer> => bytesOf(objects.map((object) => `${JSON.stringify(object)}\n`).join(""));

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function encode({ api }: HostUnderTest, source: Source, more: Partial<EncodeOptions> = {}): Promise<{ bodies: string[]; counts: number[][]; rejections: Rejection[]; summary: object }> {
  const rejections: Rejection[] = [];
  const batches = api.encodeBatches({ definition: rich, account, source, onRejections: (some) => rejections.push(...some), ...more });
  const bodies: string[] = [];
  const counts: number[][] = [];
  for await (const { body, contacts, firstOrdinal } of batches) {
    bodies.push(textOf(body));
    counts.push([contacts, firstOrdinal]);
  }
  return { bodies, counts, rejections, summary: await batches.summary };
}

async function assertRich(host: HostUnderTest, source: Source): Promise<void> {
  const { bodies, counts, rejections, summary } = await encode(host, source);
  assert.deepEqual(bodies.map((body) => JSON.parse(body) as unknown), [expected]);
  assert.deepEqual(counts, [[3, 1]]);
  assert.deepEqual(rejections.map(({ row, rule, sourceId, column, value }) => [row, rule, sourceId, column, value]), [
    [3, "email_no_at", "3", "EMail", "b***"],
    [4, "duplicate", "4", "EMail", "a***@e***"],
  ]);
  assert.deepInclude(summary, { read: 6, accepted: 3, rejected: 1, duplicate: 1, excluded: 1, batches: 1, rejectedByRule: { email_no_at: 1 } });
}

const encoding = (host: HostUnderTest): Check[] => [
  { name: "CSV becomes the expected body", run: () => assertRich(host, spreadsheet()) },
  { name: "NDJSON becomes the expected body", run: () => assertRich(host, ndjson()) },
  { name: "objects become the expected body", run: () => assertRich(host, objects) },
  {
    name: "blobs, streams and pieces of any size become the same bodies",
    async run() {
      const bytes = spreadsheet();
      const { bodies } = await encode(host, bytes);
      const sources: Source[] = [new Blob([bytes]), new Blob([bytes]).stream(), inPieces(bytes, 1), inPieces(bytes, 7), { data: () => inPieces(bytes, 64), sizeBytes: bytes.length }];
      for (const source of sources) assert.deepEqual((await encode(host, source)).bodies, bodies);
    },
  },
  {
    name: "bodies are full, in order, within their bounds, and JSON byte for byte",
    async run() {
      const { bodies, counts } = await encode(host, people(1_001), { definition: definition() });
      assert.deepEqual(counts, [[250, 1], [250, 251], [250, 501], [250, 751], [1, 1_001]]);
      const contact = (row: number): object => ({ email: `person${row}@example.com`, first_name: `First${row}`, last_name: `Last${row}`, phone: `+38640${100_000 + row}`, subscribe: [{ listid: 4 }] });
      const slice = (from: number, count: number): string => JSON.stringify({ contacts: Array.from({ length: count }, (_, at) => contact(from + at)), exclude_automations: true });
      assert.deepEqual(bodies, counts.map(([count, first]) => slice((first ?? 0) - 1, count ?? 0)));
    },
  },
  {
    name: "large contacts are parted by bytes",
    async run() {
      const long = "é".repeat(2_000);
      const source = csv(["EMail", "First", "Last", "Phone"], ...Array.from({ length: 300 }, (_, row) => [`person${row}@example.com`, long, "", ""]));
      const { bodies, counts } = await encode(host, source, { definition: definition() });
      for (const body of bodies) assert.isAtMost(bytesOf(body).length, 399_999);
      assert.equal(counts.reduce((sum, [count]) => sum + (count ?? 0), 0), 300);
      assert.isAbove(bodies.length, 2);
    },
  },
  {
    name: "a preview counts, and needs no account",
    async run() {
      const preview = await host.api.preview({ definition: rich, account, source: spreadsheet() });
      assert.deepInclude(preview, { read: 6, accepted: 3, rejected: 1, duplicate: 1, excluded: 1, batches: 1, minutes: 0.01 });
      assert.deepEqual(preview.omissions.map(({ target, code, count, firstRow }) => [target, code, count, firstRow]), [
        ["phone", "phone_unusable", 1, 2], ["Birthday", "date_invalid", 1, 2], ["Tier", "option_unknown", 1, 2],
      ]);
      const blind = await host.api.preview({ definition: definition(), source: people(26_000) });
      assert.deepInclude(blind, { read: 26_000, accepted: 26_000, batches: 104, minutes: 1.04 });
    },
  },
  {
    name: "a source that cannot be read is an error with what to do",
    async run() {
      const of = (bytes: Uint8Array): Promise<{ code: string; remedy: string }> => failureOf(host.api, () => encode(host, bytes));
      assert.equal((await of(new Uint8Array())).code, "empty_source");
      assert.equal((await of(Uint8Array.of(0xff, 0xfe, 0x41, 0))).code, "utf16");
      assert.equal((await of(csv(columns))).code, "no_profiles");
      assert.isAbove((await of(csv(columns))).remedy.length, 10);
    },
  },
];

const settings = ({ api }: HostUnderTest): Check[] => [
  {
    name: "a definition's issues all come at once, each with its path",
    run() {
      const wrong = { version: 2, list: "x", mapping: { firstName: 3, fields: [{ field: "Ctiy", column: "City" }], tags: [{}] }, maping: 1, automations: "never" };
      assert.sameDeepMembers(api.checkDefinition(wrong, account).map(({ path, code, suggestion }) => [path, code, suggestion]), [
        ["maping", "unknown_key", "mapping"],
        ["version", "version", undefined],
        ["list", "not_an_id", undefined],
        ["automations", "unknown_word", undefined],
        ["mapping.email", "missing", undefined],
        ["mapping.firstName", "wrong_type", undefined],
        ["mapping.fields[0].field", "unknown_field", "City"],
        ["mapping.tags[0].column", "value", undefined],
      ]);
      assert.deepEqual(api.checkDefinition(rich, account), []);
    },
  },
  {
    name: "a mapping is guessed from the names of columns",
    async run() {
      const header = await api.readColumns(csv(["CustomerId", "E-Mail", "Given name", "Surname", "Telephone", "City", "DoNotEMail", "x"], ["1"]));
      assert.deepEqual(header, ["CustomerId", "E-Mail", "Given name", "Surname", "Telephone", "City", "DoNotEMail", "x"]);
      const { mapping, suggestions } = api.suggestMapping(header, account);
      assert.deepEqual(mapping, {
        id: "CustomerId", email: "E-Mail", firstName: "Given name", lastName: "Surname", phone: "Telephone",
        consent: { column: "DoNotEMail", negated: true }, fields: [{ field: "City", column: "City" }],
      });
      for (const { confidence } of suggestions) assert.isTrue(confidence > 0 && confidence <= 1);
    },
  },
  {
    name: "every rule has a reason and a remedy",
    run() {
      const rules = api.rules();
      assert.isAbove(rules.length, 10);
      for (const { code, reason, remedy } of rules) assert.match(`${code} ${reason} ${remedy}`, /^\w+ .+\. .+\.$/u);
    },
  },
];

export const encodeChecks = (host: HostUnderTest): Check[] => [...encoding(host), ...settings(host)];
