// What a customer's tools see of the packed package: publint and @arethetypeswrong/cli have no complaint, and for each
// host TypeScript offers what that host's file exports, no more.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, describe, it, test } from "node:test";
import { fileURLToPath } from "node:url";
import { installed } from "./helpers.mjs";

const js = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
const packed = join(js, "..", "target", `activecampaign-export-${manifest.version}.tgz`);

function tool(name, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(js, "node_modules", ...name.split("/")), ...args], { encoding: "utf8" });
  return { status, text: `${stdout}${stderr}` };
}

test("publint has no complaint", () => {
  const { status, text } = tool("publint/src/cli.js", "run", packed, "--strict");
  assert.equal(status, 0, text);
  assert.match(text, /All good/u);
});

test("the types are right, says @arethetypeswrong/cli", () => {
  const { status, text } = tool("@arethetypeswrong/cli/dist/index.js", packed, "--profile", "esm-only", "--exclude-entrypoints", "package.json", "--format", "json");
  assert.equal(status, 0, text);
  const { analysis } = JSON.parse(text);
  assert.deepEqual(Object.keys(analysis.entrypoints).sort(), Object.keys(manifest.exports).filter((path) => path !== "./package.json").sort());
});

describe("TypeScript sees what the host's file exports", () => {
  // Within the app, so that the package resolves as a customer's.
  const folder = mkdtempSync(join(dirname(dirname(installed)), "types-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  function complaints(compilerOptions, text) {
    writeFileSync(join(folder, "app.ts"), text);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({
      compilerOptions: { noEmit: true, strict: true, target: "es2022", lib: ["es2023", "dom"], types: [], skipLibCheck: true, ...compilerOptions },
      files: ["app.ts"],
    }));
    return tool("typescript/bin/tsc", "--project", folder).text;
  }

  const common = `
    import { exportSegment, encodeBatches, ExportError, type ExportRun } from "activecampaign-export";
    const run: ExportRun = exportSegment({ connection: { apiKey: "k" }, definition: { version: 1, list: 4, mapping: { email: "EMail" } }, source: [{ EMail: "a" }] });
    export const delivered: number = (await run.summary).delivered;
    export { encodeBatches, ExportError };`;
  const own = 'import { fileSource, fileStore } from "activecampaign-export"; export { fileSource, fileStore };';
  const bundler = (...customConditions) => ({ module: "esnext", moduleResolution: "bundler", customConditions });
  const hosts = {
    node: { options: { module: "nodenext" }, file: "node" },
    "node behind a bundler": { options: bundler("node"), file: "node" },
    deno: { options: bundler("deno"), file: "node" },
    bun: { options: bundler("bun"), file: "node" },
    workerd: { options: bundler("workerd", "worker", "browser"), file: "worker" },
    "edge-light": { options: bundler("edge-light"), file: "worker" },
    browser: { options: bundler("browser"), file: "browser" },
    "any other": { options: bundler(), file: "browser" },
  };
  for (const [name, { options, file }] of Object.entries(hosts)) {
    it(name, () => {
      assert.equal(complaints(options, common), "");
      const found = complaints(options, own);
      if (file === "node") assert.equal(found, "");
      else assert.match(found, /has no exported member.*fileSource[^]*has no exported member.*fileStore/u);
    });
  }

  it("slim", () => {
    const text = `
      import { init, initSync, preview, type ModuleInput } from "activecampaign-export/slim";
      import module from "activecampaign-export/core.wasm";
      const input: ModuleInput = module;
      initSync(module); await init(); await init(fetch("core.wasm")); await init(input);
      export { preview };`;
    for (const options of [{ module: "nodenext" }, bundler("browser")]) assert.equal(complaints({ ...options, allowArbitraryExtensions: true }, text), "");
    assert.match(complaints({ module: "nodenext" }, 'import { fileStore } from "activecampaign-export/slim"; export { fileStore };'), /no exported member/u);
    assert.match(complaints({ module: "nodenext" }, 'import { initSync } from "activecampaign-export/slim"; initSync();'), /Expected 1 arguments/u);
  });
});
