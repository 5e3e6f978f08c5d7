/** Mapping, validation and batching alone: for those who send by their own means, and for dry runs. */
import { BatchEncoder, memoryBytes } from "./core.js";
import { currentInstance, guarded, requireCore, requireInstance } from "./engine.js";
import { fromCore } from "./errors.js";
import { hostOf } from "./host.js";
import { type OpenObjects, openObjects, type Piece } from "./source/open.js";
import type { Batch, BatchStream, EncodeOptions, EncodeSummary, Preview, PreviewOptions, Rejection } from "./types.js";

/** The largest request: `MAX_BATCH_BYTES` of the core's limits, rounded up. */
const BODY_BYTES = 400_000;

/**
 * The request bodies of a source, in its order. Nothing is sent.
 *
 * @throws ExportError (from the iteration and from `summary`) when the settings are wrong or the source as a
 * whole cannot be read.
 */
export function encodeBatches(options: EncodeOptions): BatchStream {
  return stream(options, false);
}

/** A dry run over the whole source: counts, reasons, requests and minutes. Needs no network; sends nothing. */
export async function preview(options: PreviewOptions): Promise<Preview> {
  const batches = stream({ ...options, reuseBody: true }, true);
  for await (const _ of batches) {
    // Only the counts matter.
  }
  return batches.summary;
}

function stream(options: EncodeOptions, unresolved: boolean): BatchStream {
  requireCore();
  let resolve: (summary: EncodeSummary) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const summary = new Promise<EncodeSummary>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  summary.catch(() => undefined);
  async function* batches(): AsyncGenerator<Batch, void, undefined> {
    let source: OpenObjects | undefined;
    let encoder: BatchEncoder | undefined;
    const instance = currentInstance();
    try {
      source = openObjects(options.source);
      encoder = open(options, unresolved);
      yield* drain(encoder, source, options.onRejections, options.reuseBody ? new Uint8Array(BODY_BYTES) : undefined);
      resolve(summaryOf(encoder));
    } catch (error) {
      const failure = fromCore(error);
      reject(failure);
      throw failure;
    } finally {
      // What was made in an instance that has crashed is gone with it; its place belongs to others now.
      if (instance === currentInstance()) encoder?.free();
      source?.close();
    }
  }
  return { summary, [Symbol.asyncIterator]: batches };
}

function open(options: EncodeOptions, unresolved: boolean): BatchEncoder {
  const settings = JSON.stringify(options.definition) ?? "null";
  const account = options.account === undefined ? undefined : JSON.stringify(options.account);
  const { seed } = hostOf(options.host);
  const countOnly = options.onRejections === undefined;
  return guarded(() => {
    const encoder = new BatchEncoder(settings, account, options.allowedHosts ?? [], unresolved, seed(), options.reveal ?? false, countOnly);
    if (options.deduplicate === false) encoder.keepDuplicates();
    return encoder;
  });
}

/** Fractions are made here: writing them in the core would cost it more than all its other numbers together. */
function summaryOf(encoder: BatchEncoder): EncodeSummary {
  const { batchesPerMinute, ...counts } = encoder.counts() as Omit<EncodeSummary, "wasmMemoryBytes" | "minutes"> & { batchesPerMinute: number };
  return { ...counts, minutes: counts.batches / batchesPerMinute, wasmMemoryBytes: memoryBytes() };
}

async function* drain(
  encoder: BatchEncoder,
  source: OpenObjects,
  onRejections: ((rejections: Rejection[]) => void) | undefined,
  shared: Uint8Array | undefined,
): AsyncGenerator<Batch, void, undefined> {
  const feed = new Feed(encoder, source);
  const instance = currentInstance();
  for (;;) {
    requireInstance(instance);
    if (!guarded(() => encoder.advance())) {
      if (onRejections) {
        const rejections = encoder.rejections() as Rejection[] | undefined;
        if (rejections) onRejections(rejections);
      }
      if (encoder.ended) return;
      feed.ask();
      const piece = await source.read();
      requireInstance(instance);
      feed.take(piece);
    } else {
      const body = guarded(() => (shared ? shared.subarray(0, encoder.copy(shared)) : encoder.take()));
      yield { body, contacts: encoder.contacts, firstOrdinal: encoder.firstOrdinal };
    }
  }
}

/** Feeds the pieces of a source to an encoder. */
class Feed {
  readonly #encoder: BatchEncoder;
  readonly #source: OpenObjects;
  readonly #text = new TextEncoder();
  #read = 0;
  #joined = false;
  #room = new Uint8Array(0);

  constructor(encoder: BatchEncoder, source: OpenObjects) {
    this.#encoder = encoder;
    this.#source = source;
  }

  take(piece: Piece | null): void {
    const { sizeBytes } = this.#source;
    if (piece === null) {
      if (sizeBytes !== undefined && this.#read !== sizeBytes) throw shortSource(this.#read, sizeBytes);
      guarded(() => this.#encoder.finish());
    } else if (piece instanceof Uint8Array) {
      this.#push(piece);
    } else if (!this.#pushValues(piece.values, piece.rows)) {
      this.#push(piece.lines());
    }
  }

  #push(bytes: Uint8Array): void {
    this.#read += bytes.byteLength;
    guarded(() => this.#encoder.push(bytes));
  }

  #pushValues(values: string, rows: number): boolean {
    // Three bytes for each letter of JavaScript at most.
    if (this.#room.length < values.length * 3) this.#room = new Uint8Array(values.length * 3);
    const { written } = this.#text.encodeInto(values, this.#room);
    return guarded(() => this.#encoder.pushValues(this.#room.subarray(0, written), rows));
  }

  /** Once the columns are known, objects may come by their values. */
  ask(): void {
    if (this.#joined) return;
    const columns = guarded(() => this.#encoder.valueColumns());
    if (columns === undefined) return;
    this.#joined = true;
    this.#source.join(columns);
  }
}

function shortSource(read: number, said: number): object {
  return {
    code: "source_failed",
    category: "source",
    message: `The source ended after ${read} bytes; it had said ${said}.`,
    remedy: "Make the source complete and try again.",
    retryHelps: true,
  };
}
