// The benchmark. npm --prefix js run bench -- [--rows N] [--rounds N] [--only NAME]... [--json]
// First every candidate must give the same bodies and refusals; then rounds in fresh processes.
import { execFile, spawnSync } from "node:child_process";
import { createReadStream, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { BASE, CANDIDATES, candidateNamed } from "../bench/candidates.mjs";
import { DATA_DIRECTORY, DATA_VERSION, dataFile } from "../bench/data.mjs";

const VERIFY_ROWS = 100_000;
const HAND_TUNED = "hand-tuned";

const here = path.dirname(fileURLToPath(import.meta.url));
const worker = path.join(here, "../bench/worker.mjs");
const packed = path.join(here, "../../target/pkg");
const run = promisify(execFile);

class Failure extends Error {}

async function main() {
  const options = read(process.argv.slice(2));
  const chosen = select(options.only);
  if (chosen.some(({ name }) => name === "product")) build();

  say(`data: ${options.rows} rows`);
  const file = dataFile(options.rows);
  const verifyRows = Math.min(options.rows, VERIFY_ROWS);
  const verifyFile = dataFile(verifyRows);

  const verified = [];
  for (const { name } of chosen) {
    say(`agreement on ${verifyRows} rows: ${name}`);
    verified.push(await once(name, verifyFile, true));
  }
  agree(verified, `on ${verifyRows} rows`);

  await warm(file);
  const loadBefore = os.loadavg()[0];
  const rounds = [];
  for (let round = 0; round < options.rounds; round++) {
    const results = new Map();
    for (let i = 0; i < chosen.length; i++) {
      const { name } = chosen[(i + round) % chosen.length];
      say(`round ${round + 1} of ${options.rounds}, ${i + 1} of ${chosen.length}: ${name}`);
      results.set(name, await once(name, file, false));
    }
    agree([...results.values()], `on ${options.rows} rows, round ${round + 1}`);
    rounds.push(results);
  }
  say("");

  const report = summarize(chosen, rounds, {
    rows: options.rows,
    rounds: options.rounds,
    fileBytes: statSync(file).size,
    verified: { rows: verifyRows, bodiesDigest: verified[0].bodiesDigest, refusalsDigest: verified[0].refusalsDigest },
    loadBefore,
  });
  const text = table(report);
  writeFileSync(path.join(DATA_DIRECTORY, "results.md"), text);
  writeFileSync(path.join(DATA_DIRECTORY, "results.json"), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : text);
}

function read(args) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        rows: { type: "string", default: "1000000" },
        rounds: { type: "string", default: "3" },
        only: { type: "string", multiple: true, default: [] },
        json: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    throw new Failure(error.message);
  }
  const whole = (flag) => {
    const number = Number(values[flag]);
    if (!Number.isSafeInteger(number) || number < 1) throw new Failure(`--${flag} takes a whole number from 1`);
    return number;
  };
  return { rows: whole("rows"), rounds: whole("rounds"), only: values.only, json: values.json };
}

// With --only the base runs as well: without it there is neither a ratio nor anything to agree with.
function select(only) {
  if (only.length === 0) return CANDIDATES;
  try {
    for (const name of only) candidateNamed(name);
  } catch (error) {
    throw new Failure(error.message);
  }
  return CANDIDATES.filter(({ name }) => name === BASE || only.includes(name));
}

function build() {
  if (existsSync(path.join(packed, "dist"))) return;
  say("building the package");
  const { status } = spawnSync(process.execPath, [path.join(here, "build.mjs")], {
    stdio: ["ignore", process.stderr, "inherit"],
  });
  if (status !== 0 || !existsSync(path.join(packed, "dist"))) {
    throw new Failure("target/pkg/dist is missing and js/scripts/build.mjs did not make it; --only NAME measures without the product");
  }
}

async function once(name, file, verify) {
  const args = verify ? [worker, name, file, "--verify"] : [worker, name, file];
  try {
    const { stdout } = await run(process.execPath, args, { maxBuffer: 1 << 24 });
    return JSON.parse(stdout);
  } catch (error) {
    throw new Failure(`${name} failed on ${path.basename(file)}:\n${error.stderr || error.message}`);
  }
}

/** Every result must be that of most candidates (of the base, when there are as many for another). */
function agree(results, where) {
  const outcome = (result) => ({
    bodies: result.bodies,
    bytes: result.bytes,
    largest: result.largest,
    refusals: JSON.stringify(result.refusals),
    ...(result.bodiesDigest && { "digest of the bodies": result.bodiesDigest, "digest of the refusals": result.refusalsDigest }),
  });
  const votes = new Map();
  for (const result of results) {
    const key = JSON.stringify(outcome(result));
    votes.set(key, [...(votes.get(key) ?? []), result]);
  }
  if (votes.size === 1) return;

  const weight = (group) => group.length + (group.some(({ name }) => name === BASE) ? 0.5 : 0);
  const [most, ...others] = [...votes.values()].sort((a, b) => weight(b) - weight(a));
  const expected = outcome(most[0]);
  const lines = others.flat().map((result) => {
    const got = outcome(result);
    const differences = Object.keys(expected)
      .filter((key) => got[key] !== expected[key])
      .map((key) => `${key} ${got[key]} instead of ${expected[key]}`);
    return `${result.name} disagrees with ${most.map(({ name }) => name).join(", ")} ${where}: ${differences.join("; ")}`;
  });
  throw new Failure(lines.join("\n"));
}

async function warm(file) {
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) void chunk;
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function summarize(chosen, rounds, { rows, rounds: count, fileBytes, verified, loadBefore }) {
  const of = (name, figure) => rounds.map((results) => results.get(name)[figure]);
  // Speed: how often a candidate fits into the CPU time of the other, within each round.
  const against = (name, other) => {
    if (!rounds[0].has(other)) return null;
    const cpu = of(name, "cpu");
    return median(of(other, "cpu").map((theirs, round) => theirs / cpu[round]));
  };
  const first = rounds[0].get(chosen[0].name);
  const candidates = {};
  for (const { name, label } of chosen) {
    candidates[name] = {
      label,
      cpuSeconds: median(of(name, "cpu")),
      ratio: against(name, BASE),
      ratioToHandTuned: against(name, HAND_TUNED),
      wallSeconds: median(of(name, "wall")),
      peakBytes: median(of(name, "peakBytes")),
      wasmMemoryBytes: of(name, "wasmMemoryBytes")[0] === null ? null : median(of(name, "wasmMemoryBytes")),
      rounds: rounds.map((results) => {
        const { cpu, user, system, wall, peakBytes, wasmMemoryBytes } = results.get(name);
        return { cpu, user, system, wall, peakBytes, wasmMemoryBytes };
      }),
    };
  }
  return {
    job: "csv",
    rows,
    rounds: count,
    base: BASE,
    data: { version: DATA_VERSION, bytes: fileBytes },
    output: { bodies: first.bodies, bytes: first.bytes, largest: first.largest, refusals: first.refusals },
    verified,
    versions: versions(chosen),
    machine: {
      cpu: os.cpus()[0]?.model ?? "unknown",
      cores: os.cpus().length,
      platform: `${os.platform()} ${os.release()} ${os.arch()}`,
      loadBefore,
      loadAfter: os.loadavg()[0],
    },
    candidates,
  };
}

function versions(chosen) {
  const found = { node: process.versions.node, v8: process.versions.v8 };
  for (const { of } of chosen) {
    if (of === "node" || found[of] !== undefined) continue;
    const directory = of === "product" ? packed : path.join(here, "../node_modules", of);
    const manifest = JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8"));
    found[of] = of === "product" ? `${manifest.name} ${manifest.version}` : manifest.version;
  }
  return found;
}

function table(report) {
  const mega = (bytes) => (bytes === null ? "-" : (bytes / 1e6).toFixed(1));
  const ratio = (value) => (value === null ? "-" : value.toFixed(2));
  const cells = [["Candidate", "CPU s", "Ratio", "To hand-tuned", "Wall s", "Peak MB", "Wasm MB"]];
  for (const each of Object.values(report.candidates)) {
    cells.push([
      each.label,
      each.cpuSeconds.toFixed(2),
      ratio(each.ratio),
      ratio(each.ratioToHandTuned),
      each.wallSeconds.toFixed(2),
      mega(each.peakBytes),
      mega(each.wasmMemoryBytes),
    ]);
  }
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;

  const number = (value) => value.toLocaleString("en-US");
  const refused = Object.entries(report.output.refusals).map(([reason, count]) => `${reason} ${number(count)}`);
  return [
    `CSV, ${number(report.rows)} rows (${number(report.data.bytes)} bytes, recipe ${report.data.version}), ${report.rounds} rounds`,
    "",
    line(cells[0]),
    rule,
    ...cells.slice(1).map(line),
    "",
    `Medians. Ratio: speed by CPU time against ${report.base}, taken within each round.`,
    `All agree: ${number(report.output.bodies)} bodies, ${number(report.output.bytes)} bytes, largest ${number(report.output.largest)}; refused: ${refused.join(", ") || "none"}; byte for byte on ${number(report.verified.rows)} rows.`,
    `Versions: ${Object.entries(report.versions).map(([name, version]) => `${name} ${version}`).join(", ")}.`,
    `Machine: ${report.machine.cpu}, ${report.machine.cores} cores, ${report.machine.platform}; load ${report.machine.loadBefore.toFixed(2)} before, ${report.machine.loadAfter.toFixed(2)} after.`,
    "",
  ].join("\n");
}

// One line that rewrites itself on a terminal; lines elsewhere.
function say(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  say("");
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
}
