// A process of its own on a database of records: `node records-process.mjs PACKAGE suite PATH`, or `race PATH OWNER ADDITIONS`.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { leaseSuite, recordsSuite } from "./records-suite.mjs";

const [, , installed, what, path, owner, additions] = process.argv;
const service = await import(pathToFileURL(join(installed, "dist", "entry", "service.js")).href);

async function suite() {
  const results = [];
  for (const [at, [title, check]] of [...recordsSuite, ...leaseSuite(service)].entries()) {
    const database = await service.openDatabase(`${path}.${at}`);
    const error = await check(service.sqlRecords(database)).catch((thrown) => thrown.message);
    results.push({ title, ...(error === undefined ? {} : { error }) });
    database.close();
  }
  return results;
}

/** Adds to one counter, and takes one lease, against the others. */
async function race() {
  const store = service.sqlRecords(await service.openDatabase(path));
  const fences = [];
  let counter = 0;
  for (let done = 0; done < Number(additions); ) {
    const kept = await store.get("counter/1");
    counter = (kept?.value ?? 0) + 1;
    if (await store.commit([{ key: "counter/1", value: counter, version: kept?.version ?? 0 }])) done += 1;
    const held = await service.takeLease(store, "work", `${owner} ${done}`, 5, Date.now());
    if (held) fences.push(held.fence);
  }
  return { counter, fences };
}

console.log(JSON.stringify(await (what === "suite" ? suite() : race())));
