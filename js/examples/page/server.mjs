// Serves the built page and the relay on this machine, for whoever has the address that it prints. The key stays here.
//   ACTIVECAMPAIGN_HOST=acme.api-us1.com ACTIVECAMPAIGN_API_KEY=... [SANDBOX=http://127.0.0.1:8787] [PORT=8080] node server.mjs
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { createRelay } from "activecampaign-export/relay";

const { ACTIVECAMPAIGN_HOST: host = "acme.api-us1.com", ACTIVECAMPAIGN_API_KEY: apiKey, SANDBOX: sandbox, PORT = "8080" } = process.env;
const dist = fileURLToPath(new URL("./dist/", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };
const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

// In place of your own sign-in: whoever opens the printed address gets a cookie.
const secret = randomBytes(24).toString("base64url");
const digest = (text) => createHash("sha256").update(text).digest();
const isSecret = (text) => timingSafeEqual(digest(text), digest(secret));
const cookieOf = (request) => /(?:^|; )session=([\w-]+)/u.exec(request.headers.get("cookie") ?? "")?.[1] ?? "";

const relay = createRelay({
  accounts: { main: { host, apiKey, ...(sandbox ? { sandbox } : {}) } },
  authenticate: (request) => isSecret(cookieOf(request)),
});

async function file(path) {
  const found = normalize(path === "/" ? "/index.html" : path);
  try {
    return new Response(await readFile(join(dist, found)), { headers: { ...HEADERS, "Content-Type": TYPES[extname(found)] ?? "application/octet-stream" } });
  } catch {
    return new Response("Not found", { status: 404, headers: HEADERS });
  }
}

async function answer(request) {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname.startsWith("/activecampaign/")) return relay.fetch(request);
  const given = searchParams.get("session");
  if (given === null) return file(pathname);
  if (!isSecret(given)) return new Response("This address is of an earlier start.", { status: 403, headers: HEADERS });
  return new Response(null, { status: 303, headers: { ...HEADERS, Location: "/", "Set-Cookie": `session=${secret}; HttpOnly; SameSite=Strict; Path=/` } });
}

serve({ fetch: answer, port: Number(PORT), hostname: "127.0.0.1" }, ({ port }) => console.log(`http://127.0.0.1:${port}/?session=${secret}`));
