// Exports to ActiveCampaign on Cloudflare. What to export stands in export.json; README.md says how to deploy.
import { exportWorker } from "activecampaign-export/cloudflare";
import definition from "./export.json";

// The classes that wrangler.jsonc names.
export { AccountObject, ExportObject } from "activecampaign-export/cloudflare";

export default exportWorker({
  exports: ({ SANDBOX }) => ({
    // The export's name, as it stands in its addresses: /exports/newsletter/start. More exports stand side by side.
    newsletter: {
      definition,
      // `key` is the name of the secret, never the key itself. SANDBOX is there in rehearsals only.
      connection: { key: "ACTIVECAMPAIGN_API_KEY", sandbox: SANDBOX },
      // The last upload to /exports/newsletter/source. Or { r2: "segments/newsletter.csv" }, or { url: "https://..." }.
      source: { upload: true },
      // One of the triggers in wrangler.jsonc, letter for letter. Leave the line out if only requests are to start it.
      cron: "0 6 * * *",
    },
  }),
});
