/** Instantiates the core; where its module cannot be had, the error says what to do. */
import start, { initSync as startSync } from "./core.js";
import { coreReady, isReady } from "./engine.js";
import { ExportError } from "./errors.js";

/** The core's module, its bytes, or where they are. */
export type ModuleInput = WebAssembly.Module | BufferSource | Response | Request | URL | string;

const SERVE =
  "Serve core_bg.wasm of activecampaign-export as a file of its own (bundlers do so for `new URL(..., import.meta.url)`), or pass its address, bytes or module to init() of activecampaign-export/slim.";

/** An instance there is stays: the second call does nothing. */
export async function instantiate(input: ModuleInput | Promise<ModuleInput>): Promise<void> {
  if (isReady()) return;
  const module = await moduleOf(await input);
  requireOwn(module);
  try {
    await start({ module_or_path: module });
  } catch (error) {
    throw refusal(error, await allowed());
  }
  coreReady();
}

/** As `instantiate`, for hosts that have the module at hand. */
export function instantiateSync(input: WebAssembly.Module | BufferSource): void {
  if (isReady()) return;
  if (!isModule(input) && !isBytes(input)) throw missing("What was given is no WebAssembly.Module and no bytes of one", SERVE);
  if (isBytes(input)) requireWasm(bytesOf(input), "the bytes that were given");
  try {
    const module = isModule(input) ? input : new WebAssembly.Module(input);
    requireOwn(module);
    startSync({ module });
  } catch (error) {
    throw error instanceof ExportError ? error : refusal(error, allowedSync());
  }
  coreReady();
}

/** The module is not where it was looked for. */
export function missing(what: string, remedy: string = SERVE, options?: { retryHelps?: boolean; cause?: unknown }): ExportError {
  const { retryHelps = false, cause } = options ?? {};
  const stop = { code: "wasm_missing", category: "misuse", message: `The core's module is missing. ${what}.`, remedy, retryHelps } as const;
  return new ExportError(stop, cause === undefined ? undefined : { cause });
}

async function moduleOf(input: ModuleInput): Promise<WebAssembly.Module> {
  if (isModule(input)) return input;
  const [bytes, from] = isBytes(input) ? [bytesOf(input), "the bytes that were given"] : await download(input);
  requireWasm(bytes, from);
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw refusal(error, await allowed());
  }
}

async function download(input: unknown): Promise<[Uint8Array<ArrayBuffer>, string]> {
  if (isResponse(input)) return read(input, nameOf(input.url));
  if (typeof input !== "string" && !(input instanceof URL) && !(input instanceof Request)) {
    throw missing("What was given to init() is no module, no bytes and no address");
  }
  const name = nameOf(input instanceof Request ? input.url : String(input));
  try {
    return await read(await fetch(input), name);
  } catch (error) {
    if (error instanceof ExportError) throw error;
    throw missing(`${name} could not be fetched`, SERVE, { retryHelps: true, cause: error });
  }
}

async function read(response: Response, name: string): Promise<[Uint8Array<ArrayBuffer>, string]> {
  if (!response.ok) throw missing(`${name} answered ${response.status}`);
  return [new Uint8Array(await response.arrayBuffer()), name];
}

/** An address without what may be secret in it. */
function nameOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url ? `${url.origin === "null" ? url.protocol : url.origin}${url.pathname}` : address.replace(/[?#].*$/su, "") || "its address";
}

/** Servers of single-page applications answer every address with a page. */
function requireWasm(bytes: Uint8Array, from: string): void {
  if (bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d) return;
  throw missing(`There is something else than WebAssembly at ${from}`);
}

/** One function of the core's that no other module has. */
const OWN = "installPanicHook";

/** Before anything is kept of it: another module would leave a core that is none, for as long as the process lives. */
function requireOwn(module: WebAssembly.Module): void {
  if (WebAssembly.Module.exports(module).some(({ name }) => name === OWN)) return;
  throw missing("What was given to init() is another WebAssembly module than that of this package");
}

/** The smallest module there is. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Whether this host compiles any module at all. Their messages differ; what they do does not. */
async function allowed(): Promise<boolean> {
  return WebAssembly.compile(EMPTY).then(() => true, () => false);
}

function allowedSync(): boolean {
  try {
    return new WebAssembly.Module(EMPTY) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

function refusal(cause: unknown, anyModule: boolean): ExportError {
  const { code, message, remedy } = anyModule
    ? {
        code: "wasm_unsupported",
        message: "This runtime cannot run the core: its module is damaged, or the runtime knows no vector instructions.",
        remedy: "Install the package anew; use Node 20, Chromium 91, Firefox 89, Safari 16.4 or newer.",
      }
    : {
        code: "wasm_blocked",
        message: "This page or host forbids compiling WebAssembly.",
        remedy:
          "On a page, add 'wasm-unsafe-eval' to script-src of its Content-Security-Policy. On a host that compiles no bytes, such as Cloudflare Workers, import activecampaign-export/core.wasm as a module and pass that to initSync().",
      };
  return new ExportError({ code, category: "misuse", message, remedy, retryHelps: false }, { cause });
}

function isModule(value: unknown): value is WebAssembly.Module {
  // Not `instanceof`: a module may come from another realm.
  return Object.prototype.toString.call(value) === "[object WebAssembly.Module]";
}

function isResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === "[object Response]";
}

function isBytes(value: unknown): value is BufferSource {
  return ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === "[object ArrayBuffer]";
}

function bytesOf(input: BufferSource): Uint8Array<ArrayBuffer> {
  return ArrayBuffer.isView(input) ? new Uint8Array(input.buffer as ArrayBuffer, input.byteOffset, input.byteLength) : new Uint8Array(input);
}
