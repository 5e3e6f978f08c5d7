// A process that keeps its run in a file of SQLite is killed in the middle; another one is refused while the lease lasts,
// then goes on, and the account holds what the source says, each batch once but for those that were on their way.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { nodeWithSqlite } from "../kit/newer-node.mjs";
import { HOST, installed } from "./helpers.mjs";

const load = (path) => import(pathToFileURL(join(installed, "dist", path)).href);
const { serveSandbox } = await load("sandbox/serve.js");
const PEOPLE = 2_000;

/** Longer than the process of a test takes to start, however busy the machine is. */
const LEASE_MILLIS = 120_000;

/** Exports, and prints the summary, or the code of an error. The store's clock is so much ahead. */
const script = (path, { key, url }, aheadMillis) => `
  const { exportSegment, sqliteStore } = await import(${JSON.stringify(pathToFileURL(join(installed, "dist", "entry", "node.js")).href)});
  const rows = Array.from({ length: ${PEOPLE} }, (_, row) => (row % 100 === 7 ? "person" + row : "person" + row + "@example.com") + ",First " + row);
  const run = exportSegment({
    connection: { host: "${HOST}", apiKey: "${key}", sandbox: "${url}" },
    definition: { version: 1, list: 4, mapping: { email: "EMail", firstName: "First" } },
    source: new TextEncoder().encode("EMail,First\\n" + rows.join("\\n") + "\\n"),
    checkpoints: { store: sqliteStore(${JSON.stringify(path)}, "run", { leaseMillis: ${LEASE_MILLIS}, now: () => Date.now() + ${aheadMillis} }), key: "sixteen characters and more" },
  });
  console.log(JSON.stringify(await run.summary.catch(({ code }) => ({ code }))));`;

function start(path, served, aheadMillis = 0) {
  const child = spawn(nodeWithSqlite(), ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script(path, served, aheadMillis)], { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (told += text));
  return { child, ended: new Promise((resolve) => child.once("close", () => resolve(told))) };
}

test("a run in a file of SQLite outlives the process that was killed over it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "acx-sqlite-run-"));
  const served = await serveSandbox({ speed: 20 });
  const { account } = served.sandbox;
  const imports = () => account.requests.filter(({ method, path }) => method === "POST" && path === "/api/3/import/bulk_import").length;
  try {
    const path = join(folder, "runs.db");
    const first = start(path, served);
    while (imports() < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    first.child.kill("SIGKILL");
    assert.equal(await first.ended, "");
    assert.deepEqual(JSON.parse(await start(path, served).ended), { code: "run_in_progress" });
    const summary = JSON.parse(await start(path, served, LEASE_MILLIS).ended);
    assert.deepEqual([summary.result, summary.read, summary.delivered, summary.rejected], ["completed_with_rejections", PEOPLE, PEOPLE - 20, 20]);
    const held = account.contacts.filter(({ email }) => /^person\d+@example\.com$/u.test(email));
    assert.equal(held.length, PEOPLE - 20);
    for (const { email, firstName } of held) assert.equal(firstName, `First ${email.slice("person".length).split("@")[0]}`);
    assert.ok(imports() >= 8 && imports() <= 8 + summary.resent / 250 && summary.resent <= 5 * 250, `${imports()} imports, ${summary.resent} resent`);
  } finally {
    await served.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
