// Exports a CSV file with no more rights than it needs: the account's host, the files, two keys.
//   deno run --allow-net=acme.api-us1.com --allow-read --allow-env=ACTIVECAMPAIGN_API_KEY,ACTIVECAMPAIGN_SANDBOX \
//     export.ts definition.json segment.csv
import { type ExportDefinition, exportSegment } from "activecampaign-export";

const [definition, segment] = Deno.args;
if (definition === undefined || segment === undefined) throw new Error("Name the definition and the segment.");
const apiKey = Deno.env.get("ACTIVECAMPAIGN_API_KEY") ?? "";
const sandbox = Deno.env.get("ACTIVECAMPAIGN_SANDBOX");

/** The file's bytes from a place on, as they are needed. */
function bytes(offset: number): ReadableStream<Uint8Array> {
  const file = Deno.openSync(segment!);
  file.seekSync(offset, Deno.SeekMode.Start);
  return file.readable;
}

const run = exportSegment({
  connection: { apiKey, ...(sandbox ? { sandbox } : {}) },
  definition: JSON.parse(Deno.readTextFileSync(definition)) as ExportDefinition,
  source: { data: bytes, sizeBytes: Deno.statSync(segment).size },
});

for await (const event of run) {
  if (event.type === "rejections") for (const { row, rule, reason } of event.rejections) console.error(`row ${row}: ${rule}. ${reason}`);
}

const { result, delivered, rejected, stop } = await run.summary;
console.log(`${result}: ${delivered} delivered, ${rejected} rejected`);
if (stop) console.error(`${stop.message} ${stop.remedy}`);
// As the command: 0 all went well, 3 finished with rejected or unverified profiles, 1 stopped.
const statuses: Record<string, number> = { succeeded: 0, completed_with_rejections: 3, incomplete: 3 };
Deno.exitCode = statuses[result] ?? 1;
