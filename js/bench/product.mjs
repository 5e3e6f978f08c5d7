// The product through its public API, in the layout that is published.
import { readFileSync } from "node:fs";
import { encodeBatches, fileSource } from "../../target/pkg/dist/entry/node.js";
import { DUPLICATE, INVALID, MISSING } from "./job.mjs";

// The native candidate and the stages of `cargo bench` read the same file.
const definition = JSON.parse(readFileSync(new URL("definition.json", import.meta.url), "utf8"));

const account = {
  lists: [{ id: 4, name: "Newsletter" }],
  fields: definition.mapping.fields.map(({ id, column }) => ({
    id,
    title: column,
    type: "text",
    perstag: column.toUpperCase(),
    options: [],
  })),
  tags: [],
};

function reasonOf(rule) {
  if (rule === "email_missing") return MISSING;
  if (rule === "duplicate") return DUPLICATE;
  if (rule.startsWith("email_")) return INVALID;
  return rule; // not a reason of the job: it shows up as a disagreement
}

/** A file of CSV or NDJSON. */
export const file = (path, sink) => encoded(fileSource(path), sink);

/** An array of objects. */
export const objects = (array, sink) => encoded(array, sink);

/** The same file, its repeated addresses kept: for the memory that remains. */
export const fileWithDuplicates = (path, sink) => encoded(fileSource(path), sink, { deduplicate: false });

async function encoded(source, sink, more = {}) {
  const rejections = [];
  // As all other candidates, it may reuse the memory of chunks and bodies.
  const options = { definition, account, source, reuseBody: true, ...more };
  if (sink.verifies) {
    options.onRejections = (some) => {
      for (const { row, rule } of some) rejections.push({ row, rule });
    };
  }

  const batches = encodeBatches(options);
  for await (const { body } of batches) sink.body(body);
  const summary = await batches.summary;
  sink.wasmMemoryBytes = summary.wasmMemoryBytes;

  if (sink.verifies) {
    // They arrive as they are found, duplicates later than the rest.
    rejections.sort((a, b) => a.row - b.row);
    for (const { row, rule } of rejections) sink.refuse(row, reasonOf(rule));
  } else {
    for (const [rule, count] of Object.entries(summary.rejectedByRule)) {
      if (rule !== "duplicate") sink.refused(reasonOf(rule), count);
    }
    sink.refused(DUPLICATE, summary.duplicate);
  }
}
