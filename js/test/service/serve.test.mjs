// The service as the command serves it: what its first lines say, in which words it refuses, and the way back in for
// whoever has lost the last token.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { account, bin, cli as cliAny, flat, place, start as startAny } from "../cli/helpers.mjs";
import { installed } from "./helpers.mjs";

/** The command where libsql lies beside it, for Node 20. */
const program = join(installed, "dist", "cli", basename(bin));
const start = (args, options) => startAny(args, { ...options, program });
const cli = (args, options) => cliAny(args, { ...options, program });

async function served(data, more = []) {
  const { child, done, says, told } = start(["serve", "--data", data, ...more]);
  let ended = false;
  const end = async () => {
    if (!ended) child.kill("SIGTERM");
    ended = true;
    await done;
  };
  after(end);
  await says("Keys ", "stdout");
  const url = /http:\/\/\S+:\d+/u.exec(told.stdout)[0];
  const call = async (method, path, { token, body } = {}) => {
    const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: response.status, body: await response.json() };
  };
  return { says, told, end, call, firstToken: async () => (await says("acx_", "stdout"), /acx_\S+/u.exec(told.stdout)[0]) };
}

test("the first lines and /api/me say where it sends: to live accounts, or to a sandbox", async () => {
  const live = await served(join(place(), "data"));
  match(live.told.stdout, /Sends to +live accounts/u);
  equal((await live.call("GET", "/api/me", { token: await live.firstToken() })).body.sandbox, undefined);
  const sandbox = await account();
  const rehearsal = await served(join(place(), "data"), ["--sandbox", sandbox.url]);
  match(rehearsal.told.stdout, new RegExp(`Sends to +the sandbox ${sandbox.url}`, "u"));
  equal((await rehearsal.call("GET", "/api/me", { token: await rehearsal.firstToken() })).body.sandbox, sandbox.url);
});

test("refusals are in words: what is missing, unknown, or no id", async () => {
  const service = await served(join(place(), "data"));
  const token = await service.firstToken();
  const issuesOf = async (method, path, body) => Object.fromEntries((await service.call(method, path, { token, body })).body.issues.map(({ path: at, message }) => [at, message]));
  deepEqual(await issuesOf("POST", "/api/connections", { host: 5, apikey: "k" }), {
    "": "Unknown setting `apikey`. Did you mean `apiKey`?",
    name: "It is missing.",
    host: "It must be text.",
    consent: 'A connection needs consent to the privacy statement: GET /api/me has its text and version; send "consent": { "agreed": true, "version": "..." }.',
  });
  deepEqual(await issuesOf("POST", "/api/segments", { name: "", source: { fiel: "a.csv" }, format: "xml" }), {
    name: "It must not be empty.",
    source: "Unknown setting `fiel`. Did you mean `file`?",
    format: 'It must be "auto" or "csv" or "ndjson".',
  });
  deepEqual(await issuesOf("POST", "/api/segments", { name: "a", source: 5 }), { source: 'It must be { "file": "NAME" }, { "url": "https://..." }, { "upload": true } or { "r2": "KEY" }.' });
  deepEqual(await issuesOf("GET", "/api/exports/NO-ID"), { id: "This is no id of this service." });
});

test("a lost token is made anew while the service does not run, and the audit log has it", async () => {
  const data = join(place(), "data");
  const nobody = await cli(["token", "--data", data]);
  equal(nobody.code, 2);
  match(flat(nobody.stderr), /there is no service in /u);

  const first = await served(data);
  const lost = await first.firstToken();
  const busy = await cli(["token", "--data", data]);
  equal(busy.code, 1);
  match(flat(busy.stderr), /A service works on the folder/u);
  await first.end();

  const made = await cli(["token", "--data", data]);
  equal(made.code, 0, made.stderr);
  const token = /acx_\S+/u.exec(made.stdout)[0];
  const another = await cli(["token", "--data", data, "--user", "ada@example.com"]);
  const second = await served(data);
  ok(!second.told.stdout.includes("acx_"), "no first administrator is made again");
  const me = async (secret) => (await second.call("GET", "/api/me", { token: secret })).body;
  deepEqual([(await me(token)).id, (await me(token)).role], ["admin", "administrator"]);
  deepEqual([(await me(/acx_\S+/u.exec(another.stdout)[0])).id, (await me(lost)).id], ["ada@example.com", "admin"]);
  const { items } = (await second.call("GET", "/api/audit", { token })).body;
  equal(items.filter(({ action }) => action === "token.create_offline").length, 2);
  equal((await second.call("GET", "/api/audit/check", { token })).status, 200);
});
