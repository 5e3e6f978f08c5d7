// Runs in Node, Deno and Bun: main.mjs main|slim ORIGIN REPORT. Ends by itself; what keeps it alive is a fault.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { fileCheck, folders } from "./folders.mjs";
import { memoryPlaces, runChecks, slimSuite, suite } from "./suite.js";

const [what, origin, report] = process.argv.slice(2);

async function checks() {
  if (what === "slim") {
    const module = new Uint8Array(readFileSync(fileURLToPath(import.meta.resolve("activecampaign-export/core.wasm"))));
    return slimSuite({ slim: await import("activecampaign-export/slim"), module, compiles: true, origin });
  }
  const api = await import("activecampaign-export");
  return [fileCheck(api), ...suite({ api, sandbox: await import("activecampaign-export/sandbox"), stores: [folders(api.fileStore), memoryPlaces], origin })];
}

writeFileSync(report, JSON.stringify(await runChecks(await checks())));
