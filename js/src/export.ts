/** A run of an export. */
import { type Answer, connect } from "./connection.js";
import { startExport } from "./core.js";
import { gate, requireCore, run, schedule } from "./engine.js";
import { hostOf, Timer } from "./host.js";
import { EventQueue } from "./queue.js";
import { openSource } from "./source/open.js";
import type { ExportEvent, ExportOptions, ExportRun, ExportSummary, Progress, Rejection } from "./types.js";

/**
 * Exports a segment: reads the profiles, sends them in bulk at the account's pace, follows every batch to its
 * real outcome. The summary resolves however the run ends; look at its `result`.
 *
 * @throws ExportError for a wrong hostname or a key that cannot be one, before anything is sent.
 */
export function exportSegment(options: ExportOptions): ExportRun {
  requireCore();
  const host = hostOf(options.host);
  const send = connect(options.connection, options.definition, host.fetch);
  const events = new EventQueue<ExportEvent>();
  const summary = drive(options, host, send, events);
  // Whoever only iterates must not be punished with an unhandled rejection.
  summary.catch(() => undefined);
  return { summary, [Symbol.asyncIterator]: () => events.iterate(summary) };
}

async function drive(
  options: ExportOptions,
  host: ReturnType<typeof hostOf>,
  send: (method: string, path: string, body: Uint8Array | undefined) => Promise<Answer>,
  events: EventQueue<ExportEvent>,
): Promise<ExportSummary> {
  // The caller gets the run first, so that iterating at once misses nothing.
  await Promise.resolve();
  const source = openSource(options.source);
  const timer = new Timer(host.sleep);
  let sourceError: unknown;
  const core = {
    fetch: gate(send),
    read: gate(async () => {
      await events.room();
      try {
        return await source.read();
      } catch (error) {
        sourceError = error;
        throw error;
      }
    }),
    sleep: gate((millis: number) => timer.sleep(millis)),
    now: () => host.now(),
    report: (progress: Progress) => events.replace({ type: "progress", progress }),
    reject: (rejections: Rejection[]) => events.push({ type: "rejections", rejections }, rejections.length),
    signal: options.signal,
  };
  const settings = JSON.stringify(options.definition) ?? "null";
  let wakeOnAbort: (() => void) | undefined;
  try {
    const summary = await run<ExportSummary>((wake) => {
      const allowed = options.connection.allowedHosts ?? [];
      const id = startExport(settings, allowed, core, wake, host.seed(), options.reveal ?? false, source.sizeBytes);
      wakeOnAbort = () => schedule(id);
      options.signal?.addEventListener("abort", wakeOnAbort, { once: true });
      return id;
    });
    if (summary.stop && sourceError !== undefined) Object.defineProperty(summary.stop, "cause", { value: sourceError });
    return summary;
  } finally {
    if (wakeOnAbort) options.signal?.removeEventListener("abort", wakeOnAbort);
    timer.stop();
    source.close();
  }
}
