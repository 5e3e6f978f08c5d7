/** Browsers and their bundlers: the module is fetched from the address beside this file. */
import { instantiate } from "../init.js";

// Written out, because bundlers look for exactly this.
await instantiate(new URL("../core_bg.wasm", import.meta.url));

export * from "../index.js";
export { indexedDbRecords } from "../service/stores/indexeddb.js";
export type { Change, Json, Kept, Page, ServiceStore } from "../service/store.js";
