// A worker as deployers' tools bundle it, for Miniflare: one script, and the core's module beside it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** What wrangler sets. */
export const CONDITIONS = ["workerd", "worker", "browser"];

/** One script of whatever it imports. `input` is esbuild's: what to bundle, what stays outside. */
export async function scriptOf(input) {
  const { outputFiles } = await build({ bundle: true, write: false, format: "esm", target: "es2022", platform: "browser", conditions: CONDITIONS, logLevel: "error", ...input });
  return outputFiles[0].text;
}

/** A script's modules for Miniflare, with the core of the package in `dist`. */
export function modulesOf(contents, dist) {
  return [
    { type: "ESModule", path: "worker.mjs", contents },
    { type: "CompiledWasm", path: "core_bg.wasm", contents: readFileSync(join(dist, "core_bg.wasm")) },
  ];
}

/** The worker and the module, wherever the package imports it from. */
export async function bundled(input, dist) {
  const wasm = { name: "wasm", setup: ({ onResolve }) => onResolve({ filter: /\.wasm$/ }, () => ({ path: "./core_bg.wasm", external: true })) };
  return modulesOf(await scriptOf({ ...input, plugins: [wasm] }), dist);
}
