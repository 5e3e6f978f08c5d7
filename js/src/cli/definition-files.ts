/** The files of definitions: names and folders, reading and writing. */
import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, EXIT, fileTrouble, wrong } from "./errors.js";
import { readJson } from "./files.js";
import { FILE_SHAPES, fileIssues, type Kind } from "./service-client.js";
import { clean } from "./text.js";

/** In the order in which they need each other. */
export const KINDS = Object.keys(FILE_SHAPES) as Kind[];
export const ONE: Record<Kind, string> = { connections: "connection", segments: "segment", exports: "export" };

/** What a file says of a record. */
export type Definition = Record<string, unknown> & { name: string };

/** All files of a folder, and where each definition stands. */
export interface Wanted {
  definitions: Record<Kind, Definition[]>;
  paths: Map<Definition, string>;
}

/** A name that every file system takes; numbered where two would be the same. */
export function fileName(name: string, taken: Set<string>): string {
  const stem = name.toLowerCase().replaceAll(/[^\p{Letter}\p{Number}]+/gu, "-").replaceAll(/^-|-$/gu, "").slice(0, 80) || "unnamed";
  let file = `${stem}.json`;
  for (let number = 2; taken.has(file); number += 1) file = `${stem}-${number}.json`;
  taken.add(file);
  return file;
}

/** A file that is to be written. */
export interface Writing {
  folder: string;
  file: string;
  value: unknown;
}

/**
 * Writes files in folders of their own, each all or nothing. A link in the place of one of them could lead anywhere, so
 * that nothing is written at all; the folder that holds them is the user's own choice.
 */
export function put(files: readonly Writing[]): void {
  for (const { folder, file } of files) {
    requirePlain(folder, "folder");
    requirePlain(join(folder, file), "file");
  }
  for (const { folder, file, value } of files) {
    const path = join(folder, file);
    const temporary = join(folder, `.${file}.${randomBytes(6).toString("hex")}.part`);
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { flag: "wx" });
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw new CommandError(EXIT.stopped, `${clean(path)} could not be written: ${fileTrouble(error)}.`);
    }
  }
}

function requirePlain(path: string, what: "file" | "folder"): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat || (what === "file" ? stat.isFile() : stat.isDirectory())) return;
  throw wrong(`${clean(path)} is ${stat.isSymbolicLink() ? "a link" : `no plain ${what}`}; nothing was written.`, "Remove it, or name another folder.");
}

export function filesOf(folder: string, kind: Kind): string[] {
  const path = join(folder, kind);
  return existsSync(path) ? readdirSync(path).filter((file) => file.endsWith(".json")).sort() : [];
}

/** All files of a folder, each looked at as a whole; every mistake is told at once. */
export function readFiles(folder: string): Wanted {
  if (!KINDS.some((kind) => existsSync(join(folder, kind)))) throw wrong(`${clean(folder)} has no folder of ${KINDS.join(", ")}.`, "Write one with `pull`.");
  const mistakes: string[] = [];
  const wanted: Wanted = { definitions: { connections: [], segments: [], exports: [] }, paths: new Map() };
  for (const kind of KINDS) {
    const names = new Map<string, string>();
    for (const file of filesOf(folder, kind)) {
      const path = `${kind}/${file}`;
      const value = readJson(join(folder, kind, file), "file");
      const issues = fileIssues(kind, value);
      mistakes.push(...issues.map((issue) => `${path}: ${issue.path === "" ? "" : `${issue.path}: `}${issue.message}`));
      if (issues.length > 0) continue;
      const definition = value as Definition;
      const before = names.get(definition.name);
      if (before !== undefined) mistakes.push(`${path}: has the same name as ${before}`);
      names.set(definition.name, path);
      wanted.definitions[kind].push(definition);
      wanted.paths.set(definition, path);
    }
  }
  refuse(mistakes);
  return wanted;
}

/** Throws a `CommandError` that tells all mistakes, when there are any. */
export function refuse(mistakes: readonly string[]): void {
  if (mistakes.length > 0) throw wrong(`Some definitions are wrong; nothing was changed:\n${mistakes.map((mistake) => `  ${clean(mistake)}`).join("\n")}`, "Correct the files, and apply them again.");
}
