// Bundles a module of the tests, TypeScript or not, into one file that any host can load.
import { build } from "esbuild";
import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const out = fileURLToPath(new URL("../../../target/test-bundles", import.meta.url));

/** The path of the bundle. */
export async function bundle(path, options = {}) {
  mkdirSync(out, { recursive: true });
  // One a process: test files run at the same time, and must not read what another one is writing.
  const outfile = join(out, `${basename(path).replace(/\.\w+$/u, "")}.${process.pid}.mjs`);
  await build({ entryPoints: [path], bundle: true, format: "esm", platform: "neutral", mainFields: ["module", "main"], outfile, logLevel: "error", ...options });
  return outfile;
}
