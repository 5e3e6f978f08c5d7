// Runs one candidate on one file in this process and prints one line of JSON.
// node worker.mjs JOB NAME FILE [--verify]
import { readFileSync } from "node:fs";
import { candidateNamed, jobNamed } from "./jobs.mjs";
import { Sink } from "./sink.mjs";

const [jobName, name, file, mode] = process.argv.slice(2);
const job = jobNamed(jobName);
const candidate = candidateNamed(job, name);
const sink = new Sink(mode === "--verify");

// CPU of all threads. For a file it counts from the start of the process: what a run costs is also its start. For
// objects it counts from where they are there, because parsing them, several times the product's work, is no part of
// the job: loading the candidate counts, starting Node does not, alike for all. Subtracting the parse of another
// process instead would leave its garbage, and its spread, in a figure that is smaller than both.
let input = file;
let before = { user: 0, system: 0 };
if (job.parsed) {
  input = readFileSync(file, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  // The garbage of the parse is not the candidate's.
  globalThis.gc?.();
  before = process.cpuUsage();
}

const begun = performance.now();
const { run } = await candidate.load();
await run(input, sink);
const wall = (performance.now() - begun) / 1000;

const after = process.cpuUsage();
const user = (after.user - before.user) / 1e6;
const system = (after.system - before.system) / 1e6;
const report = { name, ...sink.report(), cpu: user + system, user, system, wall, peakBytes: process.resourceUsage().maxRSS * 1024 };
process.stdout.write(`${JSON.stringify(report)}\n`);
