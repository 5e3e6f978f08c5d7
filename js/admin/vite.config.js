// The admin page, built into the package beside the service that serves it.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Whoever serves the page takes the core from beside the package's code, so its name says no version. */
const assetFileNames = ({ names }) => (names.some((name) => name.endsWith(".wasm")) ? "assets/[name][extname]" : "assets/[name]-[hash][extname]");

export default defineConfig({
  root: at("."),
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // The same core as everywhere, as the package has it.
  resolve: { alias: { "activecampaign-export": at("../../target/pkg/dist/entry/browser.js") } },
  worker: { format: "es", rolldownOptions: { output: { assetFileNames } } },
  build: { outDir: at("../../target/pkg/dist/admin"), emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: false, reportCompressedSize: false, rolldownOptions: { output: { assetFileNames } } },
});
