// What the scripts share: where things are, running a command, and stopping with a clear sentence.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const js = dirname(dirname(fileURLToPath(import.meta.url)));
export const root = dirname(js);
export const target = join(root, "target");
export const bindgenOut = join(target, "bindgen");
export const pkg = join(target, "pkg");

/** Stops with one sentence for people; nothing else is printed. */
export function stop(sentence) {
  console.error(`\n${sentence}`);
  process.exit(1);
}

/** Runs a command and shows its output; with `quiet`, only when it fails. */
export function run(command, args, { cwd = root, env = {}, quiet = false, failure } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, npm_config_loglevel: "error", ...env },
    stdio: quiet ? "pipe" : "inherit",
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (result.error || result.status !== 0) {
    if (quiet) console.error([result.stdout, result.stderr].filter(Boolean).join("\n").trim());
    stop(failure ?? `${command} ${args[0] ?? ""} failed.`);
  }
  return result.stdout ?? "";
}

/** Whether a command can be started at all. */
export function has(command) {
  return !spawnSync(command, ["--version"], { stdio: "ignore", shell: process.platform === "win32" }).error;
}

/** One line that says what is being done. */
export function say(text) {
  console.log(`> ${text}`);
}

/** Node 20 is the oldest; cargo and rustup must be there. */
export function checkMachine() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) stop(`Node 20 or newer is needed; this is Node ${process.versions.node}.`);
  if (!has("cargo")) stop("Rust is needed: install rustup from https://rustup.rs and run this again.");
}

/** The npm packages of js/, exactly as locked. */
export function installPackages() {
  const lock = readFileSync(join(js, "package-lock.json"), "utf8");
  const marker = join(js, "node_modules", ".package-lock.json");
  if (existsSync(marker)) {
    const wanted = Object.entries(JSON.parse(lock).packages).filter(([path, entry]) => path !== "" && !entry.optional);
    const installed = JSON.parse(readFileSync(marker, "utf8")).packages;
    if (wanted.every(([path, entry]) => installed[path]?.version === entry.version)) return;
  }
  say("installing the npm packages");
  run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: js, quiet: true, failure: "The npm packages could not be installed: see the lines above; the npm registry must be reachable." });
}

/** The wasm target of the toolchain that rust-toolchain.toml names. */
export function installTarget() {
  if (!has("rustup")) return;
  run("rustup", ["target", "add", "wasm32-unknown-unknown"], { quiet: true, failure: "The wasm target could not be added: run `rustup target add wasm32-unknown-unknown` and see why." });
}

/** The files below a folder whose names end so, in order. */
export function glob(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(ending) && !name.includes("node_modules"))
    .sort()
    .map((name) => join(folder, name));
}

/** The packed package that the build left. */
export function packedFile() {
  const manifest = JSON.parse(readFileSync(join(pkg, "package.json"), "utf8"));
  return join(target, `activecampaign-export-${manifest.version}.tgz`);
}

/** Installs the packed package, and what else is named, into an app of its own below target, as a customer does; gives the app's folder. */
export function installPacked(name, more = []) {
  say("installing the packed package as a customer does");
  const app = join(target, name);
  rmSync(app, { recursive: true, force: true });
  mkdirSync(app, { recursive: true });
  writeFileSync(join(app, "package.json"), `{ "name": "${name}", "private": true, "type": "module" }\n`);
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", packedFile(), ...more], {
    cwd: app,
    quiet: true,
    failure: "The packed package could not be installed: see the lines above; the npm registry must be reachable.",
  });
  return app;
}

/** Runs the suite in every host, or those whose names begin so, on an app that has the package installed. */
export function testHosts(app, only = []) {
  say("testing the package in every host");
  run(process.execPath, [join(js, "test", "hosts", "matrix.mjs"), ...only], {
    env: { ACTIVECAMPAIGN_EXPORT_APP: app },
    failure: "A check failed in a host: see the lines above.",
  });
}
