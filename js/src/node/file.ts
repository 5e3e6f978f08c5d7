/** A file as a source, on hosts with Node's file system. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { fault } from "../errors.js";
import type { Source } from "../types.js";

/** Larger chunks stop helping here; smaller ones cost a crossing each. */
const CHUNK_BYTES = 256 * 1024;

/**
 * A file as a source: read piece by piece into the same memory, which the core copies from at once. Each piece
 * is read at once rather than by another thread: for a file on this machine that takes a fraction of a millisecond,
 * and the bytes are then in this processor's cache. For a file on a slow network pass `createReadStream`. Its size
 * is taken first, so that a file that is cut meanwhile does not pass for a short segment.
 *
 * @throws ExportError `source_unreadable` when the file is not there, is a folder, or may not be looked at.
 */
export function fileSource(path: string | URL): Source {
  return { data: (offset) => chunksOf(() => openSync(path, "r"), offset), sizeBytes: sizeOf(path) };
}

function sizeOf(path: string | URL): number {
  let why = "it is a folder";
  try {
    const stat = statSync(path);
    if (!stat.isDirectory()) return stat.size;
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
    why = code === "ENOENT" ? "there is no such file" : code === "EACCES" || code === "EPERM" ? "permission denied" : code;
  }
  throw fault("source_unreadable", "source", `The source ${String(path)} could not be read: ${why}.`, "Give the path of one CSV or NDJSON file that this process may read; a relative path begins in its working directory.");
}

/** The bytes of an opened file from `offset` on; closes it. */
export async function* chunksOf(open: () => number, offset: number): AsyncGenerator<Uint8Array> {
  const file = open();
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let at = offset; ; ) {
      // A pipe has no places to read from, only a next byte.
      const bytesRead = readSync(file, chunk, 0, CHUNK_BYTES, offset === 0 ? null : at);
      at += bytesRead;
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    closeSync(file);
  }
}
