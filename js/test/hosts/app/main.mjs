// Runs in Node, Deno and Bun: main.mjs main|slim ORIGIN REPORT. Ends by itself; what keeps it alive is a fault.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { databases } from "./databases.mjs";
import { fileCheck, folders } from "./folders.mjs";
import { clockedPlace, memoryPlaces, runChecks, slimSuite, suite } from "./suite.js";

const [what, origin, report] = process.argv.slice(2);

async function checks() {
  if (what === "slim") {
    const module = new Uint8Array(readFileSync(fileURLToPath(import.meta.resolve("activecampaign-export/core.wasm"))));
    return slimSuite({ slim: await import("activecampaign-export/slim"), module, compiles: true, origin });
  }
  const api = await import("activecampaign-export");
  const stores = [folders(api.fileStore), memoryPlaces(api)];
  // Node 20 has no SQLite; every later one has, and so have Deno and Bun, which say which Node they are like.
  if (Number(process.versions.node.split(".")[0]) > 20) stores.push(databases(api.sqliteStore, clockedPlace));
  return [fileCheck(api), ...suite({ api, sandbox: await import("activecampaign-export/sandbox"), stores, origin })];
}

writeFileSync(report, JSON.stringify(await runChecks(await checks())));
