// workerd, as Cloudflare runs it, by Miniflare: once with the package's files as they are, once bundled as deployers' tools
// do, with their conditions. The module is imported in both; workerd compiles no bytes.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { Miniflare } from "miniflare";
import { CONDITIONS, modulesOf, scriptOf } from "../kit/workerd.mjs";
import { broken, withSandbox } from "./runner.mjs";

const LIMIT_MILLIS = 180_000;

/** The worker and what it imports as one script; what `outside` names stays an import, of the name it gives. */
function bundle(entry, outside) {
  const plugin = {
    name: "outside",
    setup: ({ onResolve }) =>
      onResolve({ filter: /.*/ }, ({ path, resolveDir }) => {
        const name = outside(path, resolveDir);
        return name === undefined ? undefined : { path: name, external: true };
      }),
  };
  return scriptOf({ entryPoints: [entry], plugins: [plugin] });
}

/** One script; the module beside it under the name by which the package imports it. */
async function bundled(app, entry) {
  const dist = join(app, "node_modules", "activecampaign-export", "dist");
  const found = new Set();
  const contents = await bundle(entry, (path, from) => {
    if (path === "activecampaign-export/core.wasm") return "./core_bg.wasm";
    if (!path.endsWith(".wasm")) return undefined;
    found.add(relative(dist, resolve(from, path)));
    return "./core_bg.wasm";
  });
  for (const path of found) if (path !== "core_bg.wasm") throw new Error(`the package imports another module, ${path}`);
  return modulesOf(contents, dist);
}

/** The package's own files, unchanged, where its exports say; the rest of the worker is one script. */
async function asFiles(app, entry) {
  const installed = join(app, "node_modules", "activecampaign-export");
  const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const target = (path) => {
    const value = exports[path];
    const chosen = path === "." ? value[Object.keys(value).find((condition) => CONDITIONS.includes(condition) || condition === "default")] : value;
    return chosen.default;
  };
  const contents = await bundle(entry, (name) => {
    const path = name.replace(/^activecampaign-export(?:$|\/)/u, "./");
    // The sandbox imports a package, so it is bundled.
    if (path === name || path.startsWith("./sandbox")) return undefined;
    return `./package/${target(path === "./" ? "." : path)}`.replace("/./", "/");
  });
  const files = readdirSync(join(installed, "dist"), { recursive: true }).map((name) => join("dist", String(name)).replaceAll("\\", "/"));
  const modules = files.filter((name) => /\.(?:js|wasm)$/u.test(name) && !/^dist\/(?:cli|node|sandbox)\/|entry\/node\.js$/u.test(name));
  return [
    { type: "ESModule", path: "worker.mjs", contents },
    ...modules.map((name) => ({ type: name.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path: `package/${name}`, contents: readFileSync(join(installed, name)) })),
  ];
}

async function runWorker(app, modules) {
  // `cf: false`, else it asks a service for what stands in Request.cf.
  const worker = new Miniflare({ modules, compatibilityDate: "2026-04-01", cf: false });
  try {
    return await withSandbox(app, async (origin) => {
      const response = await worker.dispatchFetch(`http://worker/?origin=${encodeURIComponent(origin)}`, { signal: AbortSignal.timeout(LIMIT_MILLIS) });
      const text = await response.text();
      if (!response.ok) throw new Error(`the worker answered ${response.status}: ${text}`);
      return JSON.parse(text);
    });
  } finally {
    await worker.dispose();
  }
}

export async function runWorkerd({ app, how }) {
  const outcomes = [];
  for (const name of ["worker.mjs", "worker-slim.mjs"]) {
    try {
      outcomes.push(...(await runWorker(app, await { bundled, asFiles }[how](app, join(app, "hosts", name)))));
    } catch (error) {
      outcomes.push(...broken(`${name} answers`, error));
    }
  }
  return outcomes;
}
