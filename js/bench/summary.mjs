// From the results of all rounds to figures: medians, and ratios taken within each round.
import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { js, pkg, root } from "../scripts/tools.mjs";
import { coreWasm } from "./build.mjs";
import { DATA_VERSION } from "./data.mjs";

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One job at one size. `measured` is what `measure` gave. */
export function summarizeJob(job, candidates, { rows, rounds: count }, measured) {
  const { rounds, memory } = measured;
  const of = (name, figure) => rounds.map((results) => results.get(name)[figure]);
  // Speed: how often a candidate fits into the CPU time of another, within each round.
  const against = (name, other) => {
    const cpu = of(name, "cpu");
    return median(of(other, "cpu").map((theirs, round) => theirs / cpu[round]));
  };
  const names = [...rounds[0].keys()];
  const figures = {};
  for (const { name, label, memoryOnly } of candidates) {
    if (memoryOnly) {
      figures[name] = { label, memoryOnly, wasmMemoryBytes: memory.get(name).wasmMemoryBytes };
      continue;
    }
    const wasm = of(name, "wasmMemoryBytes");
    figures[name] = {
      label,
      cpuSeconds: median(of(name, "cpu")),
      ratio: against(name, job.base),
      speedAgainst: Object.fromEntries(candidates.filter((other) => names.includes(other.name)).map((other) => [other.name, against(name, other.name)])),
      wallSeconds: median(of(name, "wall")),
      peakBytes: median(of(name, "peakBytes")),
      wasmMemoryBytes: wasm[0] === null ? null : median(wasm),
      rounds: rounds.map((results) => {
        const { cpu, user, system, wall, peakBytes, wasmMemoryBytes } = results.get(name);
        return { cpu, user, system, wall, peakBytes, wasmMemoryBytes };
      }),
    };
  }
  const { bodies, bytes, largest, refusals } = rounds[0].get(job.base);
  const { fileBytes, verified, loadBefore, loadAfter } = measured;
  return {
    job: job.name,
    title: job.title,
    rows,
    rounds: count,
    base: job.base,
    data: { version: DATA_VERSION, bytes: fileBytes },
    output: { bodies, bytes, largest, refusals },
    verified,
    load: { before: loadBefore, after: loadAfter },
    candidates: figures,
  };
}

export function summarizeStart(starts) {
  const spread = (numbers) => ({ best: Math.min(...numbers), median: median(numbers) });
  return {
    processes: starts.length,
    nodeCpuMillis: spread(starts.map(({ nodeCpuMillis }) => nodeCpuMillis)),
    compileMillis: spread(starts.map(({ compileMillis }) => compileMillis)),
    instantiateMillis: spread(starts.map(({ instantiateMillis }) => instantiateMillis)),
    totalMillis: spread(starts.map(({ compileMillis, instantiateMillis }) => compileMillis + instantiateMillis)),
  };
}

/** Bytes as they are and as they travel. */
export function weigh(bytes) {
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  return { rawBytes: bytes.length, gzipBytes: gzipSync(bytes, { level: 9 }).length, brotliBytes: brotliCompressSync(bytes, brotli).length };
}

export const weighCore = () => weigh(readFileSync(coreWasm));

export function machine() {
  return { cpu: os.cpus()[0]?.model ?? "unknown", cores: os.cpus().length, platform: `${os.platform()} ${os.release()} ${os.arch()}` };
}

/** The versions of everything that was measured. */
export function versions(candidates) {
  const found = { node: process.versions.node, v8: process.versions.v8 };
  for (const { of } of candidates) {
    if (of === "node" || found[of] !== undefined) continue;
    if (of === "native") Object.assign(found, nativeVersions());
    else if (of === "product") found[of] = manifestOf(pkg, "name") + " " + manifestOf(pkg, "version");
    else found[of] = manifestOf(path.join(js, "node_modules", of), "version");
  }
  return found;
}

const manifestOf = (directory, key) => JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8"))[key];

function nativeVersions() {
  const lock = readFileSync(path.join(root, "Cargo.lock"), "utf8");
  const locked = (name) => new RegExp(`name = "${name}"\\nversion = "([^"]+)"`).exec(lock)?.[1] ?? "unknown";
  const toolchain = /channel = "([^"]+)"/.exec(readFileSync(path.join(root, "rust-toolchain.toml"), "utf8"))?.[1] ?? "unknown";
  return { native: `Rust ${toolchain}`, "csv (crate)": locked("csv"), "serde_json (crate)": locked("serde_json") };
}
