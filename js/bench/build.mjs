// The product and the native candidates as they are now.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { has, js, pkg, root, target } from "../scripts/tools.mjs";
import { Failure, say } from "./failure.mjs";

const SOURCES = ["src", "js/src", "pkg-template", "Cargo.toml", "Cargo.lock", "js/scripts/build.mjs"];

export const coreWasm = path.join(pkg, "dist", "core_bg.wasm");
export const nativeProgram = path.join(target, "release", "examples", process.platform === "win32" ? "native.exe" : "native");

function newest(file) {
  const stat = statSync(file);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(file).map((name) => newest(path.join(file, name))));
}

/** Builds the package when it is not there or older than what it is made of: figures of last week's core are no figures. */
export function buildProduct() {
  const built = () => existsSync(coreWasm);
  if (built() && statSync(coreWasm).mtimeMs >= Math.max(...SOURCES.map((name) => newest(path.join(root, name))))) return;
  say("building the package");
  // Its lines go where ours go: stdout is for results.
  const { status } = spawnSync(process.execPath, [path.join(js, "scripts", "build.mjs")], { stdio: ["ignore", process.stderr, "inherit"] });
  if (status !== 0 || !built()) {
    throw new Failure("the package could not be built: see the lines above; --only NAME measures without the product");
  }
}

/** Builds the native candidates; gives the reason when there are none. */
export function buildNative() {
  if (process.platform === "win32") return "CPU time of a native process is only read on Unix";
  if (!has("cargo")) return "Rust is not installed";
  say("building the native candidates");
  const args = ["build", "--release", "--locked", "--example", "native", "--target-dir", target];
  const { status, stderr } = spawnSync("cargo", args, { cwd: root, encoding: "utf8" });
  if (status === 0 && existsSync(nativeProgram)) return null;
  return `they could not be built: ${stderr.trim().split("\n").slice(-3).join(" ")}`;
}
