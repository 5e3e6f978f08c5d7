/** Node, Deno and Bun: the module is read from the file beside this one. */
import { readFileSync } from "node:fs";
import { instantiateSync, missing } from "../init.js";

function readModule(): Uint8Array<ArrayBuffer> {
  try {
    return readFileSync(new URL("../core_bg.wasm", import.meta.url));
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
    const remedy = "Install the package anew. In a bundle, leave activecampaign-export out of it, or pass the module to initSync() of activecampaign-export/slim.";
    throw missing("There is no core_bg.wasm beside the package's JavaScript", remedy, { cause: error });
  }
}

instantiateSync(readModule());

export * from "../index.js";
export { fileSource } from "../node/file.js";
export { fileStore, type FileStore, type FileStoreOptions } from "../node/file-store.js";
export { sqliteStore, type SqliteStore } from "../node/sqlite.js";
