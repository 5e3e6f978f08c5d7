import { createInterface } from "node:readline";
import { Job } from "../job.mjs";
import { byteStream } from "../source.mjs";

export function run(path, sink) {
  const job = new Job(sink);
  return new Promise((resolve, reject) => {
    // Its events; the same as an async iterable takes longer.
    createInterface({ input: byteStream(path).on("error", reject), crlfDelay: Infinity })
      .on("line", (line) => {
        if (line !== "") job.values(JSON.parse(line));
      })
      .on("close", () => {
        job.end();
        resolve();
      });
  });
}
