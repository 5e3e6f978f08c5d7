import { readFileSync } from "node:fs";
import { inferSchema, initParser } from "udsv";
import { Job } from "../job.mjs";

export async function run(path, sink) {
  const job = new Job(sink);
  const text = readFileSync(path, "utf8");
  const parser = initParser(inferSchema(text, { col: ",", row: "\n", encl: '"' }));
  parser.stringArrs(text, (cells) => {
    job.cells(cells);
  });
  job.end();
}
