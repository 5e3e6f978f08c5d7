/** What an iterable gives, item by item, as pieces of a bounded size. */
import { misuse } from "../errors.js";
import { type Joined, ObjectPieces, type ObjectValues } from "./objects.js";
import { TextPieces } from "./text.js";

/**
 * The most bytes of a piece: more would hold up the host, and pile up what is told of each profile; fewer are crossings
 * for little.
 */
const PIECE_BYTES = 256 * 1024;

/** Bytes in pieces. */
export function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** The items of a source, which are bytes, text or objects, as pieces. */
export async function* piecesOf(data: AsyncIterable<unknown> | Iterable<unknown>, joined: Joined): AsyncGenerator<Uint8Array | ObjectValues> {
  const objects = new ObjectPieces(joined);
  const text = new TextPieces();
  // An array is not awaited item by item: that would take longer than all the rest.
  const items = Symbol.asyncIterator in data ? undefined : data[Symbol.iterator]();
  const awaited = items === undefined ? (data as AsyncIterable<unknown>)[Symbol.asyncIterator]() : undefined;
  // Whoever ends the reading early tells the source; one that ended or failed by itself knows.
  let open = true;
  try {
    for (;;) {
      open = false;
      const step = items ? items.next() : await awaited?.next();
      if (step === undefined || step.done) break;
      open = true;
      const item: unknown = step.value instanceof Promise ? await step.value : step.value;
      const isText = typeof item === "string";
      if (!isText && text.isHeld) yield text.rest();
      if (isText || ArrayBuffer.isView(item)) {
        if (!objects.isEmpty) yield objects.take();
        yield* isText ? text.pieces(item, PIECE_BYTES) : cut(bytesOf(item));
      } else if (typeof item === "object" && item !== null && !Array.isArray(item)) {
        if (objects.add(item)) yield objects.take();
      } else {
        throw misuse("source_item", "The source gave something that is neither bytes, text nor an object.", "Yield Uint8Array, string or plain objects.");
      }
    }
    if (text.isHeld) yield text.rest();
    if (!objects.isEmpty) yield objects.take();
  } finally {
    if (open && items) items.return?.();
    else if (open) await awaited?.return?.();
  }
}

/** The bytes of a view; those that were handed to another thread are gone from here. */
function bytesOf(view: ArrayBufferView): Uint8Array {
  try {
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  } catch {
    throw misuse("source_item", "The source gave bytes whose memory is no longer there: it was handed to another thread, or shrunk.", "Yield bytes that nobody else takes away.");
  }
}
