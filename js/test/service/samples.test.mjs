// What the page's data matching and charts are made of: a segment's first profiles, where segments may be read from, and the course of a run.
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { load, place } from "./helpers.mjs";
import { connect, people, save, upload, world } from "./world.mjs";

const SAMPLE_BYTES = 256 * 1024;
const { preview } = await load("activecampaign-export");

/** A header and rows, somewhat more than a sample. */
const table = (header, row) => `${header}${Array.from({ length: 12_000 }, (_, at) => row(at)).join("").slice(0, SAMPLE_BYTES + 50_000)}`;

/** A segment's first profiles, and what a dry run says of them. */
async function sampled(text) {
  const here = await world();
  const segment = await upload(here, "Gold", text, { format: "auto" });
  const { text: sample } = await here.admin.get(`/api/segments/${segment.id}/sample`);
  const rejections = [];
  const told = await preview({ definition: { version: 1, list: 4, mapping: { email: "EMail" } }, source: Buffer.from(sample), onRejections: (more) => void rejections.push(...more) });
  const first = Buffer.from(text).subarray(0, SAMPLE_BYTES);
  // As the answer is read: without a mark.
  return { sample, told, rejections, lines: new TextDecoder().decode(first.subarray(0, first.lastIndexOf("\n") + 1)) };
}

describe("a segment's first profiles", () => {
  it("are whole lines as they stand in the source, 256 KiB at the most; whoever read them stands in the audit log", async () => {
    const here = await world();
    const text = people(20_000);
    const segment = await upload(here, "Gold", text);
    const { status, text: sample, headers } = await here.admin.get(`/api/segments/${segment.id}/sample`);
    assert.deepEqual([status, headers.get("content-type"), headers.get("cache-control")], [200, "application/octet-stream", "no-store"]);
    const first = text.slice(0, SAMPLE_BYTES);
    assert.equal(sample, first.slice(0, first.lastIndexOf("\n") + 1));
    const { items: [entry] } = await here.admin.read("/api/audit?limit=1");
    assert.deepEqual([entry.user, entry.action, entry.target], ["admin", "segment.sample", `segment/${segment.id}`]);
  });

  it("are all of a small one, with or without an end of its last line", async () => {
    const here = await world();
    const segment = await upload(here, "Gold", people(3).trimEnd());
    assert.equal((await here.admin.get(`/api/segments/${segment.id}/sample`)).text, people(3).trimEnd());
  });

  it("of a line without end are its first bytes", async () => {
    const here = await world();
    const segment = await upload(here, "Gold", "x".repeat(SAMPLE_BYTES + 9));
    assert.equal((await here.admin.get(`/api/segments/${segment.id}/sample`)).text, "x".repeat(SAMPLE_BYTES));
  });

  for (const [what, header, row] of [
    ["with commas", "EMail,Address\n", (at) => `person${at}@example.net,"Street ${at}, ""left""${"\n;".repeat(40)}"\n`],
    ["with semicolons, behind a mark and a blank line", "\ufeff\nEMail;Address\n", (at) => `person${at}@example.net;"""Street"" ${at}${"\n,".repeat(40)}"\n`],
    ["with CRLF", 'EMail,"Add\r\nress, all"\r\n', (at) => `person${at}@example.net,"Street ${at}${"\r\n".repeat(40)}"""\r\n`],
  ]) {
    it(`end with a whole record where cells have line ends, ${what}`, async () => {
      const { sample, told, rejections, lines } = await sampled(table(header, row));
      const whole = header.replace("\ufeff", "") + Array.from({ length: told.read }, (_, at) => row(at)).join("");
      assert.deepEqual([sample === whole, rejections], [true, []]);
      assert.ok(told.accepted === told.read && told.read > 1_500, JSON.stringify(told));
      // Its last line ends within a cell; the next record would be too much.
      assert.ok(sample.length < lines.length && sample.length + row(told.read).length > SAMPLE_BYTES - 3, `${sample.length} of ${lines.length}`);
    });
  }

  for (const [what, header, row] of [
    ["NDJSON has, however many are escaped", "", (at) => `{"EMail":"person${at}@example.net","Size":"${"27\\\" ".repeat(at % 3)}"}\n`],
    ["unquoted cells have", "EMail,Size\n", (at) => `person${at}@example.net,${at === 3 ? '27" TV' : at}\n`],
    ["cells have behind another delimiter", "EMail,Size,More\n", (at) => `person${at}@example.net,27;"${at === 3 ? "" : '"'},\n`],
  ]) {
    it(`take no account of quotes that ${what}`, async () => {
      const { sample, told, lines } = await sampled(table(header, row));
      assert.equal(sample, lines);
      assert.ok(told.accepted === told.read && told.read > 2_000, JSON.stringify(told));
    });
  }

  it("with a quote that is never closed are lines all the same, so that the dry run tells of it and reads on", async () => {
    const { sample, told, rejections, lines } = await sampled(table("EMail,Name\n", (at) => `person${at}@example.net,${at === 3 ? '"Ann' : "Bob"}\n`));
    assert.equal(sample, lines);
    assert.deepEqual(rejections.map(({ rule, line }) => [rule, line]), [["quote_unclosed", 5]]);
    assert.ok(told.accepted > 2_000, JSON.stringify(told));
  });

  it("that are not there are told as the run tells it", async () => {
    const here = await world();
    const segment = await here.admin.make("/api/segments", { body: { name: "Gold", source: { upload: true } } });
    const refused = await here.admin.get(`/api/segments/${segment.id}/sample`);
    assert.deepEqual([refused.status, refused.body.code], [422, "source_missing"]);
    assert.equal((await here.admin.read("/api/audit?limit=1")).items[0].action, "segment.create");
  });
});

describe("an upload", () => {
  it("is told with its size and time, until the segment is read from somewhere else", async () => {
    const here = await world();
    const none = await here.admin.make("/api/segments", { body: { name: "None", source: { upload: true } } });
    const segment = await upload(here, "Gold", people(3));
    const told = async () => (await here.admin.read("/api/segments")).items.map(({ name, uploaded }) => [name, uploaded?.bytes]);
    assert.deepEqual((await told()).sort(), [["Gold", Buffer.byteLength(people(3))], ["None", undefined]]);
    const { uploaded } = await here.admin.read(`/api/segments/${segment.id}`);
    assert.equal(uploaded.at, new Date(here.clock.now).toISOString());
    await here.admin.must("PATCH", 200)(`/api/segments/${segment.id}`, { etag: segment.etag, body: { source: { url: "https://profiles.example.com/gold.csv" } } });
    assert.deepEqual((await told()).sort(), [["Gold", undefined], ["None", undefined]]);
    assert.equal((await here.admin.read(`/api/segments/${none.id}`)).uploaded, undefined);
  });

  for (const [what, bytes, words] of [
    ["a workbook", [0x50, 0x4b, 0x03, 0x04, ...Buffer.from("xl/workbook.xml")], /workbook/u],
    ["an old workbook", [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], /workbook/u],
    ["UTF-16", [...Buffer.from("\ufeffEMail\nada@example.net\n", "utf16le")], /NUL/u],
    ["a binary file with a NUL later on", [...Buffer.from("EMail\n"), ...Array(400).fill(0x61), 0], /NUL/u],
  ]) {
    it(`that is ${what} is refused, and what was there stays`, async () => {
      const here = await world();
      const segment = await upload(here, "Gold", people(3));
      const refused = await here.admin.put(`/api/segments/${segment.id}/profiles`, { raw: Uint8Array.from(bytes), headers: { "content-type": "text/csv" } });
      assert.deepEqual([refused.status, refused.body.code], [422, "not_text"]);
      assert.match(refused.body.detail, words);
      assert.equal((await here.admin.get(`/api/segments/${segment.id}/sample`)).text, people(3));
    });
  }
});

describe("a segment's members", () => {
  it("are taken away where nobody knows them any more; what is left out stays", async () => {
    const here = await world();
    const made = await here.admin.make("/api/segments", { body: { name: "Gold", source: { upload: true }, members: 7 } });
    const renamed = await here.admin.must("PATCH", 200)(`/api/segments/${made.id}`, { etag: made.etag, body: { name: "Gold customers" } });
    assert.equal(renamed.members, 7);
    const changed = await here.admin.must("PATCH", 200)(`/api/segments/${made.id}`, { etag: renamed.etag, body: { members: null } });
    assert.deepEqual([changed.name, "members" in changed], ["Gold customers", false]);
    assert.equal((await here.admin.read(`/api/segments/${made.id}`)).members, undefined);
  });
});

describe("a dry run", () => {
  it("counts the values that do not fit the account's fields, as the run does", async () => {
    const here = await world();
    const csv = "EMail,Tier\nada@example.net,high\nbob@example.net,platinum\neve@example.net,copper\n";
    const one = await save(here, await connect(here), [await upload(here, "Gold", csv)], { mapping: { email: "EMail", fields: [{ field: "Loyalty tier", column: "Tier" }] } });
    const found = await here.admin.must("POST", 200)(`/api/exports/${one.id}/check`);
    const foretold = found.segments[0].omissions;
    assert.deepEqual(foretold.map(({ target, count }) => [target, count]), [["Loyalty tier", 2]]);
    const { id } = await here.admin.start(`/api/exports/${one.id}/run`);
    await here.settle();
    const { parts: [part] } = await here.admin.read(`/api/runs/${id}`);
    assert.deepEqual(part.omissions, foretold);
  });
});

describe("where segments may be read from", () => {
  it("names the files of the folder, those in its folders too; neither hidden ones nor what lies outside", async () => {
    const [sources, outside] = [place(), place()];
    mkdirSync(join(sources, "crm"));
    mkdirSync(join(sources, ".git"));
    writeFileSync(join(outside, "secret.csv"), "EMail\n");
    mkdirSync(join(sources, "node_modules"));
    for (const name of ["gold.csv", "crm/silver.ndjson", ".hidden.csv", ".git/config.csv", "LICENSE", "page.d.ts", "node_modules/data.csv"]) writeFileSync(join(sources, name), "EMail\n");
    symlinkSync(join(outside, "secret.csv"), join(sources, "linked.csv"));
    const here = await world({ sources });
    assert.deepEqual(await here.admin.read("/api/sources"), { kinds: ["file", "upload", "url"], names: [join("crm", "silver.ndjson"), "gold.csv"] });
  });

  it("names each file once, however folders are linked, and goes into none of those", { timeout: 30_000 }, async () => {
    const sources = place();
    mkdirSync(join(sources, "crm"));
    for (const name of ["gold.csv", "crm/silver.csv"]) writeFileSync(join(sources, name), "EMail\n");
    // Two that lead to where they lie would double with every level.
    for (const name of ["a", "b", "crm/up", "crm/again"]) symlinkSync(sources, join(sources, name));
    symlinkSync(join(sources, "crm"), join(sources, "other"));
    symlinkSync(join(sources, "gold.csv"), join(sources, "crm", "linked.csv"));
    const { names } = await (await world({ sources })).admin.read("/api/sources");
    assert.deepEqual(names, [join("crm", "linked.csv"), join("crm", "silver.csv"), "gold.csv"]);
  });

  it("looks at so many entries, and so deep, the upper ones first", async () => {
    const sources = place();
    const folders = (depth) => join(sources, ...Array(depth).fill("deep"));
    mkdirSync(folders(9), { recursive: true });
    for (const depth of [8, 9]) writeFileSync(join(folders(depth), `at-${depth}.csv`), "EMail\n");
    const names = async () => (await (await world({ sources })).admin.read("/api/sources")).names.map((name) => name.split(/[\\/]/u).at(-1));
    assert.deepEqual(await names(), ["at-8.csv"]);
    writeFileSync(join(sources, "top.csv"), "EMail\n");
    for (let at = 0; at < 2_000; at += 1) writeFileSync(join(folders(1), `${at}.log`), "");
    assert.deepEqual(await names(), ["top.csv"]);
  });

  it("names the first two hundred of many", async () => {
    const sources = place();
    for (let at = 100; at < 400; at += 1) writeFileSync(join(sources, `${at}.csv`), "EMail\n");
    const { names } = await (await world({ sources })).admin.read("/api/sources");
    assert.deepEqual([names.length, names[0], names.at(-1)], [200, "100.csv", "299.csv"]);
  });
});

describe("the course of a run", () => {
  it("ends with what became of everybody, runs forward, and is left out of lists", async () => {
    const here = await world();
    const one = await save(here, await connect(here), [await upload(here, "Gold", `${people(5_000)}nobody\n`)]);
    const { id } = await here.admin.start(`/api/exports/${one.id}/run`);
    await here.settle();
    const run = await here.admin.read(`/api/runs/${id}`);
    const { history, progress } = run;
    assert.ok(history.length >= 3, `${history.length} points`);
    assert.deepEqual(history[0], [0, 0, 0, 0, 0]);
    assert.deepEqual(history.at(-1).slice(1), [0, 0, 5_000, 1]);
    assert.deepEqual([progress.delivered, progress.rejected], [5_000, 1]);
    assert.equal(history.at(-1)[0], Date.parse(run.endedAt) - Date.parse(run.startedAt));
    for (const [at, [millis, , , delivered, rejected]] of history.entries()) {
      if (at === 0) continue;
      const [before, , , deliveredBefore, rejectedBefore] = history[at - 1];
      // The first is added with the second, the last in any case.
      assert.ok(millis - before >= (at === 1 || at === history.length - 1 ? 0 : 1_000), `${before} ${millis}`);
      assert.ok(delivered >= deliveredBefore && rejected >= rejectedBefore);
    }
    for (const path of [`/api/exports/${one.id}/runs`]) assert.equal((await here.admin.read(path)).items[0].history, undefined);
  });
});
