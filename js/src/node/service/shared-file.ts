/** A file that others may put in place: it is known by the name that a segment gives it, and read only when it is a plain file. */
import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { ExportError, fault } from "../../errors.js";
import type { Source } from "../../types.js";
import { chunksOf } from "../file.js";

/** Whether there is a plain file: opening a pipe, or reading a device, could stop the whole process. */
export function isPlainFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Throws an `ExportError` that names the file as `name`, never by its path on this machine. */
export function sharedFile(path: string, name: string): Source {
  const file = opened(path, name);
  const sizeBytes = fstatSync(file).size;
  closeSync(file);
  return { data: (offset) => chunksOf(() => opened(path, name), offset), sizeBytes };
}

function opened(path: string, name: string): number {
  try {
    // It may be another thing than it was a moment ago: of a pipe that nobody writes to, this does not wait for a writer.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
    throw unreadable(name, "it is no plain file");
  } catch (error) {
    if (error instanceof ExportError) throw error;
    throw unreadable(name, "the service may not read it, or it is gone");
  }
}

function unreadable(name: string, why: string): ExportError {
  return fault("source_unreadable", "source", `The file "${name}" could not be read: ${why}.`, "Put a CSV or NDJSON file that the service may read in the folder of sources, and run the export again.");
}
