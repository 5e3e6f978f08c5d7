// Serves the page on this machine, and relays its requests to the account with the key. Whoever reaches the relay can use the
// key: before others may reach it, put your own sign-in in front.
//   ACTIVECAMPAIGN_API_KEY=... node server.mjs definition.json [PORT]
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const [definitionFile, port = "8080"] = process.argv.slice(2);
const { host } = JSON.parse(await readFile(definitionFile, "utf8"));
const account = process.env.ACTIVECAMPAIGN_SANDBOX ?? `https://${host}`;

const here = fileURLToPath(new URL(".", import.meta.url));
// The folder `dist` of the package.
const dist = fileURLToPath(new URL(".", import.meta.resolve("activecampaign-export/core.wasm")));
const FILES = { "/": resolve(here, "index.html"), "/main.js": resolve(here, "main.js"), "/definition.json": definitionFile };
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };
// Without 'wasm-unsafe-eval' the core may not be compiled.
const POLICY = "default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'";

/** What the package sends, and nothing else. */
const MAY = /^(?:GET \/api\/3\/(?!\.)[\w/]+|POST \/api\/3\/import\/bulk_import)$/u;

async function relay(request, url) {
  const path = url.pathname.slice("/relay".length);
  // Other sites must not have their visitors' browsers send anything here.
  if (request.headers["sec-fetch-site"] !== "same-origin" || !MAY.test(`${request.method} ${path}`)) return [403, {}, "not relayed"];
  const parts = [];
  for await (const part of request) parts.push(part);
  const answer = await fetch(`${account}${path}${url.search}`, {
    method: request.method,
    headers: { Accept: "application/json", "Api-Token": process.env.ACTIVECAMPAIGN_API_KEY, ...(parts.length > 0 ? { "Content-Type": "application/json" } : {}) },
    redirect: "manual",
    ...(parts.length > 0 ? { body: Buffer.concat(parts) } : {}),
  });
  const wait = answer.headers.get("retry-after");
  return [answer.status, { "content-type": answer.headers.get("content-type") ?? "", ...(wait ? { "retry-after": wait } : {}) }, Buffer.from(await answer.arrayBuffer())];
}

async function page(url) {
  const path = FILES[url.pathname] ?? resolve(dist, url.pathname.replace(/^\/package\//u, ""));
  if (!FILES[url.pathname] && !path.startsWith(dist.endsWith(sep) ? dist : dist + sep)) return [404, {}, ""];
  return [200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", "content-security-policy": POLICY }, await readFile(path)];
}

createServer(async (request, response) => {
  const url = new URL(request.url, "http://127.0.0.1");
  const work = url.pathname.startsWith("/relay/") ? relay(request, url) : page(url);
  const [status, headers, body] = await work.catch((error) => [error.code === "ENOENT" ? 404 : 502, {}, ""]);
  response.writeHead(status, headers).end(body);
}).listen(Number(port), "127.0.0.1", function () {
  console.log(`http://127.0.0.1:${this.address().port}`);
});
