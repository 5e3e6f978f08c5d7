import { parseStream } from "fast-csv";
import { Readable } from "node:stream";
import { Job } from "../job.mjs";
import { textChunks } from "../source.mjs";

export function run(path, sink) {
  const job = new Job(sink);
  return new Promise((resolve, reject) => {
    // Its stream takes objects, so strings pass as they are; it would decode bytes once more.
    parseStream(Readable.from(textChunks(path)), { delimiter: ",", headers: false, skipRows: 1 })
      .on("data", (cells) => {
        job.cells(cells);
      })
      .on("error", reject)
      .on("end", () => {
        job.end();
        resolve();
      });
  });
}
