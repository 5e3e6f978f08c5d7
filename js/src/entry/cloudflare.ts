/** Cloudflare: exports as Durable Objects. A worker exports the two classes and its handlers. */
import "./worker.js";

export { AccountObject } from "../cloudflare/account-object.js";
export { ExportObject } from "../cloudflare/export-object.js";
export { type ExportWorker, type ExportWorkerOptions, exportWorker, type WorkerExport } from "../cloudflare/worker.js";
export type { EdgeExport } from "../cloudflare/live-run.js";
export type { ExportStatus } from "../cloudflare/status.js";
export type { EdgeSource } from "../cloudflare/source.js";
