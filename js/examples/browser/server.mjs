// Serves the page on this machine, and the relay that has the key. The page in examples/page knows its callers too.
//   ACTIVECAMPAIGN_API_KEY=... node server.mjs definition.json [PORT]
import { readFile } from "node:fs/promises";
import { extname, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { createRelay } from "activecampaign-export/relay";

const [definitionFile, port = "8080"] = process.argv.slice(2);
const { host } = JSON.parse(await readFile(definitionFile, "utf8"));
const sandbox = process.env.ACTIVECAMPAIGN_SANDBOX;

const relay = createRelay({
  accounts: { main: { host, apiKey: process.env.ACTIVECAMPAIGN_API_KEY, ...(sandbox ? { sandbox } : {}) } },
  // Whoever reaches this machine's own port can use the key: before others may reach it, ask for your own sign-in here.
  authenticate: () => true,
});

const here = fileURLToPath(new URL(".", import.meta.url));
// The folder `dist` of the package.
const dist = fileURLToPath(new URL(".", import.meta.resolve("activecampaign-export/core.wasm")));
const FILES = { "/": resolve(here, "index.html"), "/main.js": resolve(here, "main.js"), "/definition.json": definitionFile };
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };
// Without 'wasm-unsafe-eval' the core may not be compiled.
const POLICY = "default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'";

async function page({ pathname }) {
  const path = FILES[pathname] ?? resolve(dist, pathname.replace(/^\/package\//u, ""));
  try {
    if (!FILES[pathname] && !path.startsWith(dist.endsWith(sep) ? dist : dist + sep)) throw new Error("outside");
    return new Response(await readFile(path), { headers: { "content-type": TYPES[extname(path)] ?? "application/octet-stream", "content-security-policy": POLICY } });
  } catch {
    return new Response("", { status: 404 });
  }
}

function answer(request) {
  const url = new URL(request.url);
  return url.pathname.startsWith("/activecampaign/") ? relay.fetch(request) : page(url);
}

serve({ fetch: answer, port: Number(port), hostname: "127.0.0.1" }, (address) => console.log(`http://127.0.0.1:${address.port}`));
