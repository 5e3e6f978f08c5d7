/** For whoever brings the module: instantiates nothing until told to. */
import { isReady } from "../engine.js";
import { instantiate, instantiateSync, missing, type ModuleInput } from "../init.js";

/**
 * Instantiates the core; to be awaited before anything else is called. Without an argument its module is fetched from
 * beside this file.
 *
 * @throws ExportError `wasm_missing`, `wasm_blocked` or `wasm_unsupported`.
 */
export async function init(module?: ModuleInput | Promise<ModuleInput>): Promise<void> {
  if (!isReady()) await instantiate(module ?? beside());
}

/** As `init`, with a module or bytes at hand. Browsers may refuse to compile as many bytes at once: there, use `init`. */
export function initSync(module: WebAssembly.Module | BufferSource): void {
  instantiateSync(module);
}

function beside(): URL {
  // Scripts that are no modules have no address.
  if (!import.meta.url) throw missing("This script does not know its own address", "Pass the address, bytes or module of activecampaign-export/core.wasm to init().");
  return new URL("../core_bg.wasm", import.meta.url);
}

export type { ModuleInput } from "../init.js";
export * from "../index.js";
export { indexedDbRecords } from "../service/stores/indexeddb.js";
export type { Change, Json, Kept, Page, ServiceStore } from "../service/store.js";
