// Builds the npm package into target/pkg: core to wasm, glue, wasm-opt, TypeScript, and packs it.
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bindgenOut, checkMachine, installPackages, installTarget, js, pkg, root, run, say, target } from "./tools.mjs";

const bin = (name) => join(js, "node_modules", ".bin", name);

function buildCore() {
  say("building the core (Rust to WebAssembly)");
  const flags = [
    // In every supported host: Node 20, workerd, browsers since 2021.
    "-Ctarget-feature=+simd128",
    // Inlines what is small or marked as hot, unrolls and vectorizes nothing by itself: a seventh smaller for
    // about a twentieth of the speed; the hot loops use the vector instructions by name. A loop's condition is not
    // copied in front of it either: a hundredth smaller, and as fast.
    "-Cllvm-args=-inline-threshold=5 -inlinehint-threshold=40 -unroll-threshold=0 -rotation-max-header-size=0",
    "-Cno-vectorize-loops",
    "-Cno-vectorize-slp",
    // Panic places name files; they must not name this machine's folders.
    `--remap-path-prefix=${process.env.CARGO_HOME ?? join(homedir(), ".cargo")}=cargo`,
    `--remap-path-prefix=${root}=.`,
  ];
  run("cargo", ["build", "--locked", "--release", "--lib", "--target", "wasm32-unknown-unknown"], {
    // Encoded, because paths may hold blanks.
    env: { CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") },
    failure: "The core could not be built: see the lines above.",
  });
  // The generator is its own build, so that its dependencies never meet the core's flags.
  run("cargo", ["build", "--locked", "--features", "bindgen", "--bin", "bindgen", "--target-dir", join(target, "tools")], {
    failure: "The glue generator could not be built: see the lines above.",
  });
  const wasm = join(target, "wasm32-unknown-unknown", "release", "activecampaign_export.wasm");
  rmSync(bindgenOut, { recursive: true, force: true });
  mkdirSync(bindgenOut, { recursive: true });
  run(join(target, "tools", "debug", "bindgen"), [wasm, bindgenOut]);
  // The glue is an ES module; without this TypeScript and Node take it for CommonJS.
  writeFileSync(join(bindgenOut, "package.json"), '{"type":"module"}\n');
  // What bundlers for workers make of `import module from "./core_bg.wasm"`; the generator describes the instance instead.
  rmSync(join(bindgenOut, "core_bg.wasm.d.ts"));
  writeFileSync(join(bindgenOut, "core_bg.d.wasm.ts"), "declare const module: WebAssembly.Module;\nexport default module;\n");
  const optimized = join(bindgenOut, "core_bg.wasm");
  // The compiler has placed inline what is fast there: twice is larger, and one large function takes the hosts' own
  // compilers many times as long. The linker puts the stack below all data, growing down: nothing lies at the first 1024
  // addresses. Functions of one module are alike, so that side by side they compress better.
  const inline = ["always", "flexible", "one-caller"].map((kind, index) => `--${kind}-inline-max-function-size=${[5, 10, 10][index]}`);
  const passes = [...inline, "--low-memory-unused", "-O3", "--merge-similar-functions", "-O3", "--reorder-functions-by-name"];
  run(process.execPath, [bin("wasm-opt"), ...passes, "--strip-debug", "--strip-producers", optimized, "-o", optimized]);
  const bytes = readFileSync(optimized);
  if (!WebAssembly.validate(bytes)) throw new Error("the optimized wasm is not valid");
  return bytes;
}

async function buildPackage() {
  say("compiling the TypeScript layer");
  const dist = join(pkg, "dist");
  rmSync(pkg, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  run(process.execPath, [bin("tsc"), "--project", join(js, "tsconfig.json"), "--outDir", dist]);
  for (const name of ["core.js", "core.d.ts", "core_bg.wasm", "core_bg.d.wasm.ts"]) copyFileSync(join(bindgenOut, name), join(dist, name));
  cpSync(join(root, "pkg-template"), pkg, { recursive: true });
  copyFileSync(join(root, "LICENSE"), join(pkg, "LICENSE"));
  const metadata = JSON.parse(run("cargo", ["metadata", "--no-deps", "--format-version", "1", "--locked"], { quiet: true }));
  const version = metadata.packages[0].version;
  const manifest = JSON.parse(readFileSync(join(pkg, "package.json"), "utf8"));
  const workspace = JSON.parse(readFileSync(join(js, "package.json"), "utf8"));
  // One place pins the versions: the workspace's own manifest.
  for (const name of Object.keys(manifest.dependencies)) manifest.dependencies[name] = workspace.dependencies[name];
  writeFileSync(join(pkg, "package.json"), `${JSON.stringify({ ...manifest, version }, null, 2)}\n`);
  await bundleEntries(manifest);
  return version;
}

/**
 * One file an entry, and what they share once beside them: reading thirty small modules costs a host some ten
 * milliseconds. The command and the sandbox import whole entries or stand alone, and stay as they are. The types stay a file
 * a module.
 */
async function bundleEntries({ exports }) {
  const leaves = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(leaves));
  const entryPoints = [...new Set(leaves(exports))].filter((path) => path.endsWith(".js") && !path.startsWith("./dist/sandbox/"));
  // The command takes these alone, and must not load a whole entry for them.
  entryPoints.push("./dist/csv.js", "./dist/date-order.js");
  // Not above: in a fresh copy it is not there before the packages are installed.
  const { build } = await import("esbuild");
  const { metafile } = await build({
    absWorkingDir: pkg, entryPoints, outdir: "dist", outbase: "dist", chunkNames: "shared/[hash]", allowOverwrite: true,
    bundle: true, splitting: true, format: "esm", target: "es2022", platform: "neutral", metafile: true,
    packages: "external", external: ["node:*", "*.wasm"], logLevel: "warning",
  });
  // Whoever imported one of these would have a second core.
  for (const path of Object.keys(metafile.inputs)) if (!(path in metafile.outputs)) rmSync(join(pkg, path));
}

/** The admin page, with the package's own entry for browsers. */
async function buildPage() {
  say("building the admin page");
  const { build } = await import("vite");
  await build({ configFile: join(js, "admin", "vite.config.js"), logLevel: "warn" });
  // The core is in the package once: the service gives the one beside its code under this name.
  const assets = join(pkg, "dist", "admin", "assets");
  for (const name of readdirSync(assets)) if (name.endsWith(".wasm")) rmSync(join(assets, name));
}

checkMachine();
installTarget();
installPackages();
const wasm = buildCore();
const version = await buildPackage();
await buildPage();
run("npm", ["pack", "--silent", "--pack-destination", target], { cwd: pkg, quiet: true });
const packed = join(target, `activecampaign-export-${version}.tgz`);
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
say(`core ${kilobytes(wasm.length)}, ${kilobytes(gzipSync(wasm, { level: 9 }).length)} gzipped; package ${kilobytes(statSync(packed).size)}: target/activecampaign-export-${version}.tgz`);
