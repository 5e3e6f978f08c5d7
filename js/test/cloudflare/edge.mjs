// The worker of a deployer in Miniflare, which runs it in workerd as Cloudflare does: the package as it is installed, in one
// script, with the module beside it. Its clock may go faster than real time, as the sandbox's.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

export const app = process.env.ACTIVECAMPAIGN_EXPORT_APP ?? fileURLToPath(new URL("../../../target/test-app", import.meta.url));
const dist = join(app, "node_modules", "activecampaign-export", "dist");

export const TOKEN = "a token of sixteen letters or more";

/** What a deployer writes, but for the clock. */
const WORKER = `
import { AccountObject as Account, ExportObject as Export, exportWorker } from "activecampaign-export/cloudflare";
export class ExportObject extends Export { speed = SPEED; limits = LIMITS; }
export class AccountObject extends Account { speed = SPEED; }
export default exportWorker({ exports: (bindings) => JSON.parse(bindings.DEFINED) });
`;

async function script(speed, limits) {
  const { outputFiles } = await build({
    stdin: { contents: WORKER, resolveDir: app, loader: "js" },
    bundle: true, write: false, format: "esm", target: "es2022", platform: "browser", conditions: ["workerd", "worker", "browser"],
    define: { SPEED: String(speed), LIMITS: JSON.stringify(limits) },
    logLevel: "error",
    plugins: [{ name: "wasm", setup: ({ onResolve }) => onResolve({ filter: /\.wasm$/ }, () => ({ path: "./core_bg.wasm", external: true })) }],
  });
  return outputFiles[0].text;
}

/**
 * Starts the worker with these exports.
 *
 * @param secrets Bindings beside the token: the accounts' keys.
 * @param more Options of Miniflare: where things persist, an inspector.
 */
export async function edge(exports, secrets, { speed = 60, limits = { requests: 40, millis: 25_000 }, ...more } = {}) {
  const miniflare = new Miniflare({
    modules: [
      { type: "ESModule", path: "worker.mjs", contents: await script(speed, limits) },
      { type: "CompiledWasm", path: "core_bg.wasm", contents: readFileSync(join(dist, "core_bg.wasm")) },
    ],
    compatibilityDate: "2026-04-01",
    cf: false,
    durableObjects: {
      EXPORTS: { className: "ExportObject", useSQLite: true },
      ACCOUNTS: { className: "AccountObject", useSQLite: true },
    },
    r2Buckets: ["SOURCES"],
    bindings: { EXPORT_TOKEN: TOKEN, DEFINED: JSON.stringify(exports), ...secrets },
    unsafeTriggerHandlers: true,
    ...more,
  });
  await miniflare.ready;
  const call = (path, init = {}) => miniflare.dispatchFetch(`http://worker${path}`, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers } });
  return { miniflare, call, end: () => miniflare.dispose() };
}

/** Follows an export's progress to its end; gives every status that was told. */
export async function follow(call, name) {
  const told = [];
  const response = await call(`/exports/${name}/progress`);
  let text = "";
  for await (const bytes of response.body) {
    text += Buffer.from(bytes).toString();
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) told.push(JSON.parse(event.slice(event.indexOf("data: ") + 6)));
  }
  return told;
}
