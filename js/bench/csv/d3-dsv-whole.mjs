import { csvParseRows } from "d3-dsv";
import { readFileSync } from "node:fs";
import { Job } from "../job.mjs";

export async function run(path, sink) {
  const job = new Job(sink);
  csvParseRows(readFileSync(path, "utf8"), (cells, i) => {
    if (i > 0) job.cells(cells);
    // Kept rows would cost more time and memory.
    return null;
  });
  job.end();
}
