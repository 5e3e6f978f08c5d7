// What the tests of the service share: the packed package as a customer installed it, served on this machine or driven by
// a clock of the test's own.
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The package, and libsql beside it for Node 20. */
export const app = resolve(process.env.ACTIVECAMPAIGN_EXPORT_SERVICE_APP ?? fileURLToPath(new URL("../../../target/service-app", import.meta.url)));
export const installed = join(app, "node_modules", "activecampaign-export");
const resolved = createRequire(join(app, "resolve.cjs"));
export const load = (name) => import(pathToFileURL(resolved.resolve(name)).href);

export const service = await load("activecampaign-export/service");
export const { serveSandbox } = await load("activecampaign-export/sandbox/serve");
export const { createSandbox, defaultSeed } = await load("activecampaign-export/sandbox");

export const HOST = "acme.api-us1.com";

const places = [];
process.once("exit", () => places.forEach((path) => rmSync(path, { recursive: true, force: true })));

/** A folder of its own, gone with the process: a hook could come before the service in it has ended. */
export function place() {
  const path = mkdtempSync(join(tmpdir(), "acx-service-"));
  places.push(path);
  return path;
}

/** How much faster than the wall the clocks of accounts and services go in these tests. */
export const SPEED = 20;

const began = Date.now();

/** A clock that goes so much faster, for services whose account does too. */
export const quick = {
  now: () => began + (Date.now() - began) * SPEED,
  sleep: (millis, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(done, millis / SPEED);
      signal.addEventListener("abort", done, { once: true });
      function done() {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      }
    }),
};
