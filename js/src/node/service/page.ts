/** The admin page's files, which lie beside the package's code. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { PageFile } from "../../service/environment.js";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml", wasm: "application/wasm",
};

/** A file by the path of its address; only names that the build gives, so that none leads elsewhere. */
export async function pageFile(path: string): Promise<PageFile | undefined> {
  const [, name = "", ending = ""] = /^\/((?:assets\/)?[\w-]+\.([a-z]+))$/u.exec(path) ?? [];
  const type = TYPES[ending];
  if (type === undefined) return undefined;
  // The core is in the package once, under the name that everything else takes it by.
  const place = name === "assets/core_bg.wasm" ? "../core_bg.wasm" : `../admin/${name}`;
  try {
    return { type, body: await readFile(fileURLToPath(new URL(place, import.meta.url))) };
  } catch {
    return undefined;
  }
}
