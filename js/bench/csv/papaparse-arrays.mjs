import { Readable } from "node:stream";
import Papa from "papaparse";
import { COLUMNS } from "../data.mjs";
import { Job } from "../job.mjs";
import { textChunks } from "../source.mjs";

export function run(path, sink) {
  const job = new Job(sink);
  let header = true;
  return new Promise((resolve, reject) => {
    Papa.parse(Readable.from(textChunks(path)), {
      delimiter: ",",
      newline: "\n",
      chunk({ data }) {
        for (const cells of data) {
          if (header) header = false;
          // After the last line end papaparse reports one more row, of a single blank cell.
          else if (cells.length === COLUMNS.length) job.cells(cells);
        }
      },
      complete() {
        job.end();
        resolve();
      },
      error: reject,
    });
  });
}
