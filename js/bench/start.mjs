// Compiles and instantiates a module in this process, once, and prints both times in milliseconds.
// node start.mjs FILE
import { readFileSync } from "node:fs";

// What Node alone has cost until here.
const { user, system } = process.cpuUsage();
const bytes = readFileSync(process.argv[2]);

const begun = performance.now();
const module = new WebAssembly.Module(bytes);
const compiled = performance.now();

// What the module imports is not called while it is instantiated: any function will do.
const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => undefined;

const ready = performance.now();
new WebAssembly.Instance(module, imports);
const instantiated = performance.now();

const nodeCpuMillis = (user + system) / 1000;
process.stdout.write(`${JSON.stringify({ nodeCpuMillis, compileMillis: compiled - begun, instantiateMillis: instantiated - ready })}\n`);
