// The examples as they stand in js/examples, each against a sandbox of its own; what counts is what the sandbox holds then.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchChromium, openPage } from "../kit/chromium.mjs";
import { load, SANDBOX } from "./runner.mjs";

const examples = fileURLToPath(new URL("../../examples", import.meta.url));
const LIMIT_MILLIS = 60_000;

const SEGMENT = [
  "CustomerId,FirstName,LastName,EMail,LoyaltyTier,NewsletterConsent",
  "C-1,Ada,Müller,ada@example.com,high,yes",
  "C-2,Zoë,O'Brien,zoe.example.com,low,yes",
  "C-3,José,García,jose@example.com,medium,yes",
  "C-4,Marie,Lefèvre,marie@example.com,high,no",
].join("\n");
const OUTCOME = "completed_with_rejections: 2 delivered, 1 rejected";
const WITH_REJECTIONS = 3;

function assertExported({ account }) {
  const { firstName, lastName, fields, tags, lists } = account.contact("jose@example.com");
  assert.deepEqual({ firstName, lastName, tier: fields["2"], tags, lists }, { firstName: "José", lastName: "García", tier: "medium", tags: ["segment export"], lists: { 1: "active" } });
  assert.ok(account.contact("ada@example.com"));
  assert.equal(account.contact("marie@example.com"), undefined);
}

/** Runs a program to its end, or until `until` has what it wants of it. */
async function program(command, args, { cwd, env = {}, until, code = 0 }) {
  const child = spawn(command, args, { cwd, env: { ...process.env, NO_COLOR: "1", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const text = { out: "", all: "" };
  const first = new Promise((resolve) => child.stdout.once("data", () => setImmediate(resolve)));
  child.stdout.setEncoding("utf8").on("data", (part) => ((text.out += part), (text.all += part)));
  child.stderr.setEncoding("utf8").on("data", (part) => (text.all += part));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MILLIS);
  try {
    if (until) {
      await Promise.race([first, ended]);
      await until(text.out.trim());
      return text;
    }
    assert.equal(await ended, code, text.all);
    return text;
  } finally {
    clearTimeout(timer);
    child.kill();
    await ended;
  }
}

const environment = ({ url, key }) => ({ ACTIVECAMPAIGN_API_KEY: key, ACTIVECAMPAIGN_SANDBOX: url, ACTIVECAMPAIGN_EXPORT_STATE_KEY: "a secret of sixteen characters or more" });

const EXAMPLES = {
  async "node/export.mjs"({ cwd, served }) {
    const args = ["node/export.mjs", "definition.json", "segment.csv"];
    const { out, all } = await program(process.execPath, args, { cwd, env: environment(served), code: WITH_REJECTIONS });
    assert.equal(out.trim(), OUTCOME);
    assert.match(all, /row 2: email_no_at/u);
    // What it kept of the run is at its end: the next one is a new one.
    assert.equal((await program(process.execPath, args, { cwd, env: environment(served), code: WITH_REJECTIONS })).out.trim(), OUTCOME);
  },

  async "deno/export.ts"({ cwd, served, deno }) {
    await program(deno, ["check", "--no-lock", "deno/export.ts"], { cwd });
    const rights = [`--allow-net=${new URL(served.url).host}`, "--allow-read", "--allow-env=ACTIVECAMPAIGN_API_KEY,ACTIVECAMPAIGN_SANDBOX"];
    const { out } = await program(deno, ["run", "--no-prompt", "--no-lock", ...rights, "deno/export.ts", "definition.json", "segment.csv"], { cwd, env: environment(served), code: WITH_REJECTIONS });
    assert.equal(out.trim(), OUTCOME);
  },

  async "browser/server.mjs"({ cwd, served }) {
    const until = async (address) => {
      const browser = await launchChromium();
      try {
        const { page, complaints } = await openPage(browser, address);
        const sent = [];
        page.on("request", (request) => sent.push(JSON.stringify(request.headers())));
        await page.setInputFiles("#segment", join(cwd, "segment.csv"));
        await page.click("#start");
        await page.waitForFunction(() => document.getElementById("outcome").textContent !== "", undefined, { timeout: LIMIT_MILLIS });
        assert.equal(await page.textContent("#outcome"), `${OUTCOME}.`);
        assert.match(await page.textContent("#rejected"), /Row 2: The address has no @/u);
        assert.deepEqual(complaints, []);
        assert.ok(sent.length > 3 && !sent.some((headers) => headers.includes(served.key)), "the key is not on the page");
        // The relay is for this page alone, and for what an export sends.
        assert.equal((await fetch(`${address}/activecampaign/main/api/3/lists?limit=100&offset=0`)).status, 403);
        assert.equal(await page.evaluate(() => fetch("/activecampaign/main/api/3/contacts", { method: "POST", body: "{}" }).then(({ status }) => status)), 403);
        assert.equal((await fetch(`${address}/package/..%2f..%2fpackage.json`)).status, 404);
      } finally {
        await browser.close();
      }
    };
    await program(process.execPath, ["browser/server.mjs", "definition.json", "0"], { cwd, env: environment(served), until });
  },
};

export async function runExamples({ app, deno }) {
  const { serveSandbox } = await load(app, "sandbox/serve.js");
  const outcomes = [];
  for (const [name, run] of Object.entries(EXAMPLES)) {
    // Within the app, so that the package resolves as a customer's.
    const cwd = mkdtempSync(join(app, "examples-"));
    const served = await serveSandbox({ port: 0, ...SANDBOX });
    const start = Date.now();
    try {
      cpSync(examples, cwd, { recursive: true });
      writeFileSync(join(cwd, "segment.csv"), SEGMENT);
      await run({ cwd, served, deno });
      assertExported(served.sandbox);
      outcomes.push({ name, millis: Date.now() - start });
    } catch (error) {
      outcomes.push({ name, millis: Date.now() - start, failure: error.stack });
    } finally {
      await served.close();
      rmSync(cwd, { recursive: true, force: true });
    }
  }
  return outcomes;
}
