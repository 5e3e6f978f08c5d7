// The candidates for CSV, in the order of the table.

/** The base of every ratio. */
export const BASE = "udsv-stream";

const candidate = (name, label, of, load) => ({ name, label, of, load });

export const CANDIDATES = [
  candidate("csv-parse-stream", "csv-parse, stream", "csv-parse", () => import("./candidates/csv-parse-stream.mjs")),
  candidate("csv-parse-sync", "csv-parse, sync", "csv-parse", () => import("./candidates/csv-parse-sync.mjs")),
  candidate("papaparse-header", "papaparse, stream, `header: true`", "papaparse", () => import("./candidates/papaparse-header.mjs")),
  candidate("papaparse-arrays", "papaparse, stream, arrays", "papaparse", () => import("./candidates/papaparse-arrays.mjs")),
  candidate(BASE, "udsv, stream (base)", "udsv", () => import("./candidates/udsv-stream.mjs")),
  candidate("udsv-whole", "udsv, whole file", "udsv", () => import("./candidates/udsv-whole.mjs")),
  candidate("hand-tuned", "hand-tuned JS", "node", () => import("./candidates/hand-tuned.mjs")),
  candidate("hand-tuned-bytes", "hand-tuned JS, UTF-8 bytes as Latin-1 strings", "node", () => import("./candidates/hand-tuned-bytes.mjs")),
  candidate("product", "the product", "product", () => import("./candidates/product.mjs")),
];

export function candidateNamed(name) {
  const found = CANDIDATES.find((each) => each.name === name);
  if (found === undefined) {
    throw new Error(`no candidate is named ${name}; there are ${CANDIDATES.map((each) => each.name).join(", ")}`);
  }
  return found;
}
