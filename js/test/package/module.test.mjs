// The core's module where tools leave it out or make something else of it: the error says what to do. In browsers and
// workerd the same is met by js/test/hosts.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { build } from "esbuild";
import { installed } from "./helpers.mjs";

const folder = mkdtempSync(join(tmpdir(), "acx-module-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What importing a file ends with, in a process of its own. */
function imported(path) {
  const script = `import(process.argv[1]).then((api) => ({ count: api.rules().length }), ({ name, code, category, message, remedy }) => ({ name, code, category, message, remedy }))
    .then((told) => console.log(JSON.stringify(told)));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script, path], { encoding: "utf8" });
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

/** An app bundled into one file, in a folder of its own. */
async function bundled(name, options) {
  const outdir = join(folder, name);
  // Within the app, so that the package resolves as a customer's.
  const stdin = { contents: 'export * from "activecampaign-export";', resolveDir: dirname(dirname(installed)) };
  await build({ stdin, bundle: true, format: "esm", target: "es2022", outfile: join(outdir, "dist", "app.js"), logLevel: "error", ...options });
  return join(outdir, "dist", "app.js");
}

test("a copy of the package without the module says to install it anew", () => {
  const copy = join(folder, "copy", "dist");
  cpSync(join(installed, "dist"), copy, { recursive: true });
  writeFileSync(join(folder, "copy", "package.json"), '{ "type": "module" }');
  assert.ok(imported(join(copy, "entry", "node.js")).count > 10);
  rmSync(join(copy, "core_bg.wasm"));
  const { name, code, category, remedy } = imported(join(copy, "entry", "node.js"));
  assert.deepEqual([name, code, category], ["ExportError", "wasm_missing", "misuse"]);
  assert.match(remedy, /Install the package anew/u);
});

test("a bundle for Node that left the module behind says so, and works once it is beside it", async () => {
  const app = await bundled("node", { platform: "node" });
  const { code, message, remedy } = imported(app);
  assert.equal(code, "wasm_missing");
  assert.match(message, /no core_bg\.wasm/u);
  assert.match(remedy, /leave activecampaign-export out of it/u);
  copyFileSync(join(installed, "dist", "core_bg.wasm"), join(dirname(dirname(app)), "core_bg.wasm"));
  assert.ok(imported(app).count > 10);
});

test("a worker whose bundler made an address of the module says so", async () => {
  const app = await bundled("worker", { platform: "neutral", conditions: ["workerd"], loader: { ".wasm": "file" } });
  const { name, code, message, remedy } = imported(app);
  assert.deepEqual([name, code], ["ExportError", "wasm_missing"]);
  assert.match(message, /no WebAssembly\.Module/u);
  assert.match(remedy, /init\(\) of activecampaign-export\/slim/u);
});
