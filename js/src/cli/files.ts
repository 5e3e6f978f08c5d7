/** The files a command is given: definition, key, source. */
import { type FileHandle, open } from "node:fs/promises";
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import type { Source } from "../types.js";
import { fileTrouble, wrong } from "./errors.js";
import { jsonPlace } from "./json-place.js";
import { clean } from "./text.js";

/** A JSON file; `what` names it for people, such as "definition". */
export function readJson(path: string, what: string): unknown {
  let text: string;
  try {
    // A byte order mark is dropped, bytes that are not UTF-8 are refused.
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const why = error instanceof TypeError ? "it is not UTF-8 text" : fileTrouble(error);
    throw wrong(`The ${what} ${clean(path)} could not be read: ${why}.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    const place = jsonPlace(text);
    if (text.trim() === "") throw wrong(`The ${what} ${clean(path)} is empty.`);
    throw wrong(`The ${what} ${clean(path)} is not valid JSON${place ? ` (${place})` : ""}.`, "Mind quotes, commas and brackets near that place.");
  }
}

export const KEY_VARIABLE = "ACTIVECAMPAIGN_API_KEY";

/** The account's key, from a file or the environment; never from an argument, which every user of a machine can see. */
export function readKey(keyFile: string | undefined): string | undefined {
  if (keyFile === undefined) return process.env[KEY_VARIABLE]?.trim() || undefined;
  let key: string;
  try {
    key = readFileSync(keyFile, "utf8").replace(/^\ufeff/u, "").trim();
  } catch (error) {
    // Not even the path is shown: it may be the key itself, given by mistake.
    throw wrong(`The file given with --key-file could not be read: ${fileTrouble(error)}.`, "Give the path of a file that holds nothing but the key.");
  }
  if (key === "") throw wrong("The file given with --key-file is empty.", "It must hold the key and nothing else.");
  return key;
}

export function requireKey(keyFile: string | undefined, sandbox: string | undefined): string {
  const key = readKey(keyFile);
  if (key !== undefined) return key;
  const where = sandbox === undefined ? "Copy it from Settings > Developer of the account." : "The sandbox prints its key when it starts.";
  throw wrong(`There is no key: set ${KEY_VARIABLE}, or give --key-file.`, where);
}

/** A source that is being read. */
export interface OpenedSource {
  source: Source;
  /** As people know it. */
  name: string;
  /** The same bytes, for who reads them once and by itself. */
  bytes(): AsyncIterable<Uint8Array>;
  /** Ends a source that may never say anything more, such as a silent pipe. */
  cancel(): void;
}

/** Small enough for a bar that moves, large enough to be quick. */
const CHUNK_BYTES = 64 * 1024;

/** Opens the file, or standard input for `-`. */
export async function openProfiles(path: string): Promise<OpenedSource> {
  if (path === "-") return { ...endable(process.stdin), name: "standard input" };
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    throw wrong(`The source ${clean(path)} could not be read: ${fileTrouble(error)}.`);
  }
  const stat = await file.stat();
  if (stat.isDirectory()) {
    await file.close();
    throw wrong(`The source ${clean(path)} could not be read: it is a folder.`, "Give one file.");
  }
  const name = clean(path);
  if (!stat.isFile()) return { ...endable(file.createReadStream({ highWaterMark: CHUNK_BYTES })), name };
  // A run that goes on begins within the file.
  const data = (start: number): Readable => file.createReadStream({ highWaterMark: CHUNK_BYTES, start });
  return { source: { data, sizeBytes: stat.size }, name, bytes: () => data(0), cancel: () => undefined };
}

/** A pipe may stay silent for ever; once cancelled it counts as ended. */
function endable(stream: Readable): Pick<OpenedSource, "source" | "bytes" | "cancel"> {
  let cancel: () => void = () => undefined;
  const cancelled = new Promise<undefined>((resolve) => {
    cancel = () => resolve(undefined);
  });
  async function* data(): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = chunks.next();
        const step = await Promise.race([next, cancelled]);
        if (step === undefined) next.catch(() => undefined);
        if (step === undefined || step.done === true) return;
        yield step.value;
      }
    } finally {
      // An open pipe would keep the process alive.
      stream.destroy();
    }
  }
  const source = data();
  return { source, bytes: () => source, cancel };
}
