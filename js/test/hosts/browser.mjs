// Chromium: the suite on a page that imports the package's own files by an import map, and on one that Vite built. Then what
// pages get wrong: a module that is not served, and a policy that forbids it.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { launchChromium, openPage, servePages } from "../kit/chromium.mjs";
import { broken, load, SANDBOX } from "./runner.mjs";

const LIMIT_MILLIS = 180_000;
const CONDITIONS = ["browser", "import", "default"];

const page = (script, { head = "", body = "" } = {}) => ({
  status: 200,
  headers: { "content-type": "text/html; charset=utf-8" },
  body: `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">${head}<script type="module" nonce="test">${script}</script>${body}`,
});

/** The file that an export of an installed package gives to a browser. */
function resolved(app, name, path) {
  const { exports } = JSON.parse(readFileSync(join(app, "node_modules", name, "package.json"), "utf8"));
  let value = exports[path];
  while (typeof value === "object") value = value[Object.keys(value).find((condition) => CONDITIONS.includes(condition))];
  return `/node_modules/${name}/${value.replace("./", "")}`;
}

function importMap(app) {
  const names = [["activecampaign-export", "."], ["activecampaign-export", "./slim"], ["activecampaign-export", "./sandbox"], ["hono", "."], ["hono", "./html"]];
  const imports = Object.fromEntries(names.map(([name, path]) => [`${name}${path.slice(1)}`, resolved(app, name, path)]));
  return `<script type="importmap" nonce="test">${JSON.stringify({ imports })}</script>`;
}

/** A sandbox on the pages' own server: to a page it is its own origin, as a relay would be. */
async function sandboxed(app, find) {
  const { createSandbox } = await load(app, "sandbox/index.js");
  const sandbox = createSandbox(SANDBOX);
  return async (path, request) => {
    if (!path.startsWith("/api/3/") && !path.startsWith("/__sandbox/")) return find(path);
    const parts = [];
    for await (const part of request) parts.push(part);
    const init = { method: request.method, headers: request.headers, ...(parts.length > 0 ? { body: Buffer.concat(parts) } : {}) };
    const response = await sandbox.fetch(new Request(`http://127.0.0.1${request.url}`, init));
    return { status: response.status, headers: Object.fromEntries(response.headers), body: Buffer.from(await response.arrayBuffer()) };
  };
}

const core = (app) => join(app, "node_modules", "activecampaign-export", "dist", "core_bg.wasm");

/** Pages from the app's files as they are. */
async function plain(app) {
  const map = importMap(app);
  return sandboxed(app, (path) => {
    const script = { "/": "page.mjs", "/slim": "page-slim.mjs" }[path];
    if (script) return page(`import "/hosts/${script}";`, { head: map });
    if (path === "/core.wasm") return core(app);
    return /^\/(?:hosts|node_modules)\//u.test(path) && !path.includes("..") ? join(app, path) : undefined;
  });
}

/** Pages as Vite builds them; nothing else is served. */
async function vite(app) {
  const [root, out] = [join(app, "hosts"), join(app, "vite")];
  rmSync(out, { recursive: true, force: true });
  for (const name of ["page", "page-slim"]) writeFileSync(join(root, `${name}.html`), page("", { body: `<script type="module" src="./${name}.mjs"></script>` }).body);
  await build({
    root, configFile: false, logLevel: "error",
    build: { outDir: out, emptyOutDir: true, rollupOptions: { input: [join(root, "page.html"), join(root, "page-slim.html")] } },
  });
  return sandboxed(app, (path) => {
    if (path === "/core.wasm") return core(app);
    return path.includes("..") ? undefined : join(out, { "/": "page.html", "/slim": "page-slim.html" }[path] ?? path);
  });
}

/** What a page told, or why it told nothing. */
async function outcomesOf(browser, address) {
  const { page: opened, complaints } = await openPage(browser, address);
  let timer;
  try {
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`${address} did not end in ${LIMIT_MILLIS} ms`)), LIMIT_MILLIS)));
    await Promise.race([opened.waitForFunction(() => globalThis.outcomes !== undefined, undefined, { timeout: 20_000 }), late]);
    const outcomes = await Promise.race([opened.evaluate(() => globalThis.outcomes), late]);
    // What Chromium writes of answers with an error status is no fault of the page; an error that nobody caught is.
    const uncaught = complaints.filter((text) => !text.startsWith("Failed to load resource"));
    return uncaught.length === 0 ? outcomes : [...outcomes, ...broken(`${address}: nothing is uncaught`, uncaught.join("\n"))];
  } catch (error) {
    return broken(`${address} tells`, `${error.stack}\n${complaints.join("\n")}`);
  } finally {
    clearTimeout(timer);
    await opened.close();
  }
}

async function withBrowser(find, headers, work) {
  const browser = await launchChromium();
  const server = await servePages(find, headers);
  try {
    return await work(browser, server.origin);
  } finally {
    await server.close();
    await browser.close();
  }
}

/** Importing the package on such a page, and what its error says. */
async function refusal(app, name, { headers = {}, wasm, entry = "", call = "" }, expected) {
  const map = importMap(app);
  const script = `globalThis.told = import("activecampaign-export${entry}").then(${call || "() => ({ code: 'none' })"})
    .catch(({ name, code, category, message, remedy }) => ({ name, code, category, message, remedy }));`;
  const find = (path) => {
    if (path === "/") return page(script, { head: map });
    if (path.endsWith(".wasm") && wasm !== undefined) return wasm(path);
    return path.startsWith("/node_modules/") && !path.includes("..") ? join(app, path) : undefined;
  };
  const start = Date.now();
  try {
    const told = await withBrowser(find, headers, async (browser, origin) => {
      const { page: opened } = await openPage(browser, origin);
      await opened.waitForFunction(() => globalThis.told !== undefined, undefined, { timeout: 20_000 });
      return opened.evaluate(() => globalThis.told);
    });
    const right = told.code === expected.code && (expected.code === "none" || (told.name === "ExportError" && told.category === "misuse" && expected.message.test(told.message) && expected.remedy.test(told.remedy)));
    return [{ name, millis: Date.now() - start, ...(right ? {} : { failure: `the page was told ${JSON.stringify(told)}` }) }];
  } catch (error) {
    return broken(name, error);
  }
}

const csp = (more) => ({ "content-security-policy": `default-src 'self'; img-src data:; script-src 'self' 'nonce-test'${more}` });
const SERVE = /Serve core_bg\.wasm .* init\(\)/u;

async function refusals(app) {
  const blocked = { code: "wasm_blocked", message: /forbids/u, remedy: /add 'wasm-unsafe-eval' to script-src/u };
  const cases = {
    "a policy without 'wasm-unsafe-eval' is said to be one": [{ headers: csp("") }, blocked],
    "slim says so too": [{ headers: csp(""), entry: "/slim", call: "({ init }) => init()" }, blocked],
    "a policy with it is enough": [{ headers: csp(" 'wasm-unsafe-eval'") }, { code: "none" }],
    "a module that is not served is said to be missing": [{ wasm: () => undefined }, { code: "wasm_missing", message: /core_bg\.wasm answered 404/u, remedy: SERVE }],
    "a page in the module's place is no module": [{ wasm: () => page("") }, { code: "wasm_missing", message: /something else than WebAssembly at .*core_bg\.wasm/u, remedy: SERVE }],
    "a module of another type of file is taken all the same": [{ wasm: () => ({ status: 200, headers: { "content-type": "text/plain" }, body: readFileSync(core(app)) }) }, { code: "none" }],
    "a module that is cut is said to be damaged": [{ wasm: () => ({ status: 200, headers: {}, body: readFileSync(core(app)).subarray(0, 5_000) }) }, { code: "wasm_unsupported", message: /damaged/u, remedy: /Install the package anew/u }],
  };
  const outcomes = [];
  for (const [name, [given, expected]] of Object.entries(cases)) outcomes.push(...(await refusal(app, `page: ${name}`, given, expected)));
  return outcomes;
}

export async function runChromium({ app, how }) {
  const find = await { plain, vite }[how](app);
  const outcomes = await withBrowser(find, {}, async (browser, origin) => [
    ...(await outcomesOf(browser, origin)),
    ...(await outcomesOf(browser, `${origin}/slim`)),
  ]);
  return how === "plain" ? [...outcomes, ...(await refusals(app))] : outcomes;
}
