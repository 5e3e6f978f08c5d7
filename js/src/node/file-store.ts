/**
 * Keeps a run's state in a folder, on hosts with Node's file system; no dependency, one folder an export.
 *
 * Every owner writes files of its own, named by its fence: `state.N` (replaced as a whole), `log.N` and `rejected.N`
 * (appended, and cut to the lengths that the state names). An owner writes its state and then looks whether there is
 * a newer owner; a new owner takes its number and then reads the states. So either the old one sees that it is not
 * the owner any more, or the new one sees what the old one was about to send.
 */
import { createReadStream, existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile, readdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { ExportError } from "../errors.js";
import { damaged, requireFewCrashes } from "../store/common.js";
import type { Claim, Commit, ReadableStore, StoredRun } from "../store/contract.js";
import type { Rejection } from "../types.js";
import { isCode, Lease } from "./lease.js";

export interface FileStoreOptions {
  /** Gives up a run that has not ended, and begins anew. */
  restart?: boolean;
}

/** A folder that keeps a run. */
export type FileStore = ReadableStore;

interface State {
  logBytes: number;
  rejectedBytes: number;
  rejectedRows: number;
  checkpoint: string;
}

/** A folder as a store; it is made when it is not there, for its owner only. */
export function fileStore(directory: string, options: FileStoreOptions = {}): FileStore {
  return {
    claim: () => claim(directory, options),
    unfinished: async () => existsSync(directory) && (await newest(directory, "state")) > 0,
    async *rejections() {
      const fence = await newest(directory, "state");
      const file = fence === 0 ? "rejected.last" : `rejected.${fence}`;
      const end = fence === 0 ? undefined : (await readState(directory, fence)).rejectedBytes;
      yield* readRejections(join(directory, file), end);
    },
  };
}

async function claim(directory: string, options: FileStoreOptions): Promise<Claim> {
  try {
    return await claimFolder(directory, options);
  } catch (error) {
    throw notStored(error);
  }
}

async function claimFolder(directory: string, { restart = false }: FileStoreOptions): Promise<Claim> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lease = await Lease.take(directory);
  try {
    if (restart) await giveUp(directory);
    requireFewCrashes(await crashes(directory));
    return await FolderClaim.open(directory, lease, restart);
  } catch (error) {
    await lease.release().catch(() => undefined);
    throw error;
  }
}

/** What an owner finds. */
interface Found {
  run?: StoredRun;
  last?: Uint8Array;
  rejectedBytes: number;
  rejectedRows: number;
  givenUp: boolean;
}

class FolderClaim implements Claim {
  readonly fence: number;
  readonly run?: StoredRun;
  readonly last?: Uint8Array;
  readonly givenUp: boolean;
  readonly #directory: string;
  readonly #lease: Lease;
  #rejectedBytes: number;
  #rejectedRows: number;
  /** The last state that was stored, so that the same one again changes nothing. */
  #stored = "";
  #swept = false;

  private constructor(directory: string, lease: Lease, found: Found) {
    this.givenUp = found.givenUp;
    this.#directory = directory;
    this.#lease = lease;
    this.fence = lease.fence;
    this.#rejectedBytes = found.rejectedBytes;
    this.#rejectedRows = found.rejectedRows;
    if (found.run) this.run = found.run;
    if (found.last) this.last = found.last;
  }

  /** Reads what the owner before has stored, and takes it over into files of its own. */
  static async open(directory: string, lease: Lease, givenUp: boolean): Promise<FolderClaim> {
    const before = await newest(directory, "state");
    const last = await readIfThere(join(directory, "last"));
    const found: Found = { rejectedBytes: 0, rejectedRows: 0, givenUp, ...(last ? { last } : {}) };
    const claim = (more: Partial<Found>): FolderClaim => new FolderClaim(directory, lease, { ...found, ...more });
    const own = (name: string): string => join(directory, `${name}.${lease.fence}`);
    if (before === 0) {
      await writeFile(own("log"), "", { mode: 0o600 });
      await writeFile(own("rejected"), "", { mode: 0o600 });
      return claim({});
    }
    const { logBytes, rejectedBytes, rejectedRows, checkpoint } = await readState(directory, before);
    const log = await readStart(join(directory, `log.${before}`), logBytes);
    const rejected = await readStart(join(directory, `rejected.${before}`), rejectedBytes);
    if (countRows(rejected) !== rejectedRows) throw damaged("folder");
    await writeFile(own("log"), log, { mode: 0o600 });
    await writeFile(own("rejected"), rejected, { mode: 0o600 });
    return claim({ rejectedRows, run: { checkpoint: new Uint8Array(Buffer.from(checkpoint, "base64")), log: new Uint8Array(log) }, rejectedBytes });
  }

  async commit({ checkpoint, log, logBytes, rejections }: Commit): Promise<"stored" | "taken_over"> {
    // Files that a newer owner has swept must not come back.
    if (!(await this.#lease.holds())) return "taken_over";
    const sealed = Buffer.from(checkpoint).toString("base64");
    if (sealed === this.#stored) return "stored";
    await append(this.#path("log"), logBytes - log.byteLength, log);
    const lines = rejections.map((rejection) => `${JSON.stringify(rejection)}\n`).join("");
    const rows = new TextEncoder().encode(lines);
    await append(this.#path("rejected"), this.#rejectedBytes, rows);
    const rejectedBytes = this.#rejectedBytes + rows.byteLength;
    const rejectedRows = this.#rejectedRows + rejections.length;
    const state: State = { logBytes, rejectedBytes, rejectedRows, checkpoint: sealed };
    await replace(this.#path("state"), JSON.stringify(state));
    this.#rejectedBytes = rejectedBytes;
    this.#rejectedRows = rejectedRows;
    this.#stored = sealed;
    // The state is there before the look: a newer owner that is not seen now will see the state.
    if (!(await this.#lease.holds())) return "taken_over";
    if (!this.#swept) await this.#sweep();
    return "stored";
  }

  async crashed(): Promise<void> {
    await writeFile(join(this.#directory, "crashes"), String((await crashes(this.#directory)) + 1), { mode: 0o600 });
  }

  async end(): Promise<void> {
    if (!(await this.#lease.holds())) return;
    await retire(this.#directory, this.fence);
  }

  async release(): Promise<void> {
    // Of one that stored nothing, nothing need stay.
    if (this.#stored === "") for (const name of ["log", "rejected"]) await rm(this.#path(name), { force: true });
    await this.#lease.release();
  }

  #path(name: string): string {
    return join(this.#directory, `${name}.${this.fence}`);
  }

  /** Removes what earlier owners left; the state of this one stands for it. */
  async #sweep(): Promise<void> {
    this.#swept = true;
    for (const name of await readdir(this.#directory)) {
      const fence = /^(?:state|log|rejected)\.(\d+)(?:\.new)?$/u.exec(name)?.[1];
      if (fence !== undefined && Number(fence) < this.fence) await rm(join(this.#directory, name), { force: true });
    }
    await this.#lease.sweep();
  }
}

/** Makes the state of an owner the last one of a run that is over. */
async function retire(directory: string, fence: number): Promise<void> {
  const state = await readIfThere(join(directory, `state.${fence}`));
  if (state) {
    const { checkpoint, rejectedBytes } = parseState(state);
    await replace(join(directory, "last"), Buffer.from(checkpoint, "base64"));
    await truncate(join(directory, `rejected.${fence}`), rejectedBytes);
    await rm(join(directory, `state.${fence}`));
    await rename(join(directory, `rejected.${fence}`), join(directory, "rejected.last"));
  }
  for (const name of ["log", "rejected"]) await rm(join(directory, `${name}.${fence}`), { force: true });
  await rm(join(directory, "crashes"), { force: true });
}

async function giveUp(directory: string): Promise<void> {
  const fence = await newest(directory, "state");
  if (fence > 0) {
    try {
      await retire(directory, fence);
    } catch {
      // Damaged: nothing of it is worth keeping, and what is left of the run before says nothing of this one.
      for (const name of ["state", "log", "rejected"]) await rm(join(directory, `${name}.${fence}`), { force: true });
      await replace(join(directory, "last"), new Uint8Array());
    }
  }
  await rm(join(directory, "crashes"), { force: true });
}

async function crashes(directory: string): Promise<number> {
  const text = await readIfThere(join(directory, "crashes"));
  return text ? Number(new TextDecoder().decode(text)) || 0 : 0;
}

/** The highest fence that has such a file, or 0. */
async function newest(directory: string, name: string): Promise<number> {
  const fences = (await readdir(directory)).map((file) => new RegExp(`^${name}\\.(\\d+)$`, "u").exec(file)?.[1]);
  return Math.max(0, ...fences.filter((fence) => fence !== undefined).map(Number));
}

async function readState(directory: string, fence: number): Promise<State> {
  return parseState(await readFile(join(directory, `state.${fence}`)));
}

function parseState(bytes: Uint8Array): State {
  try {
    const state = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Partial<State>;
    const { logBytes, rejectedBytes, rejectedRows, checkpoint } = state;
    if (isLength(logBytes) && isLength(rejectedBytes) && isLength(rejectedRows) && typeof checkpoint === "string") return { logBytes, rejectedBytes, rejectedRows, checkpoint };
  } catch {
    // Said below.
  }
  throw damaged("folder");
}

/** How many rejected rows there are; none when one of them is no row. */
function countRows(bytes: Uint8Array): number | undefined {
  try {
    const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n").slice(0, -1);
    for (const line of lines) JSON.parse(line);
    return lines.length;
  } catch {
    return undefined;
  }
}

/** What a file system says when it cannot keep anything. */
const NO_ROOM = new Set(["ENOSPC", "EDQUOT", "EACCES", "EPERM", "EROFS", "EIO", "ENOTDIR"]);

function notStored(error: unknown): unknown {
  if (!(error instanceof Error && "code" in error && NO_ROOM.has(String(error.code)))) return error;
  return new ExportError({
    code: "state_not_stored",
    category: "checkpoint",
    message: "The state of this run could not be stored, and without it nothing is sent.",
    remedy: "Make room where the state is kept, or restore access to it, and run the export again.",
    retryHelps: true,
  });
}

/** The bytes that a state counts on; what a dead owner left behind them is passed over. */
async function readStart(path: string, length: number): Promise<Uint8Array> {
  const bytes = await readIfThere(path);
  if ((bytes?.byteLength ?? 0) < length) throw damaged("folder");
  return (bytes ?? new Uint8Array()).subarray(0, length);
}

function isLength(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Writes bytes at a place, drops whatever was behind it, and waits for the disk. */
async function append(path: string, at: number, bytes: Uint8Array): Promise<void> {
  if (bytes.byteLength === 0) return;
  await withFile(path, "r+", async (file) => {
    await file.truncate(at);
    let written = 0;
    while (written < bytes.byteLength) {
      written += (await file.write(bytes, written, bytes.byteLength - written, at + written)).bytesWritten;
    }
    await file.datasync();
  });
}

/** Replaces a file as a whole: whoever reads it finds the old one or the new one. */
async function replace(path: string, content: string | Uint8Array): Promise<void> {
  await withFile(`${path}.new`, "w", async (file) => {
    await file.writeFile(content);
    await file.sync();
  });
  await rename(`${path}.new`, path);
  await syncFolder(dirname(path));
}

/** Until its folder is written, a new name may be forgotten when the power fails. Windows needs and knows no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform !== "win32") await withFile(path, "r", (folder) => folder.sync());
}

async function withFile(path: string, flags: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function* readRejections(path: string, end: number | undefined): AsyncGenerator<Rejection> {
  if (end === 0) return;
  const stream = createReadStream(path, end === undefined ? {} : { end: end - 1 });
  try {
    for await (const line of createInterface({ input: stream })) yield JSON.parse(line) as Rejection;
  } catch (error) {
    // No run has rejected anything yet.
    if (!isCode(error, "ENOENT")) throw error;
  } finally {
    stream.destroy();
  }
}
