// Exports a CSV file. Started again after a crash or Ctrl-C, it goes on where it was.
//   ACTIVECAMPAIGN_API_KEY=... ACTIVECAMPAIGN_EXPORT_STATE_KEY=... node export.mjs definition.json segment.csv
import { readFileSync } from "node:fs";
import { exportSegment, fileSource, fileStore } from "activecampaign-export";

const [definition, segment] = process.argv.slice(2);
const { ACTIVECAMPAIGN_API_KEY, ACTIVECAMPAIGN_EXPORT_STATE_KEY, ACTIVECAMPAIGN_SANDBOX } = process.env;
if (!segment || !ACTIVECAMPAIGN_API_KEY || !ACTIVECAMPAIGN_EXPORT_STATE_KEY) {
  console.error("Usage: ACTIVECAMPAIGN_API_KEY=... ACTIVECAMPAIGN_EXPORT_STATE_KEY=... node export.mjs definition.json segment.csv");
  console.error("The state key is a secret of your own, 16 characters or more, the same one each time.");
  process.exit(2);
}

const stopped = new AbortController();
process.once("SIGINT", () => stopped.abort());

const run = exportSegment({
  connection: {
    apiKey: ACTIVECAMPAIGN_API_KEY,
    // A rehearsal: npx activecampaign-export sandbox --port 8787, and http://127.0.0.1:8787 here.
    ...(ACTIVECAMPAIGN_SANDBOX ? { sandbox: ACTIVECAMPAIGN_SANDBOX } : {}),
  },
  definition: JSON.parse(readFileSync(definition, "utf8")),
  source: fileSource(segment),
  checkpoints: { store: fileStore("kept"), key: ACTIVECAMPAIGN_EXPORT_STATE_KEY },
  signal: stopped.signal,
});

for await (const event of run) {
  if (event.type === "progress") console.error(`${event.progress.read} read, ${event.progress.queued} queued, ${event.progress.delivered} delivered`);
  else for (const { row, rule, reason } of event.rejections) console.error(`row ${row}: ${rule}. ${reason}`);
}

const { result, delivered, rejected, stop } = await run.summary;
console.log(`${result}: ${delivered} delivered, ${rejected} rejected`);
if (stop) console.error(`${stop.message} ${stop.remedy}`);
// As the command: 0 all went well, 3 finished with rejected or unverified profiles, 1 stopped.
process.exitCode = { succeeded: 0, completed_with_rejections: 3, incomplete: 3 }[result] ?? 1;
