import { Job } from "../job.mjs";
import { eachChunk } from "../source.mjs";

export async function run(path, sink) {
  const job = new Job(sink);
  eachChunk(path, (bytes, end) => bytes.toString("utf8", 0, end), (text) => {
    for (const line of text.split("\n")) {
      if (line !== "") job.values(JSON.parse(line));
    }
  });
  job.end();
}
