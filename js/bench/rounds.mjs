// Runs of one job: first agreement, then rounds, each run in a process of its own.
import { execFile } from "node:child_process";
import { createReadStream, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { agree } from "./agreement.mjs";
import { coreWasm, nativeProgram } from "./build.mjs";
import { dataFile } from "./data.mjs";
import { Failure, say } from "./failure.mjs";

const worker = fileURLToPath(new URL("worker.mjs", import.meta.url));
const starter = fileURLToPath(new URL("start.mjs", import.meta.url));
const execute = promisify(execFile);

/** One run of one candidate. */
async function once(job, candidate, file, verify) {
  const mode = verify ? ["--verify"] : [];
  const [program, args] = candidate.native
    ? [nativeProgram, [candidate.name, file, ...mode]]
    : [process.execPath, [...(job.parsed ? ["--expose-gc"] : []), worker, job.name, candidate.name, file, ...mode]];
  try {
    const { stdout } = await execute(program, args, { maxBuffer: 1 << 24 });
    return JSON.parse(stdout);
  } catch (error) {
    throw new Failure(`${candidate.name} failed on ${path.basename(file)}:\n${error.stderr || error.message}`);
  }
}

/** What was found equal: by job and rows, so that the next job is held against it. */
const proven = new Map();

async function verify(job, chosen, rows) {
  const results = [];
  for (const candidate of chosen) {
    say(`${job.name}: agreement on ${rows} rows: ${candidate.name}`);
    results.push(await once(job, candidate, dataFile(rows, job.format), true));
  }
  agree(results, job.base, `on ${rows} rows of ${job.name}`);
  const { bodiesDigest, refusalsDigest } = results[0];
  // The same rows give the same bodies, however they are written.
  const other = [...proven.values()].find((each) => each.rows === rows);
  if (other && (other.bodiesDigest !== bodiesDigest || other.refusalsDigest !== refusalsDigest)) {
    throw new Failure(`${job.name} and ${other.job} disagree on the same ${rows} rows`);
  }
  const verified = { job: job.name, rows, candidates: results.map(({ name }) => name), bodiesDigest, refusalsDigest };
  proven.set(`${job.name}-${rows}`, verified);
  return verified;
}

/** Agreement, then `count` rounds over `rows` rows; gives every result by round and name. */
export async function measure(job, candidates, { rows, rounds: count }) {
  say(`${job.name}: data of ${rows} rows`);
  const file = dataFile(rows, job.format);
  const timed = candidates.filter(({ memoryOnly }) => !memoryOnly);
  const verified = await verify(job, timed, rows);

  await warm(file);
  const loadBefore = os.loadavg()[0];
  const rounds = [];
  for (let round = 0; round < count; round++) {
    const results = new Map();
    for (let i = 0; i < timed.length; i++) {
      const candidate = timed[(i + round) % timed.length];
      say(`${job.name}, ${rows} rows: round ${round + 1} of ${count}, ${i + 1} of ${timed.length}: ${candidate.name}`);
      results.set(candidate.name, await once(job, candidate, file, false));
    }
    agree([...results.values()], job.base, `on ${rows} rows of ${job.name}, round ${round + 1}`);
    rounds.push(results);
  }

  const memory = new Map();
  for (const candidate of candidates.filter(({ memoryOnly }) => memoryOnly)) {
    say(`${job.name}, ${rows} rows: memory: ${candidate.name}`);
    memory.set(candidate.name, await once(job, candidate, file, false));
  }
  return { fileBytes: statSync(file).size, verified, rounds, memory, loadBefore, loadAfter: os.loadavg()[0] };
}

/** Into the file system's cache: no round pays for the disk. */
async function warm(file) {
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) void chunk;
}

/** Compiling and instantiating the core, in `count` fresh processes. */
export async function measureStart(count) {
  const starts = [];
  for (let i = 0; i < count; i++) {
    say(`compile and instantiate: ${i + 1} of ${count}`);
    try {
      starts.push(JSON.parse((await execute(process.execPath, [starter, coreWasm])).stdout));
    } catch (error) {
      throw new Failure(`the core could not be instantiated:\n${error.stderr || error.message}`);
    }
  }
  return starts;
}
