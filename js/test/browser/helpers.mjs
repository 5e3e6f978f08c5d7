// Pages of the installed package in a real Chromium, on this machine only.
import { join } from "node:path";
import { bundle } from "../kit/bundle.mjs";
import { servePages } from "../kit/chromium.mjs";
import { installed } from "../package/helpers.mjs";

/** As a careful site would allow it: its own scripts, workers and addresses, and WebAssembly. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; style-src 'self'; img-src data:";

/** The scripts of pages, each with the package left as a module of its own, as it is served below `/pkg/`. */
async function bundled(scripts) {
  const entries = Object.entries(scripts).map(async ([name, path]) => [`/${name}`, await bundle(path, { alias: { "activecampaign-export": "/pkg/entry/browser.js" }, external: ["/pkg/*"] })]);
  return new Map(await Promise.all(entries));
}

/**
 * Serves a page and its scripts: `/` is `page` (HTML) or a page that runs `main.js`; `scripts` are files to bundle, by
 * name; `answer(path, request)` may answer what is left.
 */
export async function serveApp(scripts, { page, answer = () => undefined } = {}) {
  const files = await bundled(scripts);
  const html = page ?? '<!doctype html><html lang="en"><meta charset="utf-8"><title>Test</title><script type="module" src="/main.js"></script></html>';
  return servePages(
    (path, request) => {
      if (path === "/") return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: html };
      if (path === "/favicon.ico") return { status: 204, headers: {}, body: "" };
      if (path.startsWith("/pkg/")) return join(installed, "dist", path.slice("/pkg/".length));
      return files.get(path) ?? answer(path, request);
    },
    { "content-security-policy": POLICY },
  );
}
