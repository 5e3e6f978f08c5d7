/** Opens any kind of source as a reader of bytes. */
import { misuse } from "../errors.js";
import type { Source, SourceData } from "../types.js";

/** A source that is being read. */
export interface OpenSource {
  /** The next bytes, or `null` at the end. */
  read(): Promise<Uint8Array | null>;
  /** Bytes in all, where known. */
  sizeBytes: number | undefined;
  /** Lets the source go, whether or not it was read to its end. Waits for nothing: a source that stalls must not hold up the end of a run. */
  close(): void;
}

/** Objects are joined to pieces of about this many bytes: fewer crossings into the core. */
const JOIN_BYTES = 256 * 1024;

export function openSource(source: Source): OpenSource {
  const { data, sizeBytes } = isSized(source) ? source : { data: source, sizeBytes: undefined };
  const { iterator, cancel } = chunksOf(data);
  const size = sizeBytes ?? (data instanceof Uint8Array ? data.byteLength : data instanceof Blob ? data.size : undefined);
  return {
    sizeBytes: size,
    async read() {
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) return null;
        if (value.byteLength > 0) return value;
      }
    },
    close() {
      cancel?.();
      iterator.return?.(undefined)?.catch(() => undefined);
    },
  };
}

function isSized(source: Source): source is { data: SourceData; sizeBytes?: number } {
  return (
    typeof source === "object" && source !== null && "data" in source &&
    !(Symbol.asyncIterator in source) && !(Symbol.iterator in source) && !(source instanceof Blob)
  );
}

/** The chunks of a source, and what ends a read that is pending. */
interface Chunks {
  iterator: AsyncIterator<Uint8Array>;
  cancel?: () => void;
}

function chunksOf(data: SourceData): Chunks {
  if (data instanceof Uint8Array) return { iterator: pieces(data) };
  if (data instanceof Blob) return streamed(data.stream());
  if (data instanceof ReadableStream) return streamed(data);
  if (typeof data === "object" && data !== null && (Symbol.asyncIterator in data || Symbol.iterator in data)) {
    return { iterator: iterated(data) };
  }
  throw misuse("source_kind", "The source is neither bytes nor an iterable.", "Pass a Uint8Array, Blob, ReadableStream, or an iterable of bytes or objects.");
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += JOIN_BYTES) yield bytes.subarray(at, at + JOIN_BYTES);
}

function streamed(stream: ReadableStream<Uint8Array>): Chunks {
  const reader = stream.getReader();
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  }
  return { iterator: chunks(), cancel: () => void reader.cancel().catch(() => undefined) };
}

async function* iterated(data: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let lines: string[] = [];
  let length = 0;
  for await (const item of data) {
    if (item instanceof Uint8Array) yield item;
    else if (typeof item === "string") yield encoder.encode(item);
    else if (typeof item === "object" && item !== null && !Array.isArray(item)) {
      const line = JSON.stringify(item);
      lines.push(line, "\n");
      length += line.length;
      if (length >= JOIN_BYTES) {
        yield encoder.encode(lines.join(""));
        lines = [];
        length = 0;
      }
    } else {
      throw misuse("source_item", "The source gave something that is neither bytes, text nor an object.", "Yield Uint8Array, string or plain objects.");
    }
  }
  if (lines.length > 0) yield encoder.encode(lines.join(""));
}
