// Puts the service's own description to schemathesis: whatever it thinks of must be answered as declared, and never with 5xx.
//   node scripts/schemathesis.mjs [SECONDS]
// Needs Python 3.10 or newer, PyPI at the first run, and what js/scripts/test.mjs has installed.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { say, stop, target } from "./tools.mjs";

const VERSION = "4.32.5";
const folder = join(target, "schemathesis");
const program = join(folder, process.platform === "win32" ? "Scripts" : "bin", process.platform === "win32" ? "st.exe" : "st");
const seconds = Number(process.argv[2] ?? 60);

/** Without it nothing was checked, and that is no success. */
function install() {
  if (existsSync(program) && spawnSync(program, ["--version"], { encoding: "utf8" }).stdout?.includes(VERSION)) return;
  say(`installing schemathesis ${VERSION}`);
  const python = process.env.PYTHON ?? "python3";
  const made = spawnSync(python, ["-m", "venv", folder], { stdio: "inherit" });
  if (made.error || made.status !== 0) stop("Not checked: the service's description needs Python 3.10 or newer with venv (PYTHON names another one).");
  const pip = join(folder, process.platform === "win32" ? "Scripts" : "bin", "pip");
  const got = spawnSync(pip, ["install", "--quiet", "--disable-pip-version-check", `schemathesis==${VERSION}`], { stdio: "inherit" });
  if (got.error || got.status !== 0) stop("Not checked: schemathesis could not be installed; PyPI must be reachable.");
}

// What is valid by its shape may still be wrong by what is there: refused with a problem, which is declared; or be there already.
const CONFIG = `[checks]
positive_data_acceptance.expected-statuses = ["2xx", "304", "400", "403", "404", "409", "412", "422", "428", "502"]
`;

async function main() {
  install();
  const { caller, ended } = await import("../test/service/client.mjs");
  const { place, quick, serveSandbox, service, SPEED } = await import("../test/service/helpers.mjs");
  const { connect, people, save, upload } = await import("../test/service/world.mjs");
  const served = await serveSandbox({ speed: SPEED });
  // The tester may end every token that it finds: its own is the host's.
  const authenticate = (request) => (request.headers.get("authorization") === "Bearer tester" ? { user: "tester", role: "administrator" } : undefined);
  const running = await service.serveService({ folder: place(), sandbox: served.url, sources: place(), host: quick, authenticate, webhookHosts: [new URL(served.url).host] });
  const here = { admin: caller(running.url, "tester"), sandbox: served };
  const segment = await upload(here, "Gold", people(20));
  const one = await save(here, await connect(here, { sharing: { with: "contributors" } }), [segment]);
  await ended(here.admin, await here.admin.start(`/api/exports/${one.id}/run`));

  const work = mkdtempSync(join(target, "schemathesis-"));
  writeFileSync(join(work, "schemathesis.toml"), CONFIG);
  say(`putting /openapi.json to schemathesis for ${seconds} seconds`);
  const args = ["--config-file", join(work, "schemathesis.toml"), "run", `${running.url}/openapi.json`, "--header", "Authorization: Bearer tester", "--checks", "all", "--workers", "1", "--max-time", String(seconds), "--request-timeout", "20", "--no-color", "--warnings", "off"];
  const code = await new Promise((resolve) => spawn(program, args, { stdio: "inherit", cwd: work }).on("close", resolve).on("error", () => resolve(1)));
  await running.close();
  await served.close();
  rmSync(work, { recursive: true, force: true });
  if (code !== 0) stop("The service does not answer as its description says: see the lines above.");
}

await main();
