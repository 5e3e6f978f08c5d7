/** Cloudflare: exports as Durable Objects. A worker exports the two classes and its handlers. */
import module from "../core_bg.wasm";
import { instantiateSync } from "../init.js";

// Not by the worker's entry: what two entries share lies in a file of its own, which bundlers take for one without effects.
instantiateSync(module);

export { AccountObject } from "../cloudflare/account-object.js";
export { ExportObject } from "../cloudflare/export-object.js";
export { type ExportWorker, type ExportWorkerOptions, exportWorker, type WorkerExport } from "../cloudflare/worker.js";
export type { EdgeExport } from "../cloudflare/live-run.js";
export type { ExportStatus } from "../cloudflare/status.js";
export type { EdgeSource } from "../cloudflare/source.js";
