// `run` tells the truth by its exit status, its summary and its file of rejected rows. Each test runs the packed
// command against a sandbox of its own.
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "csv-parse/sync";
import { HEADER, account, activeIn, cli, definition, flat, people, place, start } from "./helpers.mjs";

const RUN = ["run", "-d", "export.json", "-s", "segment.csv"];

describe("run", { concurrency: 8 }, () => {
  test("all delivered: exit 0, no file of rejected rows, the summary says so", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(300) });
    const { code, stdout, stderr } = await cli([...RUN, "--sandbox", served.url], { cwd });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Done in .*: all 300 profiles were delivered to list 4 of the sandbox/u);
    assert.match(stdout, /read +300\n +delivered +300\n/u);
    assert.equal(existsSync(join(cwd, "segment.rejected.csv")), false);
    assert.equal(activeIn(served), 301);
    // Plain lines elsewhere than on a terminal: no escape sequence in either stream.
    assert.ok(!(stdout + stderr).includes("\u001b"));
  });

  test("each line of the progress adds up to what was read", async () => {
    const served = await account();
    const mapping = { consent: "Consent" };
    const rows = people(600).replaceAll("\n", ",yes\n") + people(40, 700).replaceAll("\n", ",no\n");
    const cwd = place({ "export.json": definition({}, mapping), "segment.csv": `${HEADER.trim()},Consent\n${rows}` });
    const { stderr } = await cli([...RUN, "--sandbox", served.url], { cwd });
    const lines = stderr.split("\n").filter((line) => line.startsWith("read "));
    assert.ok(lines.length > 0, stderr);
    for (const line of lines) {
      const counts = Object.fromEntries([...line.matchAll(/(\w+) ([\d,]+)(?= ·|$)/gu)].map(([, word, number]) => [word, Number(number.replaceAll(",", ""))]));
      const { read, requests, ...buckets } = counts;
      assert.ok(requests > 0, line);
      assert.equal(Object.values(buckets).reduce((sum, each) => sum + each, 0), read, line);
    }
    assert.match(stderr, /excluded 40/u);
  });

  test("--json: the summary alone on standard output, nothing on the other", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": `${HEADER}${people(3)}C4,Bo,,\nC5,Cy,person1@example.net,\n` });
    const { code, stdout, stderr } = await cli([...RUN, "--json", "--sandbox", served.url], { cwd });
    const summary = JSON.parse(stdout);
    assert.equal(code, 3);
    assert.equal(stderr, "");
    const { result, read, delivered, rejected, duplicate, rejectedByRule, rejectsFile, rejectsRows } = summary;
    assert.deepEqual(
      { result, read, delivered, rejected, duplicate, rejectedByRule, rejectsFile, rejectsRows },
      { result: "completed_with_rejections", read: 5, delivered: 3, rejected: 1, duplicate: 1, rejectedByRule: { email_missing: 1 }, rejectsFile: "segment.rejected.csv", rejectsRows: 2 },
    );
  });

  test("the file of rejected rows: place, columns, remedy, masked values, harmless cells, mode 0600", async () => {
    const served = await account();
    const cwd = place({
      "export.json": definition(),
      "segment.csv": `${HEADER}${people(2)}=C3,Bo,secret.person@@example.com,\n"C4",x,gone@example.com,\n`,
    });
    const { code, stdout } = await cli([...RUN, "--rejects", "out.csv", "--sandbox", served.url], { cwd });
    assert.equal(code, 3);
    assert.match(stdout, /out\.csv \(2 rows; values hidden, --reveal shows them\)/u);
    const text = readFileSync(join(cwd, "out.csv"), "utf8");
    assert.ok(text.startsWith('"row","line","offset","source_id","field","rule","reason","remedy","value"\n'));
    assert.ok(!text.includes("secret.person") && !text.includes("gone@example"), "values are hidden");
    const rows = parse(text, { columns: true });
    const [first, second] = rows;
    assert.deepEqual({ ...first, reason: "", offset: "" }, {
      row: "3", line: "4", offset: "", source_id: "'=C3", field: "EMail", rule: "email_no_at", reason: "", remedy: "Correct the address.", value: "s***@***@e***",
    });
    assert.equal(readFileSync(join(cwd, "segment.csv")).subarray(Number(first.offset)).toString().slice(0, 3), "=C3");
    assert.equal(second.rule, "failed_in_import");
    assert.match(second.remedy, /Look the contact up/u);
    if (process.platform !== "win32") assert.equal(statSync(join(cwd, "out.csv")).mode & 0o777, 0o600);
  });

  test("--reveal shows whole values, and says what that means", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": `${HEADER}${people(2)}C3,Bo,+not.an.address,\n` });
    const { stdout } = await cli([...RUN, "--reveal", "--sandbox", served.url], { cwd });
    assert.match(stdout, /treat it as personal data/u);
    assert.equal(parse(readFileSync(join(cwd, "segment.rejected.csv"), "utf8"), { columns: true })[0].value, "'+not.an.address");
  });

  test("somebody else's file is not overwritten, and nothing is sent", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(2), "segment.rejected.csv": "my,own,notes\n" });
    const { code, stderr } = await cli([...RUN, "--sandbox", served.url], { cwd });
    assert.equal(code, 2);
    assert.match(stderr, /segment\.rejected\.csv is not overwritten/u);
    assert.equal(readFileSync(join(cwd, "segment.rejected.csv"), "utf8"), "my,own,notes\n");
    assert.equal(served.sandbox.account.requestCount, 0);
    for (const own of ["segment.csv", "export.json"]) {
      assert.equal((await cli([...RUN, "--rejects", own, "--sandbox", served.url], { cwd })).code, 2);
    }
    assert.equal(readFileSync(join(cwd, "segment.csv"), "utf8"), HEADER + people(2));
    const nowhere = await cli([...RUN, "--rejects", "no-such-folder/r.csv", "--sandbox", served.url], { cwd });
    assert.deepEqual([nowhere.code, served.sandbox.account.requestCount], [2, 0]);
  });

  test("our own file is replaced, and removed when a later run rejects nothing", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": `${HEADER}${people(2)}C3,Bo,,\n` });
    const file = join(cwd, "segment.rejected.csv");
    assert.equal((await cli([...RUN, "--sandbox", served.url], { cwd })).code, 3);
    assert.equal(parse(readFileSync(file, "utf8"), { columns: true }).length, 1);
    writeFileSync(join(cwd, "segment.csv"), HEADER + people(2));
    const { code, stdout } = await cli([...RUN, "--sandbox", served.url], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /of an earlier run was removed/u);
    assert.equal(existsSync(file), false);
    assert.deepEqual(readdirSync(cwd).sort(), ["export.json", "segment.csv"]);
  });

  test("duplicates alone are no failure, but they are in the file", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": `${HEADER}${people(2)}C3,Bo,PERSON1@example.net,\n` });
    const { code, stdout } = await cli([...RUN, "--sandbox", served.url], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /1 duplicate;/u);
    assert.equal(parse(readFileSync(join(cwd, "segment.rejected.csv"), "utf8"), { columns: true })[0].rule, "duplicate");
  });

  test("what was left out of contacts is counted, with the reason and the first row", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": `${HEADER}${people(1)}C2,Bo,person2@example.net,555-0199 x12\nC3,Cy,person3@example.net,call me\n` });
    const { code, stdout } = await cli([...RUN, "--sandbox", served.url], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /Values left out of contacts\n +2 +phone: not a phone number/u);
    assert.match(stdout, /the first in row 2/u);
  });

  test("--quiet says nothing when all is well, and everything when not", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(2), "bad.csv": `${HEADER}${people(2)}C3,Bo,,\n` });
    const [well, ill] = await Promise.all(["segment.csv", "bad.csv"].map((name) => cli(["run", "-d", "export.json", "-s", name, "--quiet", "--sandbox", served.url], { cwd })));
    assert.deepEqual([well.code, well.stdout, well.stderr], [0, "", ""]);
    assert.deepEqual([ill.code, ill.stderr], [3, ""]);
    assert.match(flat(ill.stdout), /1 rejected/u);
  });

  test("standard input, and NDJSON", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition() });
    const csv = await cli(["run", "-d", "export.json", "-s", "-", "--sandbox", served.url], { cwd, input: `${HEADER}${people(2)}C3,Bo,,\n` });
    assert.match(flat(csv.stdout), /Correct the rejected rows where they come from and run it again/u);
    assert.equal(csv.code, 3, csv.stderr);
    assert.equal(existsSync(join(cwd, "rejected.csv")), true);
    const lines = [{ Id: "N1", FirstName: "Ann", EMail: "n1@example.net", Telephone: null }, { Id: "N2", FirstName: "Bo", EMail: "n2@example.net", Telephone: "" }];
    const input = lines.map((each) => JSON.stringify(each)).join("\n");
    writeFileSync(join(cwd, "export.json"), JSON.stringify(definition({ source: { format: "csv" } })));
    const ndjson = await cli(["run", "-d", "export.json", "-s", "-", "--format", "ndjson", "--rejects", "n.csv", "--json", "--sandbox", served.url], { cwd, input });
    assert.equal(ndjson.code, 0, ndjson.stderr);
    assert.equal(JSON.parse(ndjson.stdout).delivered, 2);
    assert.equal(activeIn(served), 5);
  });

  test("--delimiter takes names and characters", async () => {
    const served = await account();
    const text = (HEADER + people(2)).replaceAll(",", "|");
    const cwd = place({ "export.json": definition(), "segment.csv": text });
    for (const name of ["pipe", "|"]) {
      const { code, stderr } = await cli(["check", "-d", "export.json", "-s", "segment.csv", "--delimiter", name], { cwd, key: null });
      assert.equal(code, 0, stderr);
    }
    assert.equal((await cli([...RUN, "--delimiter", "x", "--sandbox", served.url], { cwd })).code, 2);
  });
});

describe("stopping", { concurrency: 8 }, () => {
  test("a wrong key: exit 1, a few requests, nothing imported, the key nowhere", async () => {
    for (const invalidToken of ["forbidden", "login"]) {
      const served = await account({ knobs: { invalidToken } });
      const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(2) });
      const { code, stdout, stderr } = await cli([...RUN, "--sandbox", served.url], { cwd, key: "wrong-key-123" });
      assert.equal(code, 1, invalidToken);
      assert.match(stderr, /the account refused the key/u);
      assert.match(stderr, /own key, which it printed when it started: sandbox-key/u);
      assert.match(stderr, /Whoever gives this command/u);
      assert.doesNotMatch(stdout + stderr, /wrong-key/u);
      assert.ok(served.sandbox.account.requestCount <= 3, `${served.sandbox.account.requestCount} requests`);
      assert.equal(served.sandbox.account.batches.length, 0);
      const json = await cli([...RUN, "--json", "--sandbox", served.url], { cwd, key: "wrong-key-123" });
      assert.equal(JSON.parse(json.stdout).stop.code, "key_refused");
    }
  });

  test("an unknown list and an unknown field: exit 2, both named, nothing imported", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition({ list: 99 }, { fields: [{ field: "Loyalty teir", column: "FirstName" }] }), "segment.csv": HEADER + people(2) });
    const { code, stderr } = await cli([...RUN, "--sandbox", served.url], { cwd });
    assert.equal(code, 2);
    assert.match(stderr, /2 settings in export\.json are wrong/u);
    assert.match(stderr, /no list 99.*4 \(Gold customers\)/su);
    assert.match(stderr, /mapping\.fields\[0\]\.field\n.*\n.*Did you mean Loyalty tier\?/u);
    assert.equal(served.sandbox.account.batches.length, 0);
  });

  test("a column that is not there: exit 2, with what was meant", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition({}, { email: "E-Mail" }), "segment.csv": HEADER + people(2) });
    const { code, stderr } = await cli([...RUN, "--sandbox", served.url], { cwd });
    assert.equal(code, 2);
    assert.match(stderr, /Did you mean EMail\?/u);
    assert.equal(served.sandbox.account.batches.length, 0);
  });

  test("sources that no rerun mends: empty, a header alone, UTF-16, a broken header", async () => {
    const served = await account();
    const sources = {
      "empty.csv": ["", /the source is empty/u], "header.csv": [HEADER, /no profiles/u],
      "utf16.csv": [Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(HEADER + people(2), "utf16le")]), /UTF-16/u],
      "quote.csv": [`"Id" x,EMail\n1,a@example.net\n`, /quote/u],
    };
    for (const [name, [content, reason]] of Object.entries(sources)) {
      const cwd = place({ "export.json": definition(), [name]: content });
      const args = ["-d", "export.json", "-s", name];
      for (const [command, key] of [["run", undefined], ["check", null]]) {
        const { code, stderr } = await cli([command, ...args, ...(command === "run" ? ["--sandbox", served.url] : [])], { cwd, key });
        assert.equal(code, 2, `${command} ${name}`);
        assert.match(stderr, reason);
        assert.match(stderr, new RegExp(`Whoever owns the source ${name}`, "u"));
      }
    }
    assert.equal(served.sandbox.account.batches.length, 0);
  });

  test("Ctrl-C: nothing new is sent, what was taken is followed to its end; exit 1", { skip: process.platform === "win32" }, async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(6_000) });
    const { child, done, says } = start([...RUN, "--sandbox", served.url], { cwd });
    await says("sending");
    child.kill("SIGINT");
    const { code, stdout, stderr } = await done;
    assert.equal(code, 1);
    assert.match(stderr, /Stopping: nothing new is sent; waiting for what the account has taken/u);
    assert.match(stdout, /^Cancelled after/u);
    const delivered = Number(/delivered +([\d,]+)/u.exec(stdout)[1].replaceAll(",", ""));
    assert.equal(activeIn(served), delivered + 1, "what it says is what the account has");
    assert.ok(delivered < 6_000);
  });

  test("Ctrl-C ends a run whose source stays silent", { skip: process.platform === "win32" }, async () => {
    const served = await account();
    const cwd = place({ "export.json": definition() });
    const { child, done } = start(["run", "-d", "export.json", "-s", "-", "--json", "--sandbox", served.url], { cwd, input: null });
    child.stdin.write(HEADER + people(300));
    const end = Date.now() + 10_000;
    while (served.sandbox.account.batches.length === 0 && Date.now() < end) await new Promise((wait) => setTimeout(wait, 50));
    child.kill("SIGTERM");
    const { code, stdout } = await done;
    assert.equal(code, 1);
    const { result, delivered } = JSON.parse(stdout);
    assert.deepEqual([result, delivered], ["cancelled", 250]);
  });

  test("Ctrl-C while the account is still being read: nothing is sent", { skip: process.platform === "win32" }, async () => {
    const served = await account({ latencyMillis: 1_500 });
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(300) });
    const { child, done, says } = start([...RUN, "--sandbox", served.url], { cwd });
    await says("reading the account");
    child.kill("SIGINT");
    const { code, stdout } = await done;
    assert.equal(code, 1);
    assert.match(stdout, /Cancelled after .*: nothing was sent/u);
    assert.equal(served.sandbox.account.batches.length, 0);
  });

  test("a second Ctrl-C quits at once with 130", { skip: process.platform === "win32" }, async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(2_000) });
    const { child, done, says } = start([...RUN, "--sandbox", served.url], { cwd });
    await says("sending");
    child.kill("SIGINT");
    await says("Stopping");
    child.kill("SIGINT");
    const { code, stderr } = await done;
    assert.equal(code, 130);
    assert.match(stderr, /is not known/u);
  });

  test("nobody can say what became of them: exit 3, and what to do", async () => {
    const served = await account({ knobs: { failureSpelling: "unknown-address" }, seed: { lists: [{ id: 4, name: "L" }], bounced: ["gone@example.com"] } });
    const cwd = place({ "export.json": definition(), "segment.csv": `${HEADER}${people(2)}C3,Bo,gone@example.com,\n` });
    const { code, stdout } = await cli([...RUN, "--sandbox", served.url], { cwd });
    assert.equal(code, 3);
    assert.match(stdout, /unverified +3 /u);
    assert.match(stdout, /Run it again/u);
  });
});
