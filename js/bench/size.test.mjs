// What `npm run size` prints, where the package has been built.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { coreWasm } from "./build.mjs";

const script = fileURLToPath(new URL("../scripts/size.mjs", import.meta.url));
const size = (...args) => spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
const skip = !existsSync(coreWasm) && "the package is not built";

test("size --json: the wasm and each entry, raw, gzip and brotli", { skip }, () => {
  const { status, stdout, stderr } = size("--json");
  assert.equal(status, 0, stderr);
  const sizes = JSON.parse(stdout);
  for (const name of ["core.wasm", ". (workerd, edge-light)", ". (bun, deno, node)", ". (browser, default)", "./slim", "./sandbox"]) {
    const { rawBytes, gzipBytes, brotliBytes } = sizes[name];
    assert.ok(rawBytes > gzipBytes && gzipBytes > brotliBytes && brotliBytes > 1000, name);
  }
});

test("size: a table", { skip }, () => {
  assert.match(size().stdout, /^\| Bytes +\| +Raw \| gzip -9 \| brotli 11 \|\n/);
});

test("size: a wrong flag is one sentence", () => {
  const { status, stderr } = size("--fast");
  assert.equal(status, 1);
  assert.match(stderr, /size: Unknown option '--fast'/);
});
