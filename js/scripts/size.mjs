// What a user downloads: the wasm, and each entry of the package, bundled and minified. npm run size -- [--json]
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { weigh } from "../bench/summary.mjs";
import { table } from "../bench/table.mjs";
import { js, pkg, run, stop } from "./tools.mjs";

const { json } = options();
if (!existsSync(join(pkg, "dist", "core_bg.wasm"))) {
  // Its lines must not stand before the JSON.
  run(process.execPath, [join(js, "scripts", "build.mjs")], { quiet: json });
}

const sizes = { "core.wasm": weigh(readFileSync(join(pkg, "dist", "core_bg.wasm"))) };
for (const [name, file] of entries()) sizes[name] = weigh(await bundle(file));
process.stdout.write(json ? `${JSON.stringify(sizes)}\n` : text());

function options() {
  try {
    return parseArgs({ options: { json: { type: "boolean", default: false } } }).values;
  } catch (error) {
    return stop(`size: ${error.message}`);
  }
}

/** The JavaScript that the exports name, each file once: by its path, and by its conditions where one path has several. */
function entries() {
  const { exports } = JSON.parse(readFileSync(join(pkg, "package.json"), "utf8"));
  const found = new Map();
  for (const [path, value] of Object.entries(exports)) {
    const scripts = leaves(value).filter(({ file }) => /\.m?js$/.test(file));
    const files = [...new Set(scripts.map(({ file }) => file))];
    for (const file of files) {
      const conditions = scripts.filter((script) => script.file === file).map(({ conditions: [first] }) => first);
      found.set(files.length > 1 ? `${path} (${conditions.join(", ")})` : path, file);
    }
  }
  return found;
}

function leaves(value, conditions = []) {
  if (typeof value === "string") return [{ file: value, conditions }];
  return Object.entries(value ?? {}).flatMap(([condition, inner]) => leaves(inner, [...conditions, condition]));
}

/** One file: dependencies are downloaded by others' names, and the wasm has a line of its own. */
async function bundle(file) {
  const { outputFiles } = await build({
    entryPoints: [join(pkg, file)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    packages: "external",
    external: ["*.wasm"],
    logLevel: "error",
  });
  return outputFiles[0].contents;
}

function text() {
  const number = (value) => value.toLocaleString("en-US");
  const cells = [["Bytes", "Raw", "gzip -9", "brotli 11"]];
  for (const [name, { rawBytes, gzipBytes, brotliBytes }] of Object.entries(sizes)) {
    cells.push([name, number(rawBytes), number(gzipBytes), number(brotliBytes)]);
  }
  return `${table(cells).join("\n")}\n`;
}
