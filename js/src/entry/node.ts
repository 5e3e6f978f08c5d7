/** Node, Deno and Bun: the module is read from the file beside this one. */
import { readFileSync } from "node:fs";
import { initSync } from "../core.js";
import { coreReady } from "../engine.js";

initSync({ module: readFileSync(new URL("../core_bg.wasm", import.meta.url)) });
coreReady();

export * from "../index.js";
export { fileSource } from "../node/file.js";
export { fileStore, type FileStore, type FileStoreOptions } from "../node/file-store.js";
export { sqliteStore, type SqliteStore } from "../node/sqlite.js";
