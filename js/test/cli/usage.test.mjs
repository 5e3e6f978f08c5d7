// Wrong usage ends with exit status 2 and a plain sentence; a key on the command line is refused and never shown.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { HEADER, account, bin, cli, definition, manifest, people, place } from "./helpers.mjs";

const SECRET = "0123456789abcdef-secret";

describe("usage", { concurrency: 8 }, () => {
  test("--version, --help, no command, a command that does not exist", async () => {
    assert.deepEqual(await cli(["--version"]).then(({ code, stdout }) => [code, stdout]), [0, `${manifest.version}\n`]);
    const help = await cli(["--help"]);
    assert.equal(help.code, 0);
    for (const name of ["run", "check", "suggest", "test-connection", "lists", "fields", "sandbox", "Examples", "Exit status"]) assert.ok(help.stdout.includes(name), name);
    for (const name of ["run", "check", "suggest", "test-connection", "lists", "fields", "sandbox"]) {
      const each = await cli([name, "--help"]);
      assert.equal(each.code, 0);
      assert.match(each.stdout, /Example/u);
    }
    assert.equal((await cli([])).code, 2);
    const wrong = await cli(["runn"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /Did you mean run\?/u);
    const option = await cli(["run", "-d", "a", "-s", "b", "--sandbux", "c"]);
    assert.equal(option.code, 2);
    assert.match(option.stderr, /Did you mean --sandbox\?/u);
    assert.equal((await cli(["run", "-d", "a"])).code, 2);
    assert.equal((await cli(["sandbox", "--port", "70000"])).code, 2);
    assert.equal((await cli(["sandbox", "--speed", "0"])).code, 2);
  });

  test("a key on the command line is refused and not shown", async () => {
    for (const flag of ["--key", "--api-key", "--apikey", "--API_KEY", "--token", "--api-token", "-k"]) {
      for (const args of [[flag, SECRET], [`${flag}=${SECRET}`]]) {
        const { code, stdout, stderr } = await cli(["run", "-d", "export.json", "-s", "segment.csv", ...args]);
        assert.equal(code, 2, flag);
        assert.match(stderr, /not taken from the command line/u);
        assert.match(stderr, /ACTIVECAMPAIGN_API_KEY/u);
        assert.ok(!(stdout + stderr).includes(SECRET));
      }
    }
    const other = await cli(["run", "-d", "e", "-s", "s", `--secret=${SECRET}`]);
    assert.equal(other.code, 2);
    assert.ok(!other.stderr.includes(SECRET), "nor under a name that is not known");
    const file = await cli(["lists", "--host", "acme.api-us1.com", "--key-file", SECRET]);
    assert.equal(file.code, 2);
    assert.ok(!file.stderr.includes(SECRET), "nor in place of a file");
  });

  test("the key from a file; none at all; one that cannot be one", async () => {
    const served = await account();
    const cwd = place({ key: "\ufeffsandbox-key\r\n", empty: "\n", broken: "two\nlines" });
    assert.equal((await cli(["test-connection", "--sandbox", served.url, "--key-file", "key"], { cwd, key: "not-this-one" })).code, 0);
    const none = await cli(["test-connection", "--sandbox", served.url], { cwd, key: null });
    assert.equal(none.code, 2);
    assert.match(none.stderr, /There is no key: set ACTIVECAMPAIGN_API_KEY, or give --key-file/u);
    assert.equal((await cli(["test-connection", "--sandbox", served.url, "--key-file", "empty"], { cwd })).code, 2);
    const broken = await cli(["test-connection", "--sandbox", served.url, "--key-file", "broken"], { cwd });
    assert.equal(broken.code, 1);
    assert.doesNotMatch(broken.stderr, /two/u);
  });

  test("hostnames that are none are refused with the reason and the corrected form", async () => {
    const hosts = [
      ["https://acme.api-us1.com", "scheme", "acme.api-us1.com"],
      ["https://acme.api-us1.com/api/3", "scheme", "acme.api-us1.com"],
      ["acme.api-us1.com/", "path", "acme.api-us1.com"],
      ["acme.api-us1.com:443", "port", "acme.api-us1.com"],
      ["ACME.api-us1.com", "lower case", "acme.api-us1.com"],
      ["acme.api-us1.com.", "dot", "acme.api-us1.com"],
      [" acme.api-us1.com", "spaces", "acme.api-us1.com"],
      ["user@acme.api-us1.com", "@", undefined],
      ["127.0.0.1", "IP address", undefined],
      ["acme.example.com", "not known", undefined],
      ["acme.api-us1.com.evil.example", "not known", undefined],
      ["acme.api-us1.com\\@evil.example", "", undefined],
    ];
    const served = await account();
    for (const [host, reason, corrected] of hosts) {
      const cwd = place({ "export.json": definition({ host }), "segment.csv": HEADER + people(1) });
      for (const args of [["run", "-d", "export.json", "-s", "segment.csv", "--sandbox", served.url], ["lists", "--host", host]]) {
        const { code, stderr } = await cli(args, { cwd });
        assert.equal(code, 2, `${args[0]} ${host}`);
        assert.ok(stderr.replace(/\s+/gu, " ").includes(reason), `${host}: ${stderr}`);
        assert.equal(stderr.includes("Did you mean acme.api-us1.com?"), corrected !== undefined, `${host}: ${stderr}`);
      }
    }
    assert.equal(served.sandbox.account.requestCount, 0);
    const allowed = place({ "export.json": definition({ host: "acme.example.com" }), "segment.csv": HEADER + people(1) });
    assert.equal((await cli(["check", "-d", "export.json", "-s", "segment.csv", "--allow-host", "acme.example.com"], { cwd: allowed, key: null })).code, 0);
  });

  test("files that are missing, folders, or not JSON: exit 2 with the place", async () => {
    const cwd = place({ "bad.json": '{\n  "version": 1,\n  "list": 4,,\n}', "latin.json": new Uint8Array([0x7b, 0xe9, 0x7d]), "export.json": definition(), "segment.csv": HEADER + people(1) });
    const table = [
      ["none.json", "segment.csv", /definition none\.json could not be read: there is no such file/u],
      [".", "segment.csv", /it is a folder/u],
      ["bad.json", "segment.csv", /not valid JSON \(line 3, column 13\)/u],
      ["latin.json", "segment.csv", /not UTF-8/u],
      ["export.json", "none.csv", /source none\.csv could not be read: there is no such file/u],
      ["export.json", ".", /it is a folder/u],
    ];
    for (const [definitionFile, source, reason] of table) {
      for (const command of ["run", "check"]) {
        const { code, stderr } = await cli([command, "-d", definitionFile, "-s", source, "--sandbox", "http://127.0.0.1:9"], { cwd });
        assert.equal(code, 2);
        assert.match(stderr, reason);
        assert.doesNotMatch(stderr, /\n\s+at /u, "no trace of the stack");
      }
    }
  });

  test("all issues of a definition at once, and as JSON", async () => {
    const cwd = place({ "export.json": { version: 2, nmae: "x", host: "acme.api-us1.com", list: 0, mapping: { emial: "EMail" } }, "segment.csv": HEADER + people(1) });
    const { code, stdout, stderr } = await cli(["run", "-d", "export.json", "-s", "segment.csv", "--json", "--sandbox", "http://127.0.0.1:9"], { cwd });
    assert.equal(code, 2);
    const { result, stop } = JSON.parse(stdout);
    assert.equal(result, "blocked");
    assert.deepEqual(stop.issues.map(({ path }) => path).sort(), ["list", "mapping.email", "mapping.emial", "nmae", "version"]);
    for (const { path } of stop.issues) assert.ok(stderr.includes(path));
  });

  test("Node's example says how it is used when something is missing", () => {
    // Beside the installed package, which it finds as any program does.
    const program = join(dirname(bin), "..", "..", "..", "..", "usage-of-the-example.mjs");
    copyFileSync(fileURLToPath(new URL("../../examples/node/export.mjs", import.meta.url)), program);
    const env = { ...process.env };
    delete env.ACTIVECAMPAIGN_API_KEY;
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], { env, encoding: "utf8" });
    assert.deepEqual([status, stdout], [2, ""], stderr);
    assert.match(stderr, /^Usage: .*definition\.json segment\.csv\n/u);
    assert.doesNotMatch(stderr, /Error|    at /u);
  });

  test("a sandbox that is not on this machine is refused", async () => {
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(1) });
    for (const url of ["http://example.com", "https://127.0.0.1", "http://127.0.0.1:80/x", "127.0.0.1:8080"]) {
      assert.equal((await cli(["run", "-d", "export.json", "-s", "segment.csv", "--sandbox", url], { cwd })).code, 2, url);
    }
  });
});
