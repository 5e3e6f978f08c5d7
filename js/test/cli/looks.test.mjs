// What is looked at without sending: check, suggest, test-connection, lists, fields; and the sandbox itself.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, test } from "node:test";
import { CONTOSO_HEADER, HEADER, account, cli, defaultSeed, definition, flat, part, people, place, start } from "./helpers.mjs";

const CHECK = ["check", "-d", "export.json", "-s", "segment.csv"];

describe("check", { concurrency: 8 }, () => {
  test("without a key: counts, requests, and what was not checked", async () => {
    const cwd = place({ "export.json": definition(), "segment.csv": `${HEADER}${people(600)}C0,Bo,,\n` });
    const { code, stdout } = await cli(CHECK, { cwd, key: null });
    assert.equal(code, 3);
    assert.match(flat(stdout), /Nothing was sent/u);
    assert.match(stdout, /would be sent +600/u);
    assert.match(stdout, /bulk requests +3 /u);
    assert.match(stdout, /There is no e-mail address/u);
    assert.match(flat(stdout), /were not checked: no key is given/u);
    assert.equal(existsSync(join(cwd, "segment.rejected.csv")), false, "a file only when asked for");
  });

  test("with a key: the list, titles and options are checked; nothing is imported", async () => {
    const served = await account();
    const fields = [{ field: "Loyalty tier", column: "FirstName" }];
    const cwd = place({ "export.json": definition({}, { fields }), "bad.json": definition({ list: 77 }), "segment.csv": HEADER + people(3) });
    const { code, stdout } = await cli([...CHECK, "--sandbox", served.url], { cwd });
    assert.equal(code, 0);
    assert.match(flat(stdout), /list 4 is "Gold customers"/u);
    assert.match(stdout, /3 +Loyalty tier: not one of the field's options/u);
    const bad = await cli(["check", "-d", "bad.json", "-s", "segment.csv", "--sandbox", served.url], { cwd });
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /no list 77/u);
    assert.equal(served.sandbox.account.batches.length, 0);
    const before = served.sandbox.account.requestCount;
    const offline = await cli(["check", "-d", "bad.json", "-s", "segment.csv", "--offline", "--sandbox", served.url], { cwd });
    assert.equal(offline.code, 0);
    assert.match(offline.stdout, /--offline/u);
    assert.equal(served.sandbox.account.requestCount, before);
  });

  test("more contacts than the plan has room for are announced", async () => {
    const served = await account({ seed: { ...defaultSeed(), contactLimit: 10 } });
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(50) });
    const { stdout } = await cli([...CHECK, "--sandbox", served.url], { cwd });
    assert.match(stdout, /plan includes 10 contacts/u);
  });

  test("--json is pure; --rejects writes the file", async () => {
    const cwd = place({ "export.json": definition(), "segment.csv": `${HEADER}${people(2)}C3,Bo,x,\n` });
    const { code, stdout, stderr } = await cli([...CHECK, "--json", "--rejects", "r.csv"], { cwd, key: null });
    assert.equal(code, 3);
    assert.equal(stderr, "");
    const { read, accepted, rejected, account: checked, rejectsFile } = JSON.parse(stdout);
    assert.deepEqual({ read, accepted, rejected, rejectsFile, checked: checked.checked }, { read: 3, accepted: 2, rejected: 1, rejectsFile: "r.csv", checked: false });
    assert.match(readFileSync(join(cwd, "r.csv"), "utf8"), /email_no_at/u);
  });

  test("5,000 profiles", async () => {
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(5_000) });
    const { code, stdout } = await cli(CHECK, { cwd, key: null });
    assert.equal(code, 0);
    assert.match(flat(stdout), /all 5,000 profiles would be sent/u);
    assert.match(stdout, /bulk requests +20 /u);
  });

  test("an unusable account points to --offline", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(2) });
    const { code, stderr } = await cli([...CHECK, "--sandbox", served.url], { cwd, key: "wrong" });
    assert.equal(code, 1);
    assert.match(stderr, /--offline/u);
  });
});

describe("suggest", { concurrency: 8 }, () => {
  const suggest = async (header, args = [], options = {}) => {
    const cwd = place({ "segment.csv": `${header}\n` });
    return { cwd, ...(await cli(["suggest", "-s", "segment.csv", ...args], { cwd, key: null, ...options })) };
  };

  test("the Contoso header: a table, and a definition that check takes but for its placeholders", async () => {
    const { code, stdout, stderr } = await suggest(CONTOSO_HEADER);
    assert.equal(code, 0);
    assert.match(stderr, /email +EMail +100 %/u);
    assert.match(stderr, /Not used: FullName/u);
    const suggested = JSON.parse(stdout);
    assert.deepEqual(suggested.mapping, { email: "EMail", id: "ContactId", firstName: "FirstName", lastName: "LastName", phone: "Telephone", consent: "Email Subscriber" });
    const row = CONTOSO_HEADER.split(",").map((name) => (name === "EMail" ? "a@example.net" : name === "Email Subscriber" ? "yes" : "1")).join(",");
    const cwd = place({ "as-it-is.json": suggested, "filled.json": { ...suggested, host: "acme.api-us1.com", list: 4 }, "segment.csv": `${CONTOSO_HEADER}\n${row}\n` });
    const asItIs = await cli(["check", "-d", "as-it-is.json", "-s", "segment.csv", "--json"], { cwd, key: null });
    assert.equal(asItIs.code, 2);
    assert.deepEqual(JSON.parse(asItIs.stdout).stop.issues.map(({ path }) => path).sort(), ["host", "list"]);
    assert.equal((await cli(["check", "-d", "filled.json", "-s", "segment.csv"], { cwd, key: null })).code, 0);
  });

  test("names as Dataverse writes them, as JSON", async () => {
    const { code, stdout, stderr } = await suggest("msdynci_customerid,msdynci_firstname,msdynci_lastname,msdynci_emailaddress1,msdynci_telephone1,donotbulkemail", ["--json"]);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    const { mapping, suggestions } = JSON.parse(stdout);
    assert.deepEqual(mapping, {
      id: "msdynci_customerid", email: "msdynci_emailaddress1", firstName: "msdynci_firstname", lastName: "msdynci_lastname",
      phone: "msdynci_telephone1", consent: { column: "donotbulkemail", negated: true },
    });
    assert.ok(suggestions.every(({ confidence }) => confidence > 0 && confidence <= 1));
  });

  test("with an account: its custom fields too", async () => {
    const served = await account();
    const { stdout } = await suggest(CONTOSO_HEADER, ["--sandbox", served.url], { key: "sandbox-key" });
    assert.deepEqual(JSON.parse(stdout).mapping.fields, [
      { field: "Loyalty tier", column: "Loyalty Tier" }, { field: "Birthday", column: "DateOfBirth" }, { field: "City", column: "City" },
    ]);
  });

  test("the order of days, where the source shows it", async () => {
    const served = await account();
    const orders = { mdy: ["8/1/1974", "3/15/1981"], dmy: ["8/1/1974", "15/3/1981"], none: ["1974-08-01", "1981-03-15"], unsure: ["8/1/1974", "3/5/1981"] };
    for (const [order, days] of Object.entries(orders)) {
      const rows = days.map((day, index) => `person${index}@example.net,${day}\n`).join("");
      const { code, stdout, stderr } = await suggest(`EMail,DOB\n${rows}`.trimEnd(), ["--sandbox", served.url], { key: "sandbox-key" });
      assert.equal(code, 0, stderr);
      const expected = { field: "Birthday", column: "DOB", ...(["mdy", "dmy"].includes(order) ? { dateOrder: order } : {}) };
      assert.deepEqual(JSON.parse(stdout).mapping.fields, [expected], order);
      // The only telling day may be that of a row whose address is broken.
      const broken = await suggest(`EMail,DOB\n${rows.replace("person1@", "person1.")}`, ["--sandbox", served.url], { key: "sandbox-key" });
      assert.deepEqual(JSON.parse(broken.stdout).mapping.fields, [expected], order);
      assert.equal(/may be read in several orders/u.test(flat(stderr)), order === "unsure", stderr);
    }
  });

  test("nothing to guess from, and an empty file", async () => {
    const { code, stdout } = await suggest("a,b,c");
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout).mapping, { email: "COLUMN-WITH-THE-ADDRESS" });
    const cwd = place({ "segment.csv": "" });
    assert.equal((await cli(["suggest", "-s", "segment.csv"], { cwd, key: null })).code, 2);
  });

  test("a column cannot write to the terminal", async () => {
    const { stderr } = await suggest('"a\u001b[2Jb",EMail');
    assert.ok(!stderr.includes("\u001b"));
  });
});

describe("the account", { concurrency: 8 }, () => {
  test("more than a hundred lists and fields: all of them", async () => {
    const served = await account({ seed: { ...defaultSeed(), generate: { lists: 230, fields: 120 } } });
    const [lists, table, fields] = await Promise.all([["lists", "--json"], ["lists"], ["fields", "--json"]].map((args) => cli([...args, "--sandbox", served.url])));
    assert.equal(JSON.parse(lists.stdout).length, 235);
    assert.equal(JSON.parse(fields.stdout).length, 131);
    assert.match(table.stdout, /235 lists/u);
    assert.match(table.stdout, /4 {2}Gold customers +1\n/u);
  });

  test("fields: title, perstag, type, options", async () => {
    const served = await account();
    const { code, stdout } = await cli(["fields", "--sandbox", served.url]);
    assert.equal(code, 0);
    assert.match(stdout, /2 {2}Loyalty tier +LOYALTY_TIER +dropdown {2}low, medium, high\n/u);
  });

  test("test-connection: works, refused, no host, nobody there", async () => {
    const served = await account();
    const works = await cli(["test-connection", "--sandbox", served.url]);
    assert.equal(works.code, 0);
    assert.match(works.stdout, /works\.\n[^]*Lists +5\n +Fields +11\n +Contacts +7 of the plan's 2,000,000/u);
    const json = await cli(["test-connection", "--json", "--sandbox", served.url]);
    assert.deepEqual([JSON.parse(json.stdout).ok, json.stderr], [true, ""]);
    const refused = await cli(["test-connection", "--json", "--sandbox", served.url], { key: "wrong" });
    assert.deepEqual([refused.code, JSON.parse(refused.stdout).ok], [1, false]);
    const nowhere = await cli(["lists"]);
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.stderr, /--host/u);
    const foreign = await cli(["lists", "--host", "crm.example.com"]);
    assert.equal(foreign.code, 2);
    assert.match(foreign.stderr, /--allow-host/u);
    assert.doesNotMatch(foreign.stderr, /allowedHosts/u);
  });

  test("the hostname of a definition", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "bare.json": definition({ host: undefined }) });
    assert.equal((await cli(["lists", "-d", "export.json", "--sandbox", served.url], { cwd })).code, 0);
    const bare = await cli(["lists", "-d", "bare.json"], { cwd });
    assert.equal(bare.code, 2);
    assert.match(bare.stderr, /names no host/u);
  });

  test("a reader that has seen enough is no crash", async () => {
    const served = await account({ seed: { ...defaultSeed(), generate: { lists: 400 } } });
    const { child, done } = start(["lists", "--json", "--sandbox", served.url]);
    child.stdout.destroy();
    const { code, stderr } = await done;
    assert.deepEqual([code, stderr], [0, ""]);
  });
});

describe("sandbox", { concurrency: 8 }, () => {
  test("prints its address, its key and the commands to try; Ctrl-C ends it", { skip: process.platform === "win32" }, async () => {
    const { child, done, says } = start(["sandbox", "--speed", "10"]);
    await says("run -d export.json", "stdout");
    child.kill("SIGINT");
    const { code, stdout } = await done;
    assert.equal(code, 0);
    assert.match(stdout, /listens on http:\/\/127\.0\.0\.1:\d+\n/u);
    assert.match(stdout, /Key +sandbox-key\n/u);
    assert.match(stdout, /export ACTIVECAMPAIGN_API_KEY=sandbox-key/u);
  });

  test("its own seed and knobs, and another command against it", { skip: process.platform === "win32" }, async () => {
    const cwd = place({ "seed.json": { key: "my key's", lists: [{ id: 3, name: "Mine" }] }, "knobs.json": { importContentType: "json" } });
    const { child, done, says } = start(["sandbox", "--seed", "seed.json", "--knobs", "knobs.json"], { cwd });
    let told = "";
    child.stdout.on("data", (text) => (told += text));
    await says("run -d export.json", "stdout");
    assert.match(told, /ACTIVECAMPAIGN_API_KEY='my key'\\''s'/u);
    child.kill("SIGTERM");
    assert.equal((await done).code, 0);
  });

  test("a wrong seed or knob: exit 2 with the path", async () => {
    const cwd = place({ "seed.json": { lists: [{ nmae: "x" }] }, "knobs.json": { era: 1999 }, "bad.json": "{" });
    const seed = await cli(["sandbox", "--seed", "seed.json"], { cwd });
    assert.equal(seed.code, 2);
    assert.match(seed.stderr, /seed\.lists\[0\]\.nmae: there is no such key/u);
    assert.equal(seed.stderr.match(/is wrong/gu).length, 1, "blamed twice");
    const knobs = await cli(["sandbox", "--knobs", "knobs.json"], { cwd });
    assert.equal(knobs.code, 2);
    assert.match(knobs.stderr, /knobs\.era/u);
    assert.equal((await cli(["sandbox", "--seed", "bad.json"], { cwd })).code, 2);
    assert.equal((await cli(["sandbox", "--seed", "none.json"], { cwd })).code, 2);
  });

  test("a port that is taken: exit 1 and a plain sentence", async () => {
    const server = createServer();
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address();
    const { code, stderr } = await cli(["sandbox", "--port", String(port)]);
    server.close();
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`Port ${port} is taken`, "u"));
    assert.doesNotMatch(stderr, /\n\s+at /u);
  });
});

describe("what is told while a run lasts", () => {
  const NOTHING = { read: 0, pending: 0, queued: 0, delivered: 0, rejected: 0, duplicate: 0, excluded: 0, unchanged: 0, unverified: 0, resent: 0, batches: 0, requests: 0, sourceBytes: 0 };

  test("time is left while something is under way, and none when all that was read has its end", async () => {
    const { makeReporter } = await part("progress.js");
    let text = "";
    const stream = new Writable({ write: (chunk, _, done) => ((text += chunk), done()) });
    const reporter = makeReporter({ stream, sourceBytes: 100, quiet: false });
    reporter.update({ ...NOTHING, read: 6, queued: 6, requests: 3, waiting: "processing", remainingMillis: 2_000 });
    reporter.update({ ...NOTHING, read: 6, delivered: 6, requests: 4, waiting: "answer", remainingMillis: 2_000 });
    reporter.end();
    const [under, done] = text.trim().split("\n").slice(-2);
    assert.match(under, /a few seconds left · ActiveCampaign is importing/u);
    assert.match(done, /done with what was read$/u);
    assert.doesNotMatch(done, /left/u);
  });

  test("lines of an error keep their indent, however narrow the window is", async () => {
    const { wrap } = await part("text.js");
    assert.deepEqual(wrap("Some are wrong:\n  one two three\n  four", 12), ["Some are", "wrong:", "  one two", "  three", "  four"]);
  });
});
