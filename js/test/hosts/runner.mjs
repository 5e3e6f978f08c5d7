// What the runners of all hosts share: the suite compiled once, a sandbox over HTTP, and the outcomes in one shape.
import { copyFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Lays the compiled suite and the files that start it into the app that has the packed package installed. */
export async function prepare(app) {
  const folder = join(app, "hosts");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(here, "..", "suite.ts")],
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    outfile: join(folder, "suite.js"),
    logLevel: "error",
  });
  for (const name of readdirSync(join(here, "app"))) copyFileSync(join(here, "app", name), join(folder, name));
  return folder;
}

export const load = (app, path) => import(pathToFileURL(join(app, "node_modules", "activecampaign-export", "dist", path)).href);

/** Every check of the account is done twenty times as fast as by the real one; the run keeps its own pace. */
export const SANDBOX = { speed: 20 };

export async function withSandbox(app, work) {
  const { serveSandbox } = await load(app, "sandbox/serve.js");
  const served = await serveSandbox({ port: 0, ...SANDBOX });
  try {
    return await work(served.url.replace(/\/$/u, ""));
  } finally {
    await served.close();
  }
}

/** A host that could not even say what became of the checks has failed one. */
export const broken = (name, error) => [{ name, millis: 0, failure: error instanceof Error ? (error.stack ?? String(error)) : String(error) }];
