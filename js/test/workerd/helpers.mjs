// Workers of the tests, bundled with the installed package as deployers' tools do, for Miniflare.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { installed } from "../package/helpers.mjs";

const dist = (path) => join(installed, "dist", path);

/** The modules of a worker of this folder. */
export async function bundled(name) {
  const wasm = { name: "wasm", setup: ({ onResolve }) => onResolve({ filter: /\.wasm$/ }, () => ({ path: "./core_bg.wasm", external: true })) };
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(name, import.meta.url))], bundle: true, write: false, format: "esm", platform: "neutral", mainFields: ["module", "main"],
    alias: { "activecampaign-export/relay": dist("relay/index.js"), "activecampaign-export": dist("entry/worker.js") }, external: ["cloudflare:workers"], plugins: [wasm], logLevel: "error",
  });
  return [
    { type: "ESModule", path: "worker.mjs", contents: outputFiles[0].text },
    { type: "CompiledWasm", path: "core_bg.wasm", contents: readFileSync(dist("core_bg.wasm")) },
  ];
}

/** Starts workerd with it. */
export function start(modules, more = {}) {
  // `cf: false`, else it asks a service for what stands in Request.cf.
  return new Miniflare({ modules, compatibilityDate: "2026-04-01", cf: false, ...more });
}
