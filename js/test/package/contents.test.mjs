// What a customer gets: nothing but what the manifest names, one wasm, no install script, no path of the machine that
// built it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { installed } from "./helpers.mjs";

const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
const files = readdirSync(installed, { recursive: true }).map(String).filter((name) => !name.startsWith("node_modules") && statSync(join(installed, name)).isFile());

test("the package holds dist, README, LICENSE and its manifest", () => {
  assert.deepEqual(files.filter((name) => !name.startsWith("dist")).sort(), ["LICENSE", "README.md", "package.json"]);
  assert.equal(files.filter((name) => name.endsWith(".wasm")).length, 1);
  for (const name of ["preinstall", "install", "postinstall", "prepare"]) assert.equal(manifest.scripts?.[name], undefined);
  for (const version of Object.values(manifest.dependencies)) assert.match(version, /^\d+\.\d+\.\d+$/);
});

test("every export and the command exist", () => {
  const targets = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(targets));
  for (const path of [...targets(manifest.exports), ...Object.values(manifest.bin)]) assert.ok(files.includes(path.slice(2)), path);
});

test("the core is small and names no folder of the machine that built it", () => {
  const wasm = readFileSync(join(installed, "dist", "core_bg.wasm"));
  // What it is, so that nothing grows unseen. The goal is 100 KB; the benchmark says how far it is.
  const limit = 113 * 1024;
  assert.ok(gzipSync(wasm, { level: 9 }).length < limit);
  const text = wasm.toString("latin1");
  for (const folder of [homedir(), process.cwd(), process.env.CARGO_HOME ?? ""].filter((name) => name.length > 1)) assert.ok(!text.includes(`${folder}/`), folder);
});

test("the main entry imports no package at run time", () => {
  const seen = new Set();
  const visit = (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, name] of readFileSync(path, "utf8").matchAll(/(?:from|import)\s+"([^"]+)"/g)) {
      if (name.startsWith(".")) visit(join(path, "..", name));
      else assert.match(name, /^node:/, `${path} imports ${name}`);
    }
  };
  visit(join(installed, "dist", "entry", "node.js"));
  assert.ok(seen.size > 5);
});
