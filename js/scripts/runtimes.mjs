// The JavaScript runtimes that the package is tested in, from npm, into target/runtimes: each in a folder of its own, so
// that none gets into a PATH. Their versions are pinned, with their hashes, below js/test/hosts/runtimes.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { js, run, say, stop, target } from "./tools.mjs";

const pinned = join(js, "test", "hosts", "runtimes");
const exe = process.platform === "win32" ? ".exe" : "";

/** Folders within node_modules that hold the program, as a pattern, and its place in them. */
const PROGRAMS = {
  node: [/^node-/u, ["bin", `node${exe}`]],
  bun: [/^@oven\/bun-/u, ["bin", `bun${exe}`]],
  deno: [/^@deno\//u, [`deno${exe}`]],
};

/** Where a runtime's program is, by name: `node22`, `node24`, `node26`, `bun`, `deno`. Installs it when it is not there. */
export function runtimes() {
  return Object.fromEntries(readdirSync(pinned).sort().map((name) => [name, install(name)]));
}

/** Where one runtime's program is. Installs it when it is not there. */
export function install(name) {
  const folder = join(target, "runtimes", name);
  const lock = readFileSync(join(pinned, name, "package-lock.json"), "utf8");
  const marker = join(folder, "installed");
  if (existsSync(marker) && readFileSync(marker, "utf8") === lock) return programOf(name, folder);
  say(`installing the runtime ${name}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(pinned, name, file), join(folder, file));
  // Their scripts only choose a file of this platform, which is found here without them.
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
    quiet: true,
    failure: `The runtime ${name} could not be installed: see the lines above; the npm registry must be reachable.`,
  });
  const program = programOf(name, folder);
  writeFileSync(marker, lock);
  return program;
}

function programOf(name, folder) {
  const [pattern, path] = PROGRAMS[name.replace(/\d+$/u, "")];
  const modules = join(folder, "node_modules");
  const packages = readdirSync(modules).flatMap((entry) => (entry.startsWith("@") ? readdirSync(join(modules, entry)).map((inner) => `${entry}/${inner}`) : [entry]));
  const found = packages.filter((entry) => pattern.test(entry)).map((entry) => join(modules, entry, ...path)).find(existsSync);
  return found ?? stop(`npm has no ${name} for ${process.platform} ${process.arch}: this runtime cannot be tested here.`);
}
