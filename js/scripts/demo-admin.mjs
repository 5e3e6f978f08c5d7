// The admin page to try: service and sandbox with sample data, until Ctrl-C.
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { say } from "./tools.mjs";

/** Makes what somebody would find who joins a company that works with it. */
async function fill({ url, firstToken: token }, { definition, key, list }) {
  const make = async (path, body) => {
    const response = await fetch(`${url}/api/${path}`, { method: "POST", headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: JSON.stringify(body) });
    const value = await response.json();
    if (!response.ok) throw new Error(`${path}: ${value.detail} ${JSON.stringify(value.issues ?? [])}`);
    return value;
  };
  const connection = await make("connections", { name: "Newsletter, main account", host: definition.host, apiKey: key, sharing: { with: "contributors" }, consent: { agreed: true, version: "1" } });
  const segment = await make("segments", { name: "Gold customers", source: { file: "customers.csv" } });
  const saved = await make("exports", { name: "Gold customers to Newsletter", connection: connection.id, list, segments: [segment.id], mapping: definition.mapping });
  await make("exports", { name: "Gold customers, every morning", connection: connection.id, list, segments: [segment.id], mapping: definition.mapping, schedule: { type: "own", active: true, times: ["06:30"], timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone } });
  await make("users", { id: "ana@example.com", role: "contributor" });
  await make(`exports/${saved.export.id}/run`);
}

/** Starts the service beside the sandbox and says where its page is. */
export async function offerPage({ serveService, served, folder, definition, list }) {
  const data = join(folder, "service");
  rmSync(data, { recursive: true, force: true });
  const sources = join(folder, "sources");
  mkdirSync(sources, { recursive: true });
  copyFileSync(join(folder, "customers.csv"), join(sources, "customers.csv"));
  const service = await serveService({ folder: data, sources, sandbox: served.url });
  await fill(service, { definition, key: served.key, list });
  say("the admin page is up, with a connection, a segment, two exports and a run that goes:");
  console.log(`\n  ${service.url}/#token=${service.firstToken}\n`);
  console.log(`  Connection   to make one of your own: ${definition.host}, key ${served.key}`);
  console.log(`  Reference    ${service.url}/reference`);
  console.log(`  The account  ${served.url}/ (the sandbox; nothing leaves this machine)`);
  console.log("  Ctrl-C ends both, and what they hold.");
  await new Promise((done) => process.once("SIGINT", done));
  await service.close();
}
