// A Node that has what Node 20 lacks, from the npm package `node`: installed once, below target/.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "22.23.3";
const folder = fileURLToPath(new URL(`../../../target/node-${VERSION}`, import.meta.url));

/** The path of a Node with `node:sqlite`: this one, or one that is installed for the tests. */
export function nodeWithSqlite() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return process.execPath;
  const path = join(folder, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (!existsSync(path)) {
    const args = ["install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error", "--prefix", folder, `node@${VERSION}`];
    const { status, stderr } = spawnSync("npm", args, { encoding: "utf8", shell: process.platform === "win32" });
    if (status !== 0 || !existsSync(path)) throw new Error(`Node ${VERSION} could not be installed from npm, and SQLite is tested with it:\n${stderr}`);
  }
  return path;
}
