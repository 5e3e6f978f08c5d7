/** What every command has: its two streams, and one way to end badly. */
import { ExportError } from "../entry/node.js";
import { CommandError, EXIT, exitOfStop } from "./errors.js";
import { type StopPlace, stopLines, stopOf } from "./stop.js";
import { clean, colorsOf, widthOf, wrap } from "./text.js";

/** Writes lines to standard output. */
export function print(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
}

/** Writes lines to standard error. */
export function complain(lines: readonly string[]): void {
  if (lines.length > 0) process.stderr.write(`${lines.join("\n")}\n`);
}

/** The only thing on standard output with `--json`. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Says so when the account takes its time. */
export async function patiently<T>(answer: Promise<T>): Promise<T> {
  const timer = setTimeout(() => complain(["Waiting for the account to answer."]), 3_000);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}

/** How an error is told. */
export interface Telling extends StopPlace {
  /** What goes around the stop in JSON; without it no JSON is wanted. */
  json?: ((stop: { code: string; message: string; remedy?: string }) => unknown) | undefined;
}

/** Runs a command; an expected error becomes sentences and an exit status. */
export async function ending(telling: Telling, command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    const colors = colorsOf(process.stderr);
    const width = widthOf(process.stderr);
    if (error instanceof ExportError) {
      const stop = stopOf(error);
      if (telling.json) printJson(telling.json(stop));
      complain(stopLines(stop, telling, colors, width));
      return exitOfStop(stop);
    }
    if (error instanceof CommandError) {
      const { message, remedy } = error;
      if (telling.json) printJson(telling.json({ code: "usage", message, ...(remedy === undefined ? {} : { remedy }) }));
      complain([...wrap(message, width).map((line) => colors.red(line)), ...(remedy === undefined ? [] : wrap(remedy, width))]);
      return error.exitCode;
    }
    throw error;
  }
}

/** A defect of this program: the one case in which a trace of the stack helps. */
export function tellDefect(error: unknown): number {
  const shown = error instanceof Error ? error : new Error(String(error));
  const trace = (shown.stack ?? "").split("\n").filter((line) => /^\s+at /u.test(line)).slice(0, 6);
  complain([`This is a defect of activecampaign-export: ${clean(`${shown.name}: ${shown.message}`).slice(0, 300)}`, ...trace, "Please report these lines."]);
  return EXIT.stopped;
}
