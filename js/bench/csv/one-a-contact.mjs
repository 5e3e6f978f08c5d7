// The habit of per-contact connectors: one body a contact. Otherwise the base.
import { Job } from "../job.mjs";
import { Rejoined } from "../rejoined.mjs";
import { parsed } from "./udsv-stream.mjs";

export async function run(path, sink) {
  const rejoined = new Rejoined(sink);
  await parsed(path, new Job(rejoined, 1));
  rejoined.end();
}
