import { Readable } from "node:stream";
import Papa from "papaparse";
import { Job } from "../job.mjs";
import { textChunks } from "../source.mjs";

export function run(path, sink) {
  const job = new Job(sink);
  return new Promise((resolve, reject) => {
    Papa.parse(Readable.from(textChunks(path)), {
      header: true,
      delimiter: ",",
      newline: "\n",
      chunk({ data }) {
        for (const record of data) {
          // After the last line end papaparse reports one more row, of a single blank cell.
          if (record.Consent !== undefined) job.record(record);
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
