// The benchmark: the product beside what else one would use, each run in a process of its own.
// First every candidate must give the same bodies and refusals; then interleaved rounds.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { buildNative, buildProduct } from "../bench/build.mjs";
import { chart } from "../bench/chart.mjs";
import { DATA_DIRECTORY } from "../bench/data.mjs";
import { Failure, note, say } from "../bench/failure.mjs";
import { judge } from "../bench/goals.mjs";
import { candidateNamed, JOBS, jobNamed, roundsFor } from "../bench/jobs.mjs";
import { measure, measureStart } from "../bench/rounds.mjs";
import { machine, summarizeJob, summarizeStart, versions, weighCore } from "../bench/summary.mjs";
import { text } from "../bench/table.mjs";

const USAGE = `Usage: npm --prefix js run bench -- [--rows N] [--rounds N] [--job NAME]... [--only NAME]... [--out FOLDER] [--json]

  --rows N      every job with N rows, instead of its own sizes
  --rounds N    instead of the job's own number
  --job NAME    only this job: ${JOBS.map(({ name }) => name).join(", ")}
  --only NAME   only this candidate, and the base of each job that has it
  --out FOLDER  for results.md, results.json and results.svg; default target/bench,
                or target/bench/part when something is left out
  --json        one object on stdout instead of the tables
`;

/** Fresh processes for compile + instantiate; each takes a twentieth of a second. */
const STARTS = 15;

async function main() {
  const options = read(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(USAGE);
    return;
  }
  const begun = performance.now();
  let work = select(options);
  const uses = (kind) => work.some(({ candidates }) => candidates.some(({ of }) => of === kind));
  const product = uses("product");
  if (product) buildProduct();
  let native = null;
  if (uses("native")) {
    native = buildNative();
    if (native !== null) {
      note(`bench: goes on without native candidates: ${native}`);
      work = work.map(({ job, candidates }) => ({ job, candidates: candidates.filter(({ of }) => of !== "native") }));
    }
  }

  const jobs = {};
  for (const { job, candidates } of work) {
    for (const run of runsOf(job, options)) {
      const measured = await measure(job, candidates, run);
      jobs[`${job.name}-${run.rows}`] = summarizeJob(job, candidates, run, measured);
    }
  }
  const report = {
    jobs,
    start: product ? summarizeStart(await measureStart(STARTS)) : null,
    core: product ? weighCore() : null,
    native,
    versions: versions(work.flatMap(({ candidates }) => candidates)),
    machine: machine(),
  };
  report.goals = judge(report);
  report.seconds = (performance.now() - begun) / 1000;
  say("");
  write(report, options);
}

function write(report, { out, json }) {
  const tables = text(report);
  mkdirSync(out, { recursive: true });
  writeFileSync(path.join(out, "results.md"), tables);
  writeFileSync(path.join(out, "results.json"), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(path.join(out, "results.svg"), `${chart(report)}\n`);
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : tables);
}

function runsOf(job, { rows, rounds }) {
  const runs = rows === null ? job.runs : [{ rows, rounds: job.runs.find((run) => run.rows === rows)?.rounds ?? roundsFor(rows) }];
  return rounds === null ? runs : runs.map((run) => ({ ...run, rounds }));
}

function read(args) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        rows: { type: "string" },
        rounds: { type: "string" },
        job: { type: "string", multiple: true, default: [] },
        only: { type: "string", multiple: true, default: [] },
        out: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    throw new Failure(error.message);
  }
  const whole = (flag) => {
    if (values[flag] === undefined) return null;
    const number = Number(values[flag]);
    if (!Number.isSafeInteger(number) || number < 1) throw new Failure(`--${flag} takes a whole number from 1`);
    return number;
  };
  const [rows, rounds] = [whole("rows"), whole("rounds")];
  const everything = rows === null && rounds === null && values.job.length === 0 && values.only.length === 0;
  // A quick look must not replace the results of a whole run.
  const out = values.out ?? (everything ? DATA_DIRECTORY : path.join(DATA_DIRECTORY, "part"));
  return { ...values, rows, rounds, out };
}

// With --only the base runs as well: without it there is neither a ratio nor anything to agree with.
function select({ job: names, only }) {
  try {
    for (const name of names) jobNamed(name);
    const jobs = JOBS.filter(({ name }) => names.length === 0 || names.includes(name));
    for (const name of only) if (!jobs.some((job) => job.candidates.some((each) => each.name === name))) unknown(jobs, name);
    return jobs
      .map((job) => ({
        job,
        candidates: job.candidates.filter(({ name }) => only.length === 0 || name === job.base || only.includes(name)),
      }))
      .filter(({ job }) => only.length === 0 || job.candidates.some(({ name }) => only.includes(name)));
  } catch (error) {
    throw new Failure(error.message);
  }
}

function unknown(jobs, name) {
  if (jobs.length === 1) candidateNamed(jobs[0], name);
  const names = new Set(jobs.flatMap(({ candidates }) => candidates.map((each) => each.name)));
  throw new Error(`no candidate is named ${name}; there are ${[...names].join(", ")}`);
}

// A reader such as `head` may take no more: the results are in their files.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  await main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  note(`bench: ${error.message}`);
  process.exitCode = 1;
}
