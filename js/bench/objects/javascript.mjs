import { Job } from "../job.mjs";

export async function run(objects, sink) {
  const job = new Job(sink);
  for (const object of objects) job.values(object);
  job.end();
}
