import { parse } from "csv-parse";
import { Job } from "../job.mjs";
import { byteStream } from "../source.mjs";

export function run(path, sink) {
  const job = new Job(sink);
  return new Promise((resolve, reject) => {
    const parser = parse({ delimiter: ",", record_delimiter: "\n", from: 2 });
    parser.on("data", (cells) => {
      job.cells(cells);
    });
    parser.on("error", reject);
    parser.on("end", () => {
      job.end();
      resolve();
    });
    byteStream(path).on("error", reject).pipe(parser);
  });
}
