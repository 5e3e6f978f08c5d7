/**
 * Who works on a run: one owner at a time, on hosts with Node's file system.
 *
 * Each owner has a file `owner.N`, whose number is its fence; files are made exclusively, so that no two owners share
 * one. An owner shows that it lives by touching its file. Another takes over once that stopped for long enough, or at
 * once when the process is surely gone. The newest owner file is never deleted: fences only rise.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { link, open, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { inProgress, LEASE_MILLIS } from "../store/common.js";

const TOUCH_MILLIS = 20_000;

interface Owner {
  /** Where a process id means this process. */
  machine: string;
  pid: number;
  /** When the process began, where the system tells: ids are used again. */
  began?: string;
  released?: boolean;
  /** Tells this owner from one with the same number in a folder that was made anew. */
  token?: string;
}

export class Lease {
  readonly fence: number;
  readonly #directory: string;
  readonly #token: string;
  readonly #touching: NodeJS.Timeout;

  private constructor(directory: string, fence: number, token: string) {
    this.#directory = directory;
    this.#token = token;
    this.fence = fence;
    const path = join(directory, `owner.${fence}`);
    this.#touching = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), TOUCH_MILLIS);
    this.#touching.unref();
  }

  /** Becomes the owner. Throws an `ExportError` while another one lives. */
  static async take(directory: string): Promise<Lease> {
    for (;;) {
      const newest = await newestFence(directory);
      if (newest > 0) await requireGone(directory, newest);
      const fence = newest + 1;
      try {
        const token = randomUUID();
        await makeAtOnce(join(directory, `owner.${fence}`), JSON.stringify({ ...thisProcess(), token }));
        // Made in the place of one that was swept by a still newer owner: then it is worth nothing.
        if ((await newestFence(directory)) === fence) return new Lease(directory, fence, token);
        await rm(join(directory, `owner.${fence}`), { force: true });
      } catch (error) {
        // Somebody else was quicker, and may have swept the draft: whether that one lives is the next question. A folder
        // that is gone says so then.
        if (!isCode(error, "EEXIST") && !isCode(error, "ENOENT")) throw error;
      }
    }
  }

  /** Whether nobody has taken over. */
  async holds(): Promise<boolean> {
    const newest = await newestFence(this.#directory);
    if (newest < this.fence) throw new Error("the folder that kept the run is gone");
    return newest === this.fence && parse(await readFile(join(this.#directory, `owner.${newest}`), "utf8")).token === this.#token;
  }

  /** Lets go, so that the next owner need not wait. */
  async release(): Promise<void> {
    clearInterval(this.#touching);
    if (!(await this.holds())) return;
    const gone: Owner = { ...thisProcess(), released: true };
    const path = join(this.#directory, `owner.${this.fence}`);
    // Replaced as a whole: on a full disk the old text stays, and says whose it was.
    await writeFile(`${path}.gone`, JSON.stringify(gone), { mode: 0o600 });
    await rename(`${path}.gone`, path);
  }

  /** Removes the files of owners before this one. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      // Drafts among them, of those who died over one.
      const fence = /^owner\.(\d+)/u.exec(name)?.[1];
      if (fence !== undefined && Number(fence) < this.fence) await rm(join(this.#directory, name), { force: true });
    }
  }
}

/** Makes a file that is there with all its text or not at all; fails with `EEXIST` when it is there already. */
async function makeAtOnce(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.${performance.now()}`;
  try {
    const file = await open(draft, "wx", 0o600);
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await link(draft, path);
  } catch (error) {
    if (isCode(error, "EEXIST") || isCode(error, "ENOENT") || isCode(error, "ENOSPC")) throw error;
    // A file system without links: the text comes a moment after the file.
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
  } finally {
    await rm(draft, { force: true });
  }
}

async function fences(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names.map((name) => /^owner\.(\d+)$/u.exec(name)?.[1]).filter((number) => number !== undefined).map(Number);
}

async function newestFence(directory: string): Promise<number> {
  return Math.max(0, ...(await fences(directory)));
}

async function requireGone(directory: string, fence: number): Promise<void> {
  const path = join(directory, `owner.${fence}`);
  let owner: Partial<Owner>;
  let touched: number;
  try {
    owner = parse(await readFile(path, "utf8"));
    touched = (await stat(path)).mtimeMs;
  } catch (error) {
    // Swept by a newer owner meanwhile: the next look finds that one.
    if (isCode(error, "ENOENT")) return;
    throw error;
  }
  const expired = Date.now() - touched > LEASE_MILLIS;
  if (owner.released === true || expired || surelyDead(owner)) return;
  const who = owner.pid === undefined ? "Another process" : `Process ${owner.pid}`;
  throw inProgress(who, "two and a half minutes after it was last alive");
}

/** A file that is empty yet is somebody's who has just begun. */
function parse(text: string): Partial<Owner> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function surelyDead({ machine, pid, began }: Partial<Owner>): boolean {
  const here = thisProcess();
  if (machine !== here.machine || pid === undefined) return false;
  if (pid === here.pid) return began !== here.began;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return isCode(error, "ESRCH");
  }
  return (began !== undefined && began !== beginningOf(pid)) || isRemains(pid);
}

/** A process that has ended and whose parent has not looked yet is still listed, and answers signals. */
function isRemains(pid: number): boolean {
  return ["Z", "X"].includes(statOf(pid)?.[0] ?? "");
}

function thisProcess(): Owner {
  const began = beginningOf(process.pid);
  return { machine: machine(), pid: process.pid, ...(began === undefined ? {} : { began }) };
}

/** Containers share a name, a kernel or a folder, but not a space of process ids. */
function machine(): string {
  const parts = [hostname()];
  try {
    parts.push(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(), readlinkSync("/proc/self/ns/pid"));
  } catch {
    // Not Linux: the name has to do.
  }
  return parts.join(" ");
}

/** Field 22 of Linux's `stat`. */
function beginningOf(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

/** The fields of Linux's `stat` from the third on: they stand behind the name, which may hold blanks. */
function statOf(pid: number): string[] | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8");
    return fields.slice(fields.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
