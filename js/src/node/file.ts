/** A file as a source, on hosts with Node's file system. */
import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Source } from "../types.js";

/** Larger chunks stop helping here; smaller ones cost a crossing each. */
const CHUNK_BYTES = 256 * 1024;

/**
 * A file as a source: read piece by piece into the same memory, which the core copies from at once. Its size
 * is taken first, so that a file that is cut meanwhile does not pass for a short segment.
 *
 * @throws the file system's own error when the file is not there.
 */
export function fileSource(path: string | URL): Source {
  return { data: chunks(path), sizeBytes: statSync(path).size };
}

async function* chunks(path: string | URL): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
