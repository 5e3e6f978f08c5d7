// What the product must reach, each with the figure of this run beside it. Speeds are ratios of CPU time, taken within
// each round of one run; a goal whose job did not run, at its size, has no figure and is neither reached nor missed.

const KIB = 1024;
const MIB = 1024 * 1024;

const speed = (job, other) => ({ jobs }) => jobs[job]?.candidates.product?.speedAgainst[other];
const cost = (job, other) => ({ jobs }) => inverse(jobs[job]?.candidates.product?.speedAgainst[other]);
const inverse = (ratio) => (ratio === undefined ? undefined : 1 / ratio);
const memory = (job, name) => ({ jobs }) => jobs[job]?.candidates[name]?.wasmMemoryBytes ?? undefined;

const atLeast = (title, must, stretch, figure) => ({ title, unit: "times", atLeast: true, must, stretch, figure });
const atMost = (title, unit, must, stretch, figure) => ({ title, unit, atLeast: false, must, stretch, figure });
/** For honesty's sake: no goal names it. */
const told = (title, unit, figure) => ({ title, unit, atLeast: true, must: null, stretch: null, figure });

const GOALS = {
  "csv-1000000-vs-udsv-stream": atLeast("CSV, 1,000,000 rows, against udsv", 10, 13, speed("csv-1000000", "udsv-stream")),
  "csv-1000000-vs-hand-tuned": atLeast("CSV, 1,000,000 rows, against hand-tuned JavaScript", 8.5, 11, speed("csv-1000000", "hand-tuned")),
  "csv-1000000-vs-hand-tuned-bytes": told("the same against its quicker form on bytes", "times", speed("csv-1000000", "hand-tuned-bytes")),
  "csv-100000-vs-udsv-stream": atLeast("CSV, 100,000 rows, against udsv", 6, 9, speed("csv-100000", "udsv-stream")),
  "csv-10000-vs-udsv-stream": atLeast("CSV, 10,000 rows, against udsv", 3, 4, speed("csv-10000", "udsv-stream")),
  "wasm-to-native": atMost("CPU of the product to that of the same core natively, CSV, 1,000,000 rows", "times", 1.35, 1.2, cost("csv-1000000", "native-tuned")),
  "ndjson-1000000-vs-split": atLeast("NDJSON, 1,000,000 rows, against split by line and JSON.parse", 10, 14, speed("ndjson-1000000", "split")),
  "objects-50000-vs-javascript": atLeast("50,000 objects, against the same in JavaScript", 2.3, 3, speed("objects-50000", "javascript")),
  "objects-50000-vs-hand-tuned": told("the same against hand-tuned JavaScript", "times", speed("objects-50000", "hand-tuned")),
  "wasm-memory-bytes": atMost("WebAssembly memory, 1,000,000 rows, their number unknown", "bytes", 24 * MIB, 16 * MIB, memory("csv-1000000", "product")),
  "wasm-memory-bytes-without-deduplication": atMost("WebAssembly memory without de-duplication, the most of all sizes", "bytes", 4 * MIB, 3 * MIB, mostMemory),
  "compile-and-instantiate-millis": atMost("Compile and instantiate in Node, median", "ms", 5, 2, ({ start }) => start?.totalMillis.median),
  "core-gzip-bytes": atMost("Whole core, gzip", "bytes", 100 * KIB, 70 * KIB, ({ core }) => core?.gzipBytes),
};

function mostMemory({ jobs }) {
  const all = Object.values(jobs).map(({ candidates }) => candidates["product-no-dedupe"]?.wasmMemoryBytes ?? 0);
  const most = Math.max(0, ...all);
  return most === 0 ? undefined : most;
}

/** Every goal by name; `reached` and `stretchReached` are null where there is no figure or no goal. */
export function judge(report) {
  const judged = {};
  for (const [name, { title, unit, atLeast: lower, must, stretch, figure }] of Object.entries(GOALS)) {
    const value = figure(report) ?? null;
    const holds = (bound) => (value === null || bound === null ? null : lower ? value >= bound : value <= bound);
    judged[name] = { title, unit, direction: lower ? "at least" : "at most", figure: value, must, stretch, reached: holds(must), stretchReached: holds(stretch) };
  }
  return judged;
}
