/** Mapping, validation and batching alone: for those who send by their own means, and for dry runs. */
import { BatchEncoder, memoryBytes } from "./core.js";
import { Owned, requireCore } from "./engine.js";
import { fromCore, misuse } from "./errors.js";
import { hostOf } from "./host.js";
import { type OptionType, requireOptions } from "./options.js";
import { type OpenObjects, openObjects, type Piece } from "./source/open.js";
import type { Batch, BatchStream, EncodeOptions, EncodeSummary, Preview, PreviewOptions, Rejection } from "./types.js";
import { BODY_BYTES } from "./wire.js";

/** What may be said, and of which type it must be. */
const OPTIONS = {
  definition: undefined,
  account: undefined,
  source: undefined,
  host: "object",
  allowedHosts: "object",
  reveal: "boolean",
  deduplicate: "boolean",
  reuseBody: "boolean",
  onRejections: "function",
} as const satisfies Record<keyof EncodeOptions, OptionType>;

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
  requireOptions(options, OPTIONS);
  let resolve: (summary: EncodeSummary) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const summary = new Promise<EncodeSummary>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  summary.catch(() => undefined);
  async function* batches(): AsyncGenerator<Batch, void, undefined> {
    let source: OpenObjects | undefined;
    let encoder: Encoder | undefined;
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
      // Of no effect once the summary is settled.
      reject(misuse("bodies_left", "The iteration ended before its last body, so there is no summary.", "Take all bodies, or do without the summary."));
      encoder?.free();
      source?.close();
    }
  }
  let begun = false;
  const begin = (): AsyncGenerator<Batch, void, undefined> => {
    if (begun) throw misuse("begun_already", "These bodies have been iterated over already.", "Call encodeBatches again.");
    begun = true;
    return batches();
  };
  return { summary, [Symbol.asyncIterator]: begin };
}

/** An encoder, which a crash of the core ends. */
type Encoder = Owned<BatchEncoder>;

function open(options: EncodeOptions, unresolved: boolean): Encoder {
  const settings = JSON.stringify(options.definition) ?? "null";
  const account = options.account === undefined ? undefined : JSON.stringify(options.account);
  const seed = hostOf(options.host).seed();
  const { allowedHosts = [], reveal = false, deduplicate = true, onRejections } = options;
  return new Owned(() => {
    const encoder = new BatchEncoder(settings, account, allowedHosts, unresolved, seed, reveal, onRejections === undefined);
    if (!deduplicate) encoder.keepDuplicates();
    return encoder;
  });
}

/** Fractions are made here: writing them in the core would cost it more than all its other numbers together. */
function summaryOf(encoder: Encoder): EncodeSummary {
  const { batchesPerMinute, ...counts } = encoder.call((core) => core.counts()) as Omit<EncodeSummary, "wasmMemoryBytes" | "minutes"> & { batchesPerMinute: number };
  return { ...counts, minutes: counts.batches / batchesPerMinute, wasmMemoryBytes: memoryBytes() };
}

async function* drain(
  encoder: Encoder,
  source: OpenObjects,
  onRejections: ((rejections: Rejection[]) => void) | undefined,
  shared: Uint8Array | undefined,
): AsyncGenerator<Batch, void, undefined> {
  const feed = new Feed(encoder, source);
  const take = (core: BatchEncoder): Batch => ({
    body: shared ? shared.subarray(0, core.copy(shared)) : core.take(),
    contacts: core.contacts,
    firstOrdinal: core.firstOrdinal,
  });
  for (;;) {
    if (encoder.call((core) => core.advance())) {
      yield encoder.call(take);
      continue;
    }
    if (onRejections) {
      const rejections = encoder.call((core) => core.rejections()) as Rejection[] | undefined;
      if (rejections) onRejections(rejections);
    }
    if (encoder.call((core) => core.ended)) return;
    feed.ask();
    feed.take(await source.read());
  }
}

/** Feeds the pieces of a source to an encoder. */
class Feed {
  readonly #encoder: Encoder;
  readonly #source: OpenObjects;
  readonly #text = new TextEncoder();
  #read = 0;
  #joined = false;
  #room = new Uint8Array(0);

  constructor(encoder: Encoder, source: OpenObjects) {
    this.#encoder = encoder;
    this.#source = source;
  }

  take(piece: Piece | null): void {
    const { sizeBytes } = this.#source;
    if (piece === null) {
      if (sizeBytes !== undefined && this.#read !== sizeBytes) throw shortSource(this.#read, sizeBytes);
      this.#encoder.call((core) => core.finish());
    } else if (piece instanceof Uint8Array) {
      this.#push(piece);
    } else if (!this.#pushValues(piece.values, piece.rows)) {
      this.#push(piece.lines());
    }
  }

  #push(bytes: Uint8Array): void {
    this.#read += bytes.byteLength;
    this.#encoder.call((core) => core.push(bytes));
  }

  #pushValues(values: string, rows: number): boolean {
    // Three bytes for each letter of JavaScript at most.
    if (this.#room.length < values.length * 3) this.#room = new Uint8Array(values.length * 3);
    const { written } = this.#text.encodeInto(values, this.#room);
    const bytes = this.#room.subarray(0, written);
    return this.#encoder.call((core) => core.pushValues(bytes, rows));
  }

  /** Once the columns are known, objects may come by their values. */
  ask(): void {
    if (this.#joined) return;
    const columns = this.#encoder.call((core) => core.valueColumns());
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
