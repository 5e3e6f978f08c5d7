// What the tests of the command share: the packed package as a customer installed it, run as a child process.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const app = resolve(process.env.ACTIVECAMPAIGN_EXPORT_APP ?? fileURLToPath(new URL("../../../target/test-app", import.meta.url)));
const folder = join(app, "node_modules", "activecampaign-export");
if (!existsSync(join(folder, "package.json"))) {
  throw new Error(`There is no activecampaign-export installed in ${app}. Run js/scripts/test.mjs, or set ACTIVECAMPAIGN_EXPORT_APP to a folder with it.`);
}
export const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
export const bin = join(folder, manifest.bin["activecampaign-export"]);

const resolved = createRequire(join(app, "resolve.cjs"));
const load = (name) => import(pathToFileURL(resolved.resolve(name)).href);
export const { serveSandbox } = await load("activecampaign-export/sandbox/serve");
export const { defaultSeed } = await load("activecampaign-export/sandbox");
/** A module of the command itself, for what is too small to be tested from outside. */
export const part = (name) => import(pathToFileURL(join(dirname(bin), name)).href);

/** The columns of Microsoft's sample of Customer Insights. */
export const CONTOSO_HEADER =
  "ContactId,FirstName,LastName,FullName,DateOfBirth,Gender,EMail,Telephone,PostCode,StreetAddress,City,State,Country,CreatedOn,Loyalty Tier,Email Subscriber,Income,Occupation,CustomerSatisfaction";

export const KEY = "sandbox-key";

/** A folder of its own, gone after the tests. */
export function place(files = {}) {
  const path = mkdtempSync(join(tmpdir(), "acx-cli-"));
  after(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(path, name), typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content));
  }
  return path;
}

/** A sandbox whose importer works twenty times faster. */
export async function account(options = {}) {
  const served = await serveSandbox({ speed: 20, ...options });
  after(() => served.close());
  return served;
}

/** Starts the command, without a key with `key: null`; `done` resolves with its exit status and what it wrote. */
export function start(args, { cwd, key = KEY, env = {}, input, program = bin } = {}) {
  const clean = { ...process.env };
  for (const name of ["ACTIVECAMPAIGN_API_KEY", "FORCE_COLOR", "NO_COLOR", "npm_command"]) delete clean[name];
  const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...clean, ...(key === null ? {} : { ACTIVECAMPAIGN_API_KEY: key }), ...env } });
  const told = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (told[name] += text));
  child.stdin.on("error", () => undefined);
  if (input === undefined || typeof input === "string" || input instanceof Uint8Array) child.stdin.end(input);
  const done = new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code, signal) => resolve({ code, signal, ...told }));
  });
  /** Resolves once the standard error holds the text. */
  const says = async (text, stream = "stderr") => {
    const end = Date.now() + 20_000;
    while (!told[stream].includes(text)) {
      if (Date.now() > end) throw new Error(`"${text}" was never said, but:\n${told.stdout}\n${told.stderr}`);
      await new Promise((wait) => setTimeout(wait, 20));
    }
  };
  return { child, done, says, told };
}

/** Runs the command to its end. */
export const cli = (args, options) => start(args, options).done;

/** Text without its line breaks, which depend on widths. */
export const flat = (text) => text.replace(/\s+/gu, " ");

export function definition(more = {}, mapping = {}) {
  return {
    version: 1,
    host: "acme.api-us1.com",
    list: 4,
    mapping: { id: "Id", email: "EMail", firstName: "FirstName", phone: "Telephone", ...mapping },
    ...more,
  };
}

export const HEADER = "Id,FirstName,EMail,Telephone\n";

/** So many good profiles. */
export function people(count, from = 1) {
  return Array.from({ length: count }, (_, index) => `C${from + index},Ann,person${from + index}@example.net,+4917012345${String(index % 100).padStart(2, "0")}\n`).join("");
}

export const activeIn = (served, list = 4) => served.sandbox.account.lists.find(({ id }) => id === list).counts.active;
