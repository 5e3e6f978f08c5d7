// The jobs of the benchmark, and their candidates in the order of the tables.

const candidate = (name, label, of, load) => ({ name, label, of, load });
const native = (name, label) => ({ name, label, of: "native", native: true });

// One module for the product, whose functions are the jobs.
const product = (job) => async () => ({ run: (await import("./product.mjs"))[job] });

/** A candidate that only tells its memory: its bodies are not those of the others. */
const memoryOnly = (name, label, job) => ({ ...candidate(name, label, "product", product(job)), memoryOnly: true });

const HAND_TUNED = "hand-tuned JS";
const TUNED = "native Rust, tuned: this crate";

const CSV = [
  candidate("fast-csv", "fast-csv, stream", "fast-csv", () => import("./csv/fast-csv.mjs")),
  candidate("csv-parse-stream", "csv-parse, stream", "csv-parse", () => import("./csv/csv-parse-stream.mjs")),
  candidate("csv-parse-sync", "csv-parse, sync", "csv-parse", () => import("./csv/csv-parse-sync.mjs")),
  candidate("papaparse-header", "papaparse, stream, `header: true`", "papaparse", () => import("./csv/papaparse-header.mjs")),
  candidate("papaparse-arrays", "papaparse, stream, arrays", "papaparse", () => import("./csv/papaparse-arrays.mjs")),
  candidate("udsv-stream", "udsv, stream (base)", "udsv", () => import("./csv/udsv-stream.mjs")),
  candidate("udsv-whole", "udsv, whole file", "udsv", () => import("./csv/udsv-whole.mjs")),
  candidate("one-a-contact", "one body a contact (udsv, stream)", "udsv", () => import("./csv/one-a-contact.mjs")),
  candidate("d3-dsv-whole", "d3-dsv, whole file", "d3-dsv", () => import("./csv/d3-dsv-whole.mjs")),
  candidate("hand-tuned", HAND_TUNED, "node", () => import("./csv/hand-tuned.mjs")),
  candidate("hand-tuned-bytes", `${HAND_TUNED}, UTF-8 bytes as Latin-1`, "node", () => import("./csv/hand-tuned-bytes.mjs")),
  candidate("product", "activecampaign-export", "product", product("file")),
  native("native-plain", "native Rust, plain: csv, HashSet, serde_json"),
  native("native-tuned", TUNED),
  memoryOnly("product-no-dedupe", "activecampaign-export, `deduplicate: false`", "fileWithDuplicates"),
];

const NDJSON = [
  candidate("readline", "readline, JSON.parse", "node", () => import("./ndjson/readline.mjs")),
  candidate("split", "split by line, JSON.parse (base)", "node", () => import("./ndjson/split.mjs")),
  candidate("hand-tuned", `${HAND_TUNED}, one parse for many lines`, "node", () => import("./ndjson/hand-tuned.mjs")),
  candidate("product", "activecampaign-export", "product", product("file")),
  native("native-plain", "native Rust, plain: serde_json, HashSet"),
  native("native-tuned", TUNED),
];

const OBJECTS = [
  candidate("javascript", "JavaScript (base)", "node", () => import("./objects/javascript.mjs")),
  candidate("hand-tuned", HAND_TUNED, "node", () => import("./objects/hand-tuned.mjs")),
  candidate("product", "activecampaign-export", "product", product("objects")),
];

// Small inputs cost little and spread most: more rounds. In all about a quarter of an hour on two processors.
/** `format`: of the file; `parsed`: whether a candidate gets its objects instead; `runs`: rows and rounds. */
export const JOBS = [
  {
    name: "csv", title: "CSV", format: "csv", parsed: false, base: "udsv-stream", candidates: CSV,
    runs: [{ rows: 10_000, rounds: 11 }, { rows: 100_000, rounds: 7 }, { rows: 1_000_000, rounds: 5 }],
  },
  {
    name: "ndjson", title: "NDJSON", format: "ndjson", parsed: false, base: "split", candidates: NDJSON,
    runs: [{ rows: 1_000_000, rounds: 5 }],
  },
  {
    name: "objects", title: "JavaScript objects", format: "ndjson", parsed: true, base: "javascript", candidates: OBJECTS,
    runs: [{ rows: 50_000, rounds: 11 }],
  },
];

/** Rounds of a run of so many rows that is not among those above. */
export const roundsFor = (rows) => (rows <= 50_000 ? 11 : rows <= 200_000 ? 7 : 5);

export function jobNamed(name) {
  return named(JOBS, name, "job");
}

export function candidateNamed(job, name) {
  return named(job.candidates, name, `candidate for ${job.name}`);
}

function named(list, name, what) {
  const found = list.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no ${what} is named ${name}; there are ${list.map((each) => each.name).join(", ")}`);
  return found;
}
