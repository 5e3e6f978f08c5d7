import { inferSchema, initParser } from "udsv";
import { Job } from "../job.mjs";
import { textChunks } from "../source.mjs";

export const run = (path, sink) => parsed(path, new Job(sink));

export async function parsed(path, job) {
  const each = (cells) => {
    job.cells(cells);
  };
  let parser;
  for await (const text of textChunks(path)) {
    parser ??= initParser(inferSchema(text, { col: ",", row: "\n", encl: '"' }));
    parser.chunk(text, parser.stringArrs, each);
  }
  parser.end();
  job.end();
}
