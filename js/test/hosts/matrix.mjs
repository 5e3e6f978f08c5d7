// Every host, one after another, on the installed package of ACTIVECAMPAIGN_EXPORT_APP; then a table, and an exit status
// that is not zero when a check failed anywhere.
//   node matrix.mjs [NAME ...]     only the hosts whose names begin so
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { table } from "../../bench/table.mjs";
import { runtimes } from "../../scripts/runtimes.mjs";
import { chromiumPath } from "../kit/chromium.mjs";
import { runChromium } from "./browser.mjs";
import { runExamples } from "./examples.mjs";
import { runNodeLike } from "./node-like.mjs";
import { broken, prepare } from "./runner.mjs";
import { runWorkerd } from "./workerd.mjs";

const js = fileURLToPath(new URL("../..", import.meta.url));
const app = process.env.ACTIVECAMPAIGN_EXPORT_APP;

const versionOf = (name) => JSON.parse(readFileSync(join(js, "node_modules", ...name.split("/"), "package.json"), "utf8")).version;
const printed = (command) => /\d+\.\d+\.\d+/u.exec(spawnSync(command, ["--version"], { encoding: "utf8" }).stdout)?.[0] ?? "of unknown version";

/** Each with what it is called, which version it is, and how the suite runs in it. */
function hosts() {
  const installed = runtimes();
  const node = (command) => [`Node ${printed(command)}`, () => runNodeLike({ app, command })];
  const chromium = browser();
  return [
    [`Node ${process.versions.node}`, () => runNodeLike({ app, command: process.execPath })],
    ...["node22", "node24", "node26"].map((name) => node(installed[name])),
    [`Deno ${printed(installed.deno)}`, () => runNodeLike({ app, command: installed.deno, args: ["run", "--allow-all"] })],
    [`Bun ${printed(installed.bun)}`, () => runNodeLike({ app, command: installed.bun })],
    [`workerd ${versionOf("workerd")}, files`, () => runWorkerd({ app, how: "asFiles" })],
    [`workerd ${versionOf("workerd")}, bundled`, () => runWorkerd({ app, how: "bundled" })],
    [`${chromium}, import map`, () => runChromium({ app, how: "plain" })],
    [`${chromium}, Vite ${versionOf("vite")}`, () => runChromium({ app, how: "vite" })],
    ["Examples for Node, Deno, Chromium", () => runExamples({ app, deno: installed.deno })],
  ];
}

/** Without a browser its own rows fail, with what to do; the others are run all the same. */
function browser() {
  try {
    return `Chromium ${printed(chromiumPath())}`;
  } catch {
    return "Chromium (none)";
  }
}

function tell(outcomes) {
  for (const { name, failure } of outcomes) if (failure !== undefined) console.log(`  failed: ${name}\n${failure.replace(/^/gmu, "    ")}`);
}

async function matrix(only) {
  await prepare(app);
  const rows = [["Host", "Passed", "Failed", "Seconds"]];
  let failed = 0;
  const chosen = hosts().filter(([name]) => only.length === 0 || only.some((start) => name.toLowerCase().startsWith(start.toLowerCase())));
  for (const [name, run] of chosen) {
    console.log(`> ${name}`);
    const start = Date.now();
    const outcomes = await run().catch((error) => broken("the suite runs", error));
    tell(outcomes);
    // A host in which nothing ran has not passed.
    const failures = outcomes.filter(({ failure }) => failure !== undefined).length + (outcomes.length === 0 ? 1 : 0);
    failed += failures;
    rows.push([name, String(outcomes.length - failures), String(failures), ((Date.now() - start) / 1_000).toFixed(1)]);
  }
  console.log(`\n${table(rows).join("\n")}`);
  if (chosen.length === 0) console.log("There is no such host.");
  process.exitCode = failed > 0 || chosen.length === 0 ? 1 : 0;
}

await matrix(process.argv.slice(2));
