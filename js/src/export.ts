/** A run of an export. */
import { type Connected, connect } from "./connection.js";
import { startExport } from "./core.js";
import { gate, requireCore, run, schedule } from "./engine.js";
import { ExportError } from "./errors.js";
import { hostOf, Timer } from "./host.js";
import { EventQueue } from "./queue.js";
import { type OpenSource, openSource } from "./source/open.js";
import { Keeper } from "./store/keeper.js";
import type { ExportEvent, ExportOptions, ExportRun, ExportSummary, Progress, Rejection } from "./types.js";

/**
 * Exports a segment: reads the profiles, sends them in bulk at the account's pace, follows every batch to its
 * real outcome. The summary resolves however the run ends; look at its `result`.
 *
 * @throws ExportError for a wrong hostname, a key that cannot be one, or a state key that is too short, before
 * anything is sent.
 */
export function exportSegment(options: ExportOptions): ExportRun {
  requireCore();
  const host = hostOf(options.host);
  const connected = connect(options.connection, options.definition, host.fetch);
  const pause = (millis: number): Promise<void> => host.sleep(millis, options.signal ?? new AbortController().signal);
  const keeper = options.checkpoints === undefined ? undefined : new Keeper(options.checkpoints, pause);
  const events = new EventQueue<ExportEvent>();
  const summary = drive(options, host, connected, keeper, events);
  // Whoever only iterates must not be punished with an unhandled rejection.
  summary.catch(() => undefined);
  return { summary, [Symbol.asyncIterator]: () => events.iterate(summary) };
}

async function drive(
  options: ExportOptions,
  host: ReturnType<typeof hostOf>,
  connected: Connected,
  keeper: Keeper | undefined,
  events: EventQueue<ExportEvent>,
): Promise<ExportSummary> {
  // The caller gets the run first, so that iterating at once misses nothing.
  await Promise.resolve();
  const source = new SourceInUse(openSource(options.source));
  const timer = new Timer(host.sleep);
  const core = {
    account: connected.origin,
    load: gate(async () => keeper?.load()),
    open: (offset: number) => source.open(offset),
    store: gate(async (checkpoint: Uint8Array, log: Uint8Array, logBytes: number) => keeper?.store(checkpoint, log, logBytes) ?? "failed"),
    fetch: gate(connected.send),
    read: gate(async () => {
      await events.room();
      return source.read();
    }),
    sleep: gate((millis: number) => timer.sleep(millis)),
    now: () => host.now(),
    report: (progress: Progress) => events.replace({ type: "progress", progress }),
    reject: (rejections: Rejection[]) => {
      keeper?.reject(rejections);
      events.push({ type: "rejections", rejections }, rejections.length);
    },
    signal: options.signal,
  };
  const settings = JSON.stringify(options.definition) ?? "null";
  let wakeOnAbort: (() => void) | undefined;
  let ended = false;
  try {
    const summary = await run<ExportSummary>((wake) => {
      const allowed = options.connection.allowedHosts ?? [];
      const id = startExport(settings, allowed, core, wake, host.seed(), options.reveal ?? false, source.sizeBytes);
      wakeOnAbort = () => schedule(id);
      options.signal?.addEventListener("abort", wakeOnAbort, { once: true });
      return id;
    });
    source.blame(summary);
    const stop = connected.blame(summary.stop);
    if (stop && stop !== summary.stop) summary.stop = stop;
    ended = summary.result !== "blocked" && summary.result !== "cancelled";
    return summary;
  } catch (error) {
    if (error instanceof ExportError && error.code === "core_crash") await keeper?.crashed();
    throw error;
  } finally {
    if (wakeOnAbort) options.signal?.removeEventListener("abort", wakeOnAbort);
    timer.stop();
    source.close();
    await keeper?.close(ended);
  }
}

/** A source that remembers why it broke off. */
class SourceInUse {
  readonly #source: OpenSource;
  #error: unknown;

  constructor(source: OpenSource) {
    this.#source = source;
  }

  get sizeBytes(): number | undefined {
    return this.#source.sizeBytes;
  }

  open(offset: number): void {
    this.#source.open(offset);
  }

  async read(): Promise<Uint8Array | null> {
    try {
      return await this.#source.read();
    } catch (error) {
      this.#error = error;
      throw error;
    }
  }

  close(): void {
    this.#source.close();
  }

  /** Names the source's own error as the cause of the stop. */
  blame(summary: ExportSummary): void {
    if (summary.stop && this.#error !== undefined) Object.defineProperty(summary.stop, "cause", { value: this.#error });
  }
}
