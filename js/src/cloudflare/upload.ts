/** An upload on its way into R2: in parts, because its length need not be known. */
import type { Bucket } from "./runtime.js";

/** R2 takes parts of 5 MiB or more, all of one length but the last. */
const PART_BYTES = 8 * 1024 * 1024;

/** Stores a body, unless it may not in the end; gives its length. Nothing stays of one that breaks off. */
export async function store(bucket: Bucket, key: string, body: ReadableStream<Uint8Array>, may: () => Promise<boolean>, customMetadata: Record<string, string> = {}): Promise<number | undefined> {
  const upload = await bucket.createMultipartUpload(key, { customMetadata });
  try {
    const parts: unknown[] = [];
    let size = 0;
    for await (const part of partsOf(body)) {
      parts.push(await upload.uploadPart(parts.length + 1, part));
      size += part.byteLength;
    }
    if (!(await may())) {
      await upload.abort();
      return undefined;
    }
    await upload.complete(parts);
    return size;
  } catch (error) {
    await upload.abort().catch(() => undefined);
    throw error;
  }
}

async function* partsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let part = new Uint8Array(PART_BYTES);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    for (let at = 0; at < value.byteLength; ) {
      const taken = value.subarray(at, at + PART_BYTES - length);
      part.set(taken, length);
      length += taken.byteLength;
      at += taken.byteLength;
      if (length < PART_BYTES) continue;
      yield part;
      part = new Uint8Array(PART_BYTES);
      length = 0;
    }
  }
  yield part.subarray(0, length);
}
