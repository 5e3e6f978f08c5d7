// The folder that a deployer copies out of the installed package: its worker, with its settings letter for letter, run by
// workerd against a sandbox. Only export.json is another one, as the folder's README asks.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { assertHeld, definition, FILE, readRows } from "../kit/contoso.mjs";
import { app, deploy, follow, HOST, serveSandbox, TOKEN } from "./edge.mjs";
import { inMiniflare, settingsOf } from "./template.mjs";

const CUSTOMERS = 1_000;
const [header, ...lines] = readFileSync(FILE, "utf8").trimEnd().split("\n");
const csv = (from) => [header, ...lines.slice(from, from + CUSTOMERS)].join("\n");

describe("the folder to deploy", () => {
  const folders = [];
  const workers = [];
  let sandbox;

  /** Copies the folder and starts its worker; `changed` takes the place of its export.json. */
  async function deployed(changed) {
    const folder = mkdtempSync(join(app, "cloudflare-"));
    folders.push(folder);
    cpSync(join(app, "node_modules", "activecampaign-export", "cloudflare"), folder, { recursive: true });
    if (changed) writeFileSync(join(folder, "export.json"), JSON.stringify(changed));
    const settings = settingsOf(folder);
    const bindings = { EXPORT_TOKEN: TOKEN, ACTIVECAMPAIGN_API_KEY: sandbox.key, SANDBOX: sandbox.url };
    const worker = await deploy({ entryPoints: [join(folder, settings.main)] }, { ...inMiniflare(settings), bindings });
    workers.push(worker);
    return { ...worker, settings };
  }
  const upload = async (worker, text) => assert.deepEqual(await (await worker.call("/exports/newsletter/source", { method: "PUT", body: text })).json(), { sizeBytes: Buffer.byteLength(text) });
  const assertAllHeld = (from) => {
    for (const row of readRows(csv(from))) assertHeld(sandbox.sandbox.account, row);
  };

  before(async () => {
    sandbox = await serveSandbox({ port: 0, speed: 60 });
  });
  after(async () => {
    for (const worker of workers) await worker.end();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    await sandbox?.close();
  });

  it("exports an upload by request, and the next one by the cron trigger of its settings", async () => {
    const worker = await deployed({ ...definition, host: HOST });
    assert.deepEqual(await (await worker.call("/exports")).json(), ["newsletter"]);
    await upload(worker, `${csv(0)}\nCNTID_X,No,Address,No Address,,,nobody,,,,,,,,,,,,`);
    assert.equal((await worker.start("newsletter")).http, 202);
    const first = (await follow(worker, "newsletter")).at(-1);
    assert.deepEqual([first.result, first.progress.delivered, first.rejectedByRule], ["completed_with_rejections", CUSTOMERS, { email_no_at: 1 }]);
    assertAllHeld(0);

    await upload(worker, csv(CUSTOMERS));
    const [sweep, daily] = worker.settings.triggers.crons;
    assert.equal(await worker.fire(sweep, 1_795_600_000_000), 200);
    assert.deepEqual(await worker.status("newsletter"), first);
    assert.equal(await worker.fire(daily, 1_795_600_000_000), 200);
    const second = (await follow(worker, "newsletter")).at(-1);
    assert.deepEqual([second.runKey, second.result, second.progress.delivered], ["cron-1795600000000", "succeeded", CUSTOMERS]);
    assertAllHeld(CUSTOMERS);
  });

  it("keeps secrets and what tools leave out of a repository", () => {
    const folder = mkdtempSync(join(app, "cloudflare-"));
    folders.push(folder);
    cpSync(join(app, "node_modules", "activecampaign-export", "cloudflare"), folder, { recursive: true });
    // As the folder's README says.
    renameSync(join(folder, "gitignore"), join(folder, ".gitignore"));
    const git = (...args) => execFileSync("git", args, { cwd: folder, encoding: "utf8" });
    git("init", "--quiet");
    for (const path of ["node_modules/a/b.js", ".wrangler/state/v3/r2", ".dev.vars"]) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), "");
    }
    const untracked = git("ls-files", "--others", "--exclude-standard").trim().split("\n").sort();
    assert.deepEqual(untracked, [".gitignore", "README.md", "export.json", "package.json", "worker.js", "wrangler.jsonc"]);
  });

  it("as it comes refuses to run, by request and by cron, and says what to fill in", async () => {
    const worker = await deployed();
    const before = sandbox.sandbox.account.contactCount;
    await upload(worker, csv(0));
    const refused = await worker.start("newsletter");
    assert.deepEqual([refused.http, refused.code, refused.issues.map(({ path }) => path)], [422, "settings", ["host", "list", "mapping.email"]]);
    assert.deepEqual([refused.type, refused.title, refused.remedy], ["about:blank", "Not valid", "Correct host, list, mapping.email and deploy."]);
    assert.equal(refused.issues[1].message, '"list" in export.json is still "ID-OF-THE-LIST". Put the list\'s id there, which `activecampaign-export lists` shows.');
    // Each names its place, what stands there, and the file.
    const came = JSON.parse(readFileSync(join(app, "node_modules", "activecampaign-export", "cloudflare", "export.json"), "utf8"));
    for (const [index, text] of [came.host, came.list, came.mapping.email].entries()) {
      const { code, message } = refused.issues[index];
      assert.ok(code === "placeholder" && message.includes(text) && message.includes("export.json"), message);
    }
    await worker.fire(worker.settings.triggers.crons[1], 1_795_600_000_000);
    const { status, result, stop } = (await follow(worker, "newsletter")).at(-1);
    assert.deepEqual([status, result, stop.category, stop.issues.map(({ path }) => path)], ["ended", "failed", "settings", ["host", "list", "mapping.email"]]);
    assert.equal(sandbox.sandbox.account.contactCount, before);
  });
});
