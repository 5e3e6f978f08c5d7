/** The admin page: its files, under a policy that lets nothing else in. */
import type { PageFile } from "../environment.js";
import type { App } from "./app.js";

const POLICY = [
  "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'", "style-src 'self'", "img-src 'self'", "worker-src 'self'",
  "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types activecampaign-export",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY, "cross-origin-opener-policy": "same-origin", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
};

/** Who gives the page's files by their path. */
export type PageFiles = (path: string) => Promise<PageFile | undefined> | PageFile | undefined;

/** Paths that are the service's own, whatever the page has. */
const SERVICE = /^\/(?:api(?:\/.*)?|openapi\.json|reference|object\/.*)$/u;

/** The page's answer to a path; nothing where there is none. */
export async function pageAnswer(path: string, page: PageFiles): Promise<Response | undefined> {
  if (SERVICE.test(path)) return undefined;
  const named = await page(path);
  // Whatever has no file is a place within the page.
  const file = named ?? (/\.[a-z0-9]+$/u.test(path) ? undefined : await page("/index.html"));
  if (!file) return undefined;
  // A hash in the name stands for the content.
  const kept = /^\/assets\/[\w-]+-[\w-]{8}\.[a-z]+$/u.test(path) ? "public, max-age=31536000, immutable" : "no-cache";
  return new Response(file.body, { headers: { ...HEADERS, "content-type": file.type, "cache-control": kept } });
}

export function pageRoutes(app: App, page: PageFiles | undefined): void {
  if (!page) return;
  app.get("*", async (context, next) => (await pageAnswer(context.req.path, page)) ?? next());
}
