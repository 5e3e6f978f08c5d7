// Workers of the tests, bundled with the installed package as deployers' tools do, for Miniflare.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { bundled as bundle } from "../kit/workerd.mjs";
import { installed } from "../package/helpers.mjs";

const dist = join(installed, "dist");

/** The modules of a worker of this folder. */
export function bundled(name) {
  const alias = { "activecampaign-export/relay": join(dist, "relay/index.js"), "activecampaign-export": join(dist, "entry/worker.js") };
  return bundle({ entryPoints: [fileURLToPath(new URL(name, import.meta.url))], alias, external: ["cloudflare:workers"] }, dist);
}

/** Starts workerd with it. */
export function start(modules, more = {}) {
  // `cf: false`, else it asks a service for what stands in Request.cf.
  return new Miniflare({ modules, compatibilityDate: "2026-04-01", cf: false, ...more });
}
