// The benchmark checks itself: whole candidates on generated rows, disagreement, and what the commands print.
// The product and the native candidates take part when they have been built.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { agree } from "./agreement.mjs";
import { coreWasm, nativeProgram } from "./build.mjs";
import { chart } from "./chart.mjs";
import { dataFile } from "./data.mjs";
import { judge } from "./goals.mjs";
import { JOBS } from "./jobs.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const directory = mkdtempSync(path.join(os.tmpdir(), "bench-"));
after(() => rmSync(directory, { recursive: true, force: true }));

const built = { product: existsSync(coreWasm), native: existsSync(nativeProgram) };

function verified(job, candidate, file) {
  const [program, args] = candidate.native
    ? [nativeProgram, [candidate.name, file, "--verify"]]
    : [process.execPath, [path.join(here, "worker.mjs"), job.name, candidate.name, file, "--verify"]];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  assert.equal(status, 0, `${candidate.name}: ${stderr}`);
  return JSON.parse(stdout);
}

test("all candidates of all jobs agree on 5,000 generated rows, and the rows hold every mess", () => {
  let expected;
  for (const job of JOBS) {
    const file = dataFile(5000, job.format, directory);
    for (const candidate of job.candidates.filter(({ of, memoryOnly }) => built[of] !== false && !memoryOnly)) {
      const { bodies, bytes, largest, refusals, bodiesDigest, refusalsDigest, cpu, wall, peakBytes } = verified(job, candidate, file);
      const outcome = { bodies, bytes, largest, refusals, bodiesDigest, refusalsDigest };
      expected ??= outcome;
      assert.deepEqual(outcome, expected, `${job.name}: ${candidate.name}`);
      assert.match(bodiesDigest, /^[0-9a-f]{64}$/);
      for (const figure of [cpu, wall, peakBytes]) assert.ok(figure > 0, candidate.name);
    }
  }
  for (const reason of ["missing_email", "invalid_email", "duplicate_email"]) assert.ok(expected.refusals[reason] >= 50, reason);
  assert.equal(readFileSync(dataFile(5000, "csv", directory), "utf8").includes("'"), false);
});

test("a disagreement names the candidate and what differs", () => {
  const result = (name, bytes, bodiesDigest = "d") => ({ name, bodies: 1, bytes, largest: 1, refusals: {}, bodiesDigest, refusalsDigest: "r" });
  agree([result("base", 5), result("other", 5)], "base", "here");
  assert.throws(() => agree([result("other", 6), result("base", 5)], "base", "on 9 rows"), {
    message: "other disagrees with base on 9 rows: bytes 6 instead of 5",
  });
  assert.throws(() => agree([result("base", 5, "x"), result("b", 5), result("c", 5)], "base", "here"), {
    message: "base disagrees with b, c here: digest of the bodies x instead of d",
  });
});

const job = (name, rows, base, speeds, more) => ({
  job: name, title: name, rows, base, candidates: {
    [base]: { label: base, ratio: 1 },
    product: { label: "activecampaign-export", ratio: speeds[base], speedAgainst: speeds, wasmMemoryBytes: 20 << 20 },
    ...more,
  },
});

test("goals: reached, missed, and not measured", () => {
  const report = {
    jobs: {
      "csv-1000000": job("csv", 1_000_000, "udsv-stream", { "udsv-stream": 10, "hand-tuned": 8.49, "native-tuned": 0.8 }, { "product-no-dedupe": { memoryOnly: true, wasmMemoryBytes: 5 << 20 } }),
      "csv-10000": job("csv", 10_000, "udsv-stream", { "udsv-stream": 4 }),
    },
    machine: { cpu: "A processor", cores: 2, platform: "linux" },
    start: null,
    core: { gzipBytes: 70 * 1024 },
  };
  const goals = judge(report);
  const verdict = (name) => [goals[name].figure, goals[name].reached, goals[name].stretchReached];
  assert.deepEqual(verdict("csv-1000000-vs-udsv-stream"), [10, true, false]);
  assert.deepEqual(verdict("csv-1000000-vs-hand-tuned"), [8.49, false, false]);
  assert.deepEqual(verdict("csv-1000000-vs-hand-tuned-bytes"), [null, null, null]);
  assert.deepEqual(verdict("csv-10000-vs-udsv-stream"), [4, true, true]);
  assert.deepEqual(verdict("wasm-to-native"), [1.25, true, false]);
  assert.deepEqual(verdict("wasm-memory-bytes"), [20 << 20, true, false]);
  assert.deepEqual(verdict("wasm-memory-bytes-without-deduplication"), [5 << 20, false, false]);
  assert.deepEqual(verdict("compile-and-instantiate-millis"), [null, null, null]);
  assert.deepEqual(verdict("core-gzip-bytes"), [70 * 1024, true, true]);

  const svg = chart({ ...report, goals });
  assert.match(svg, /^<svg[\s\S]*<\/svg>$/);
  for (const text of ["activecampaign-export", "udsv-stream", "10.00x", "goal 10x", "A processor"]) assert.ok(svg.includes(text), text);
});

function script(name, ...args) {
  return spawnSync(process.execPath, [path.join(here, "..", "scripts", name), ...args], { encoding: "utf8" });
}

test("bench --json: every figure and ratio by name, beside a table and a chart", () => {
  const { status, stdout, stderr } = script("bench.mjs", "--rows", "300", "--rounds", "2", "--only", "hand-tuned", "--out", directory, "--json");
  assert.equal(status, 0, stderr);
  const report = JSON.parse(stdout);
  assert.deepEqual(Object.keys(report.jobs), ["csv-300", "ndjson-300", "objects-300"]);
  for (const { base, candidates, output, verified: proof } of Object.values(report.jobs)) {
    assert.deepEqual(Object.keys(candidates).sort(), [base, "hand-tuned"].sort());
    assert.equal(candidates[base].ratio, 1);
    assert.equal(candidates["hand-tuned"].speedAgainst["hand-tuned"], 1);
    assert.equal(candidates["hand-tuned"].ratio, candidates["hand-tuned"].speedAgainst[base]);
    for (const each of Object.values(candidates)) {
      assert.equal(each.rounds.length, 2);
      for (const figure of ["cpuSeconds", "wallSeconds", "peakBytes"]) assert.ok(each[figure] > 0, figure);
    }
    assert.ok(output.bodies > 0);
    assert.equal(proof.rows, 300);
  }
  assert.equal(report.goals["csv-1000000-vs-udsv-stream"].reached, null);
  assert.equal(report.versions.udsv.split(".").length, 3);
  assert.deepEqual(JSON.parse(readFileSync(path.join(directory, "results.json"), "utf8")), report);
  assert.match(readFileSync(path.join(directory, "results.md"), "utf8"), /## CSV, 300 rows\n\n\| Candidate/);
  assert.match(readFileSync(path.join(directory, "results.svg"), "utf8"), /^<svg/);
});

test("wrong usage is one sentence and status 1", () => {
  const cases = [
    [["--rows", "0"], "bench: --rows takes a whole number from 1\n"],
    [["--rounds", "x"], "bench: --rounds takes a whole number from 1\n"],
    [["--job", "xml"], "bench: no job is named xml; there are csv, ndjson, objects\n"],
    [["--only", "excel", "--job", "objects"], "bench: no candidate for objects is named excel; there are javascript, hand-tuned, product\n"],
    [["--only", "excel"], /^bench: no candidate is named excel; there are fast-csv, .*, product-no-dedupe, .*\n$/],
    [["--fast"], /^bench: Unknown option '--fast'/],
  ];
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = script("bench.mjs", ...args);
    assert.deepEqual([status, stdout], [1, ""]);
    if (typeof message === "string") assert.equal(stderr, message);
    else assert.match(stderr, message);
  }
});
