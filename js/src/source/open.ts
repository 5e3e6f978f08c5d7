/** Opens any kind of source as a reader of bytes. */
import { misuse } from "../errors.js";
import type { Source, SourceData } from "../types.js";

/** A source that is being read. */
export interface OpenSource {
  /** The next bytes, or `null` at the end. */
  read(): Promise<Uint8Array | null>;
  /** Bytes in all, where known. */
  sizeBytes: number | undefined;
  /** Begins at a byte; without it, at the first one. To be called before the first `read`. */
  open(offset: number): void;
  /** Lets the source go, whether or not it was read to its end. Waits for nothing: a source that stalls must not hold up the end of a run. */
  close(): void;
}

/** Objects are joined to pieces of about this many bytes: fewer crossings into the core. */
const JOIN_BYTES = 256 * 1024;

export function openSource(source: Source): OpenSource {
  const { data, sizeBytes } = isSized(source) ? source : { data: source, sizeBytes: undefined };
  const size = sizeBytes ?? (data instanceof Uint8Array ? data.byteLength : data instanceof Blob ? data.size : undefined);
  let chunks: Chunks | undefined;
  let skip = 0;
  // A source that has a place to begin at begins there; of any other the first bytes are passed over.
  const begin = (offset: number): Chunks => {
    if (typeof data === "function") return chunksOf(data(offset));
    if (offset > 0 && data instanceof Uint8Array) return chunksOf(data.subarray(offset));
    if (offset > 0 && data instanceof Blob) return chunksOf(data.slice(offset));
    skip = offset;
    return chunksOf(data);
  };
  if (typeof data !== "function") requireKind(data);
  return {
    sizeBytes: size,
    open(offset) {
      chunks = begin(offset);
    },
    async read() {
      chunks ??= begin(0);
      for (;;) {
        const { done, value } = await chunks.iterator.next();
        if (done) {
          if (skip > 0) throw new Error("the source ends before the place where the run stopped");
          return null;
        }
        const passed = Math.min(skip, value.byteLength);
        skip -= passed;
        if (value.byteLength > passed) return passed === 0 ? value : value.subarray(passed);
      }
    },
    close() {
      chunks?.cancel?.();
      chunks?.iterator.return?.(undefined)?.catch(() => undefined);
    },
  };
}

function isSized(source: Source): source is Exclude<Source, SourceData> {
  return (
    typeof source === "object" && source !== null && "data" in source &&
    !(Symbol.asyncIterator in source) && !(Symbol.iterator in source) && !(source instanceof Blob)
  );
}

function requireKind(data: unknown): void {
  const iterable = typeof data === "object" && data !== null && (Symbol.asyncIterator in data || Symbol.iterator in data);
  if (iterable || data instanceof Blob || data instanceof ReadableStream) return;
  throw misuse("source_kind", "The source is neither bytes nor an iterable.", "Pass a Uint8Array, Blob, ReadableStream, or an iterable of bytes or objects.");
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
  requireKind(data);
  return { iterator: iterated(data) };
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
