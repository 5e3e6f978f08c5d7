/** Opens any kind of source as a reader of bytes. */
import { misuse } from "../errors.js";
import { cut, piecesOf } from "./items.js";
import type { Joined, ObjectValues } from "./objects.js";
import type { Source, SourceData } from "../types.js";

/** Bytes of a source, or objects by their values. */
export type Piece = Uint8Array | ObjectValues;

/** A source that is being read. */
export interface OpenSource<P extends Piece = Uint8Array> {
  /** The next piece, or `null` at the end. */
  read(): Promise<P | null>;
  /** Bytes in all, where known. */
  sizeBytes: number | undefined;
  /** Begins at a byte; without it, at the first one. To be called before the first `read`. */
  open(offset: number): void;
  /** Lets the source go, whether or not it was read to its end. Waits for nothing: a source that stalls must not hold up the end of a run. */
  close(): void;
}

/** A source whose objects may come as values, once it is told of which columns. */
export interface OpenObjects extends OpenSource<Piece> {
  /** Says which columns' values are wanted, in their order. */
  join(columns: string[]): void;
}

/** A source as bytes; objects become lines of JSON. */
export function openSource(source: Source): OpenSource {
  const open = openObjects(source);
  // Without `join` there are no values.
  return open as OpenSource<Piece> as OpenSource;
}

/** A source as bytes or, where objects are wanted by their values, as those. */
export function openObjects(source: Source): OpenObjects {
  const joined: Joined = {};
  const { data, sizeBytes } = isSized(source) ? source : { data: source, sizeBytes: undefined };
  const size = sizeBytes ?? (data instanceof Uint8Array ? data.byteLength : data instanceof Blob ? data.size : undefined);
  let chunks: Chunks | undefined;
  let skip = 0;
  // A source that has a place to begin at begins there; of any other the first bytes are passed over.
  const begin = (offset: number): Chunks => {
    if (typeof data === "function") return chunksOf(data(offset), joined);
    if (offset > 0 && data instanceof Uint8Array) return chunksOf(data.subarray(offset), joined);
    if (offset > 0 && data instanceof Blob) return chunksOf(data.slice(offset), joined);
    skip = offset;
    return chunksOf(data, joined);
  };
  if (typeof data !== "function") requireKind(data);
  return {
    sizeBytes: size,
    join(columns) {
      // A size that was stated is that of the lines.
      if (sizeBytes === undefined) joined.columns = columns;
    },
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
        if (!(value instanceof Uint8Array)) return value;
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
  iterator: AsyncIterator<Piece>;
  cancel?: () => void;
}

function chunksOf(data: SourceData, joined: Joined): Chunks {
  if (data instanceof Uint8Array) return { iterator: asynchronous(cut(data)) };
  if (data instanceof Blob) return streamed(data.stream(), joined);
  if (data instanceof ReadableStream) return streamed(data, joined);
  requireKind(data);
  return { iterator: piecesOf(data, joined) };
}

async function* asynchronous(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function streamed(stream: ReadableStream<unknown>, joined: Joined): Chunks {
  const reader = stream.getReader();
  async function* chunks(): AsyncGenerator<unknown> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  }
  return { iterator: piecesOf(chunks(), joined), cancel: () => void reader.cancel().catch(() => undefined) };
}
