/** Cloudflare Workers and edge functions: they compile no bytes, but give an imported `.wasm` as a module. */
import module from "../core_bg.wasm";
import { instantiateSync } from "../init.js";

instantiateSync(module);

export * from "../index.js";
