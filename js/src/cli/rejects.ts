/**
 * The file of rejected rows: written as they come, nothing held in memory, readable by its owner only. A file that
 * is not one of ours is never touched.
 */
import { accessSync, closeSync, constants, existsSync, lstatSync, openSync, readSync, realpathSync, rmSync, writeSync } from "node:fs";
import { devNull } from "node:os";
import { basename, dirname, extname } from "node:path";
import type { Rejection, Rule } from "../types.js";
import { csvLine, REJECTED_COLUMNS, rejectedCells } from "../csv.js";
import { CommandError, EXIT, fileTrouble, wrong } from "./errors.js";

/** The first line of every such file; a file that begins otherwise is somebody else's. */
export const HEADER: string = csvLine(REJECTED_COLUMNS);

/** Where rejected rows go when nobody says: beside whoever runs the command, not beside the source. */
export function defaultRejectsPath(source: string): string {
  return source === "-" ? "rejected.csv" : `${basename(source, extname(source))}.rejected.csv`;
}

export class RejectsFile {
  readonly path: string;
  /** Rows written. */
  rows = 0;
  /** Duplicates among them: they are in the account, by another row. */
  duplicates = 0;
  /** Why not all rows could be written. */
  trouble: string | undefined;
  readonly #remedies: Map<string, string>;
  #file: number | undefined;

  /** Refuses at once, before anything is sent, when the file may not be written. */
  constructor(path: string, rules: readonly Rule[], inputs: readonly string[]) {
    this.path = path;
    this.#remedies = new Map(rules.map(({ code, remedy }) => [code, remedy]));
    for (const input of inputs) {
      if (input !== "-" && existsSync(path) && existsSync(input) && realpathSync(path) === realpathSync(input)) {
        throw wrong(`The rejected rows would overwrite ${input}, which is read.`, "Give another file with --rejects.");
      }
    }
    if (this.#standing() === undefined && path !== devNull) requireFolder(path);
  }

  /** Appends rows. A trouble does not stop the run: the profiles matter more, and it is told at the end. */
  write(rejections: readonly Rejection[]): void {
    if (this.trouble !== undefined) return;
    try {
      this.#file ??= this.#create();
      writeAll(this.#file, rejections.map((each) => this.#line(each)).join(""));
      this.rows += rejections.length;
      this.duplicates += rejections.filter(({ rule }) => rule === "duplicate").length;
    } catch (error) {
      this.trouble = error instanceof CommandError ? error.message : `The rejected rows could not be written to ${this.path}: ${fileTrouble(error)}.`;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** Removes what an earlier run left, when this one had nothing to write: old rows would look like new ones. */
  removeStale(): boolean {
    if (this.rows > 0 || this.path === devNull || this.#standing() === undefined) return false;
    rmSync(this.path, { force: true });
    return true;
  }

  #line(rejection: Rejection): string {
    return csvLine(rejectedCells(rejection, this.#remedies));
  }

  #create(): number {
    if (this.path === devNull) return openSync(this.path, "w");
    // Looked at again, since the run may have lasted; a new file, so that nobody who has the old one open reads along.
    if (this.#standing() === "ours") rmSync(this.path);
    const file = openSync(this.path, "wx", 0o600);
    writeAll(file, HEADER);
    return file;
  }

  /** What stands at the path; throws when it may not be replaced. */
  #standing(): "ours" | undefined {
    if (this.path === devNull) return undefined;
    const stat = lstatSync(this.path, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    const refuse = (why: string): CommandError =>
      new CommandError(EXIT.wrong, `${this.path} is not overwritten: ${why}.`, "Move it away, or give another file with --rejects.");
    if (!stat.isFile()) throw refuse("it is not an ordinary file");
    let start: string;
    try {
      start = startOf(this.path);
    } catch (error) {
      throw refuse(`it could not be looked at (${fileTrouble(error)})`);
    }
    if (start !== HEADER) throw refuse("it is not a file of rejected rows that this command wrote");
    return "ours";
  }
}

/** Found out now, not when the first row is refused and half of the profiles are sent. */
function requireFolder(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw wrong(`Rejected rows could not be written to ${path}: ${fileTrouble(error)}.`, "Give another file with --rejects.");
  }
}

function startOf(path: string): string {
  const bytes = Buffer.alloc(Buffer.byteLength(HEADER));
  const file = openSync(path, "r");
  try {
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.byteLength, 0));
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.byteLength; ) at += writeSync(file, bytes, at);
}
