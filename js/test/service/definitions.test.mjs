// Definitions as files: what `pull` writes, `apply` makes again elsewhere, and the second time there is nothing to do.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { account, bin, flat, place, start as startAny } from "../cli/helpers.mjs";
import { installed } from "./helpers.mjs";

/** The command where libsql lies beside it, for Node 20. */
const start = (args, options) => startAny(args, { ...options, program: join(installed, "dist", "cli", basename(bin)) });

/** A service as the command serves it, with its first administrator's token. */
async function served(sandbox, env = {}) {
  const folder = place();
  mkdirSync(join(folder, "sources"));
  writeFileSync(join(folder, "sources", "gold.csv"), "EMail,FirstName\nada@example.com,Ada\n");
  const child = start(["serve", "--data", join(folder, "data"), "--sources", join(folder, "sources"), "--sandbox", sandbox.url], { env });
  after(async () => {
    child.child.kill("SIGTERM");
    await child.done;
  });
  await child.says("acx_", "stdout");
  const text = child.told.stdout;
  return { url: /http:\/\/\S+:\d+/u.exec(text)[0], token: /acx_\S+/u.exec(text)[0] };
}

const CONNECTION = { name: "Newsletter", host: "acme.api-us1.com", keyName: "ACTIVECAMPAIGN_KEY_MAIN", sharing: { with: "contributors" }, consent: { agreed: true, version: "1" } };
const SEGMENT = { name: "Gold customers", source: { file: "gold.csv" } };
const FIRST = { name: "First", connection: "Newsletter", list: 1, segments: ["Gold customers"], mapping: { email: "EMail" }, schedule: { type: "own", active: true, times: ["06:30"], timeZone: "Europe/Ljubljana" } };
const SECOND = { name: "A second", connection: "Newsletter", list: 2, segments: ["Gold customers"], mapping: { email: "EMail", firstName: "FirstName" }, startAfter: ["First"] };

function write(folder, files) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(content));
  }
}

test("a folder of definitions makes a service, is what pull writes, and changes nothing the second time", async () => {
  const sandbox = await account();
  const env = { ACTIVECAMPAIGN_KEY_MAIN: sandbox.key };
  const one = await served(sandbox, env);
  const folder = place();
  write(folder, { "connections/a.json": CONNECTION, "segments/a.json": SEGMENT, "exports/a.json": FIRST, "exports/0.json": SECOND });
  const run = (args, { url, token }) => start([...args, "--url", url], { cwd: folder, env: { ACTIVECAMPAIGN_EXPORT_TOKEN: token } }).done;

  const dry = await run(["apply", ".", "--dry-run"], one);
  equal(dry.code, 0, dry.stderr);
  deepEqual(dry.stdout.split("\n\n")[0].split("\n"), ["would create connection Newsletter", "would create segment Gold customers", "would create export First", "would create export A second"]);
  match(flat(dry.stdout), /lists, fields and keys at the account, is looked at when each is saved/u);
  const first = await run(["apply", "."], one);
  equal(first.code, 0, first.stderr);
  deepEqual(first.stdout.trim().split("\n"), ["created connection Newsletter", "created segment Gold customers", "created export First", "created export A second"]);
  equal((await run(["apply", "."], one)).stdout.trim(), "Nothing to change.");

  const copy = place();
  equal((await run(["pull", copy], one)).code, 0);
  deepEqual(readdirSync(join(copy, "exports")).sort(), ["a-second.json", "first.json"]);
  const text = readdirSync(copy, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), "utf8")).join("\n");
  ok(!text.includes(sandbox.key), "the key is in no file");
  const pulled = JSON.parse(readFileSync(join(copy, "exports", "a-second.json"), "utf8"));
  deepEqual({ connection: pulled.connection, segments: pulled.segments, startAfter: pulled.startAfter, automations: pulled.automations }, { connection: "Newsletter", segments: ["Gold customers"], startAfter: ["First"], automations: "exclude" });
  ok(existsSync(join(copy, "exports", pulled.$schema)), "its schema is there");

  // Another service from the pulled files; the consent is given by whoever applies them.
  const two = await served(sandbox, env);
  const connection = JSON.parse(readFileSync(join(copy, "connections", "newsletter.json"), "utf8"));
  write(copy, { "connections/newsletter.json": { ...connection, consent: CONNECTION.consent } });
  const again = await run(["apply", copy], two);
  equal(again.code, 0, again.stderr);
  equal((await run(["apply", "."], two)).stdout.trim(), "Nothing to change.");

  // Removed from the folder: said, and removed only when that was asked for.
  write(folder, { "exports/0.json": { ...SECOND, startAfter: [] }, "exports/a.json": { ...FIRST, name: "Renamed" } });
  match((await run(["apply", "."], one)).stdout, /1 in the service has no file, and stays; --prune removes: First/u);
  const pruned = await run(["apply", ".", "--prune"], one);
  equal(pruned.stdout.trim(), "removed export First", pruned.stderr);
});

test("what files and service know to be wrong together is told before anything is changed, with --dry-run too", async () => {
  const sandbox = await account();
  const one = await served(sandbox, { ACTIVECAMPAIGN_KEY_MAIN: sandbox.key });
  const folder = place();
  const { consent: _consent, keyName: _keyName, ...bare } = CONNECTION;
  write(folder, { "connections/a.json": bare, "segments/a.json": SEGMENT, "exports/a.json": { ...FIRST, connection: "Newsleter", segments: ["Gold customers", "Silver"], startAfter: ["Nought"] } });
  for (const more of [["--dry-run"], []]) {
    const { code, stdout, stderr } = await start(["apply", ".", "--url", one.url, ...more], { cwd: folder, env: { ACTIVECAMPAIGN_EXPORT_TOKEN: one.token } }).done;
    equal(code, 2);
    equal(stdout, "");
    const text = flat(stderr);
    for (const told of ["connections/a.json: keyName: ", 'connections/a.json: consent: A new connection needs your consent to the privacy statement that GET /api/me of the service shows: "consent": { "agreed": true, "version": "1" }', 'exports/a.json: connection: There is no connection "Newsleter"', 'exports/a.json: segments[1]: There is no segment "Silver"', 'exports/a.json: startAfter[0]: There is no export "Nought"']) {
      ok(text.includes(told), `${told} in ${stderr}`);
    }
    ok(!text.includes("segments[0]"), "what is there is not complained of");
    // However long they are, the lines of one mistake stand below each other.
    for (const line of stderr.split("\n").slice(1, -2)) match(line, /^ {2}\S/u);
  }
});

test("when one is refused, what was applied before it is told, and what was not", async () => {
  const sandbox = await account();
  const one = await served(sandbox, { ACTIVECAMPAIGN_KEY_MAIN: sandbox.key });
  const folder = place();
  write(folder, { "connections/a.json": CONNECTION, "segments/a.json": SEGMENT, "exports/a.json": { ...FIRST, list: 999 }, "exports/b.json": SECOND });
  const { code, stdout, stderr } = await start(["apply", ".", "--url", one.url], { cwd: folder, env: { ACTIVECAMPAIGN_EXPORT_TOKEN: one.token } }).done;
  equal(code, 2);
  deepEqual(stdout.trim().split("\n"), ["created connection Newsletter", "created segment Gold customers"]);
  match(flat(stderr), /^export First: .* list: .*Not applied: export First, export A second\. What is listed before was applied and stays\./u);
});

test("mistakes in the files are told all at once, with their places, and nothing is changed", async () => {
  const folder = place();
  write(folder, { "connections/a.json": { name: "N" }, "exports/b.json": { ...FIRST, mapping: { emial: "EMail" } }, "exports/c.json": { ...FIRST, list: "four", schedule: { type: "owm" } }, "exports/d.json": { ...FIRST, name: "D", mapping: { email: { colum: "EMail" } } } });
  // Nobody listens there: the files come first.
  const { code, stderr } = await start(["apply", ".", "--url", "http://127.0.0.1:9"], { cwd: folder, env: { ACTIVECAMPAIGN_EXPORT_TOKEN: "any" } }).done;
  equal(code, 2);
  for (const told of ["connections/a.json: host: It is missing.", "exports/b.json: mapping: Unknown setting `emial`. Did you mean `email`?", "exports/b.json: mapping.email: It is missing.", "exports/c.json: list: It must be a number.", 'exports/c.json: schedule.type: It must be "refresh" or "own".', "exports/d.json: mapping.email: Unknown setting `colum`. Did you mean `column`?"]) ok(flat(stderr).includes(told), `${told} in ${stderr}`);
});

test("what the service refuses is told with its path", async () => {
  const sandbox = await account();
  const one = await served(sandbox);
  const folder = place();
  write(folder, { "segments/a.json": { name: "Gone", source: { file: "../secret.csv" } } });
  const { code, stderr } = await start(["apply", ".", "--url", one.url], { cwd: folder, env: { ACTIVECAMPAIGN_EXPORT_TOKEN: one.token } }).done;
  equal(code, 2);
  match(stderr, /segment Gone/u);
  match(flat(stderr), /source: This is no file in the folder of sources/u);
});

test("pull writes through no link, and leaves what other names of a file hold", async () => {
  const sandbox = await account();
  const one = await served(sandbox, { ACTIVECAMPAIGN_KEY_MAIN: sandbox.key });
  const run = (args, cwd) => start([...args, "--url", one.url], { cwd, env: { ACTIVECAMPAIGN_EXPORT_TOKEN: one.token } }).done;
  const made = place();
  write(made, { "connections/a.json": CONNECTION, "segments/a.json": SEGMENT, "exports/a.json": FIRST });
  equal((await run(["apply", "."], made)).code, 0);
  const [folder, elsewhere] = [place(), place()];
  writeFileSync(join(elsewhere, "victim"), "mine");
  mkdirSync(join(folder, "segments"));
  const links = [["segments/gold-customers.json", "victim"], ["exports", "."], ["schemas", "."], ["segments/gold-customers.json", "not there"]];
  for (const [link, target] of links) {
    rmSync(join(folder, link), { force: true, recursive: true });
    symlinkSync(join(elsewhere, target), join(folder, link));
    const { code, stderr } = await run(["pull", "."], folder);
    equal(code, 2, link);
    match(flat(stderr), new RegExp(`${link} is a link; nothing was written`, "u"));
    rmSync(join(folder, link));
    deepEqual(readdirSync(elsewhere), ["victim"], link);
    ok(!existsSync(join(folder, "connections")));
  }
  equal(readFileSync(join(elsewhere, "victim"), "utf8"), "mine");
  // Another name of the same file keeps what it had.
  linkSync(join(elsewhere, "victim"), join(folder, "segments", "gold-customers.json"));
  symlinkSync(folder, join(elsewhere, "chosen"));
  equal((await run(["pull", join(elsewhere, "chosen")], folder)).code, 0);
  equal(readFileSync(join(elsewhere, "victim"), "utf8"), "mine");
  deepEqual(readdirSync(join(folder, "segments")), ["gold-customers.json"]);
  equal(JSON.parse(readFileSync(join(folder, "segments", "gold-customers.json"), "utf8")).name, "Gold customers");
});
