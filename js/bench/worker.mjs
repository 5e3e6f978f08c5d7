// Runs one candidate on one file in this process and prints one line of JSON.
// node worker.mjs NAME FILE [--verify]
import { candidateNamed } from "./candidates.mjs";
import { Sink } from "./sink.mjs";

const [name, file, mode] = process.argv.slice(2);
const candidate = candidateNamed(name);
const sink = new Sink(mode === "--verify");

const begun = performance.now();
const { run } = await candidate.load();
await run(file, sink);
const wall = (performance.now() - begun) / 1000;

// From the start of the process, of all threads: what a run costs is also its start.
const { user, system } = process.cpuUsage();
const report = {
  name,
  ...sink.report(),
  cpu: (user + system) / 1e6,
  user: user / 1e6,
  system: system / 1e6,
  wall,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
