/** The admin page: its files, under a policy that lets nothing else in. */
import type { Environment } from "../environment.js";
import type { App } from "./app.js";

const POLICY = [
  "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'", "style-src 'self'", "img-src 'self'", "worker-src 'self'",
  "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types activecampaign-export",
].join("; ");

const HEADERS = { "content-security-policy": POLICY, "cross-origin-opener-policy": "same-origin" };

export function pageRoutes(app: App, { options: { page } }: Environment): void {
  if (!page) return;
  app.get("*", async (context, next) => {
    const { path } = context.req;
    if (path === "/api" || path.startsWith("/api/")) return next();
    const named = await page(path);
    // Whatever has no file is a place within the page.
    const file = named ?? (/\.[a-z0-9]+$/u.test(path) ? undefined : await page("/index.html"));
    if (!file) return next();
    // Files under assets/ have their content in their name.
    const kept = named && path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
    return context.body(file.body, 200, { ...HEADERS, "content-type": file.type, "cache-control": kept });
  });
}
