/** `run`: sends a segment and tells the truth about each profile. */
import { ExportError, checkDefinition, exportSegment, rules } from "../entry/node.js";
import type { ExportDefinition, ExportSummary, Source } from "../types.js";
import { type AccountOptions, accountName, readDefinition, requireConnection } from "./connect.js";
import { EXIT, exitOfStop } from "./errors.js";
import { type OpenedSource, openProfiles } from "./files.js";
import { onInterrupt } from "./interrupt.js";
import { complain, ending, print, printJson } from "./output.js";
import { type Reporter, makeReporter } from "./progress.js";
import { RejectsFile, defaultRejectsPath } from "./rejects.js";
import { type KeptRun, type StateOptions, inWordsOf, openState, writeStored } from "./state.js";
import { stopLines } from "./stop.js";
import { summaryLines } from "./summary.js";
import { colorsOf, widthOf, wrap } from "./text.js";

/** Options of every command that reads profiles by a definition. */
export interface SegmentOptions extends AccountOptions {
  definition: string;
  source: string;
  rejects?: string;
  reveal?: boolean;
  json?: boolean;
  format?: "auto" | "csv" | "ndjson";
  delimiter?: "," | ";" | "\t" | "|";
}

export interface RunOptions extends SegmentOptions, StateOptions {
  quiet?: boolean;
}

/** The definition, with what the command line says of the source. */
export function definitionOf({ definition, format, delimiter }: SegmentOptions): ExportDefinition {
  const read = readDefinition(definition);
  if (format === undefined && delimiter === undefined) return read;
  // Whatever the file holds instead of an object is the core's to judge.
  if (typeof read !== "object" || read === null || Array.isArray(read)) return read;
  return { ...read, source: { ...read.source, ...(format ? { format } : {}), ...(delimiter ? { delimiter } : {}) } };
}

/** All issues at once, before the network is touched; what only the account can tell comes later. */
function requireGood(definition: ExportDefinition, allowedHosts: string[] | undefined): void {
  const issues = checkDefinition(definition, undefined, allowedHosts);
  if (issues.length === 0) return;
  throw new ExportError({
    code: "settings",
    category: "settings",
    message: "The definition is wrong.",
    remedy: "Correct the definition; nothing was sent.",
    retryHelps: false,
    issues,
  });
}

export function runCommand(options: RunOptions): Promise<number> {
  const json = options.json === true ? (stop: unknown) => ({ result: "blocked", stop }) : undefined;
  return ending({ ...options, what: "The export did not start", json }, async () => {
    const definition = definitionOf(options);
    requireGood(definition, options.allowHost);
    const connection = requireConnection(options, definition);
    const rejects = new RejectsFile(options.rejects ?? defaultRejectsPath(options.source), rules(), [options.source, options.definition]);
    const kept = await openState(options);
    const opened = await openProfiles(options.source);
    const summary = await follow(options, { definition, connection, rejects, opened, kept });
    const staleRemoved = readToItsEnd(summary) && rejects.removeStale();
    if (options.json === true) printJson({ ...summary, ...(rejects.rows > 0 ? { rejectsFile: rejects.path, rejectsRows: rejects.rows } : {}) });
    else if (worthTelling(summary) && (options.quiet !== true || exitOf(summary, rejects) !== EXIT.done)) {
      const place = {
        account: accountName(connection, definition),
        list: String(definition.list),
        source: options.source === "-" ? undefined : opened.name,
        kept: kept !== undefined,
        automationsRun: definition.automations === "run",
        rejects: { path: rejects.path, rows: rejects.rows, duplicates: rejects.duplicates, revealed: options.reveal === true, staleRemoved },
      };
      print(summaryLines(summary, place, rules(), colorsOf(process.stdout), widthOf(process.stdout)));
    }
    tellTroubles(summary, rejects, options);
    if (kept && summary.stop?.code !== "taken_over" && (await kept.store.unfinished())) complain(["", ...wrap(goOnSentence(kept, options.restart), widthOf(process.stderr))]);
    return exitOf(summary, rejects);
  });
}

interface Parts {
  definition: ExportDefinition;
  connection: Parameters<typeof exportSegment>[0]["connection"];
  rejects: RejectsFile;
  opened: OpenedSource;
  kept: KeptRun | undefined;
}

/** Starts the run and listens until its end. */
async function follow(options: RunOptions, { definition, connection, rejects, opened, kept }: Parts): Promise<ExportSummary> {
  const canceller = new AbortController();
  const { reveal = false } = options;
  const run = exportSegment({ connection, definition, source: opened.source, signal: canceller.signal, reveal, ...(kept ? { checkpoints: kept } : {}) });
  const quiet = options.quiet === true || options.json === true;
  // Listens before anything is shown: whoever sees the first line may press Ctrl-C at once.
  const shown: { reporter?: Reporter } = {};
  const stopListening = onInterrupt(() => cancel(canceller, opened, shown.reporter, quiet), () => quit(shown.reporter, rejects, kept));
  const reporter = makeReporter({ stream: process.stderr, sourceBytes: sizeOf(opened.source), quiet });
  shown.reporter = reporter;
  let opening = kept && !quiet ? openingSentence(kept) : undefined;
  try {
    for await (const event of run) {
      // Only now is it sure that the run is this process's, and its state fits.
      if (opening !== undefined) reporter.say(opening);
      opening = undefined;
      if (event.type === "progress") reporter.update(event.progress);
      else if (!kept) rejects.write(event.rejections);
    }
    const summary = inWords(settledCancel(await run.summary), kept);
    // Those told to processes before this one are stored, too.
    // A run that did not start, or is another process's now, has no report of its own.
    if (kept && summary.read > 0 && summary.stop?.category !== "checkpoint") await writeStored(kept.store, rejects);
    return summary;
  } finally {
    stopListening();
    reporter.end();
    rejects.close();
  }
}

/** What becomes of the run that was found; nothing when there was none. */
function openingSentence({ folder, goesOn, givesUp }: KeptRun): string | undefined {
  if (goesOn) return `Going on with the run in the folder "${folder}".`;
  return givesUp ? `The run in the folder "${folder}" is given up; this one begins anew.` : undefined;
}

/** A cancel while the account is still being read comes as a stop; nobody has to act on it. */
function settledCancel(summary: ExportSummary): ExportSummary {
  const { stop, ...rest } = summary;
  return stop?.code === "cancelled" ? { ...rest, result: "cancelled" } : summary;
}

function inWords(summary: ExportSummary, kept: KeptRun | undefined): ExportSummary {
  return kept && summary.stop ? { ...summary, stop: inWordsOf(kept, summary.stop) } : summary;
}

function cancel(canceller: AbortController, opened: OpenedSource, reporter: Reporter | undefined, quiet: boolean): void {
  const sentence = "Stopping: nothing new is sent; waiting for what the account has taken. Ctrl-C again quits at once.";
  reporter?.stopping();
  if (quiet || !reporter) complain([sentence]);
  else reporter.say(sentence);
  canceller.abort();
  opened.cancel();
}

function quit(reporter: Reporter | undefined, rejects: RejectsFile, kept: KeptRun | undefined): void {
  reporter?.end();
  rejects.close();
  const unknown = "What became of the profiles that the account had already taken is not known.";
  complain(wrap(`Quit. ${kept ? goOnSentence(kept) : unknown}`, widthOf(process.stderr)));
}

function goOnSentence({ folder }: KeptRun, restarted = false): string {
  if (restarted) return `The run is kept in the folder "${folder}": the same command without --restart goes on with it.`;
  return `The run is kept in the folder "${folder}": the same command goes on with it, and with --restart it begins anew.`;
}

function sizeOf(source: Source): number | undefined {
  return typeof source === "object" && "sizeBytes" in source ? source.sizeBytes : undefined;
}

/** A run that was stopped before it read anything has only its reason to tell. */
function worthTelling({ result, read }: ExportSummary): boolean {
  return result !== "blocked" || read > 0;
}

function readToItsEnd({ result }: ExportSummary): boolean {
  return result !== "blocked" && result !== "cancelled";
}

/** What went wrong, on standard error. */
function tellTroubles({ stop, batches }: ExportSummary, rejects: RejectsFile, options: RunOptions): void {
  const colors = colorsOf(process.stderr);
  const width = widthOf(process.stderr);
  const what = batches === 0 ? "The export did not start" : "The export stopped";
  if (stop) complain(["", ...stopLines(stop, { ...options, what }, colors, width)]);
  if (rejects.trouble !== undefined) {
    const told = `${rejects.trouble} The counts are right, the file is not complete. Run it again with --rejects and another file to get every row.`;
    complain(["", ...wrap(told, width).map((line) => colors.red(line))]);
  }
}

function exitOf({ result, stop }: ExportSummary, rejects: RejectsFile): number {
  if (stop) return exitOfStop(stop);
  if (result === "cancelled" || result === "blocked") return EXIT.stopped;
  if (rejects.trouble !== undefined) return EXIT.stopped;
  return result === "succeeded" ? EXIT.done : EXIT.rejected;
}
