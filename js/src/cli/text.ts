/** Text on a terminal: width, wrapping, tables, numbers; no escape sequence gets through from outside. */
import { Writable } from "node:stream";
import picocolors from "picocolors";

/** Colours for one stream: a terminal that wants them. */
export type Colors = ReturnType<typeof picocolors.createColors>;

/** A stream as the command writes to it. */
export type Out = Writable & { isTTY?: boolean; columns?: number };

/** NO_COLOR and FORCE_COLOR first, then whether this very stream is a terminal. */
export function colorsOf(stream: Out): Colors {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  return picocolors.createColors(!NO_COLOR && (Boolean(FORCE_COLOR) || (stream.isTTY === true && TERM !== "dumb")));
}

/** Lines longer than this are hard to read, however wide the window is. */
const READABLE = 100;

/** Columns to write in. */
export function widthOf(stream: Out): number {
  return Math.max(30, Math.min(stream.columns ?? READABLE, READABLE));
}

/** Control characters and the marks that turn writing around: both can disguise what a terminal shows. */
const UNSAFE = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Text from a file, an account or an argument, made safe to show on one line. */
export function clean(text: string): string {
  return text.replace(UNSAFE, " ");
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const NARROWLESS = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Columns that a text without colours takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const letter of text) columns += NARROWLESS.test(letter) ? 0 : WIDE.test(letter) ? 2 : 1;
  return columns;
}

/** The text, cut to so many columns. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = "";
  for (const letter of text) {
    if (columnsOf(kept + letter) > columns - 1) break;
    kept += letter;
  }
  return `${kept}…`;
}

export function padded(text: string, columns: number, right = false): string {
  const blanks = " ".repeat(Math.max(0, columns - columnsOf(text)));
  return right ? blanks + text : text + blanks;
}

/** Lines of at most so many columns; a longer word stays whole, so that it can be copied. Lines of the text keep their indent. */
export function wrap(text: string, columns: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(line, columns));
}

function wrapLine(text: string, columns: number): string[] {
  const indent = /^ */u.exec(text)?.[0] ?? "";
  const lines: string[] = [];
  let line = "";
  for (const word of text.slice(indent.length).split(" ")) {
    if (line !== "" && indent.length + columnsOf(line) + 1 + columnsOf(word) > columns) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, indent + line];
}

/** A label and a text beside it, which wraps under itself. */
export function beside(label: string, text: string, width: number, indent = "  "): string[] {
  const room = width - columnsOf(indent) - columnsOf(label);
  // In a narrow window the text goes below its label.
  if (room < 24 && columnsOf(text) > room) return [indent + label.trimEnd(), ...wrap(text, width - 4).map((line) => `${indent}  ${line}`)];
  const blanks = " ".repeat(columnsOf(label));
  return wrap(text, room).map((line, index) => indent + (index === 0 ? label : blanks) + line);
}

export interface Column {
  title: string;
  /** Numbers stand to the right. */
  right?: boolean;
  /** What is cut first where there is no room. */
  soft?: boolean;
}

/** Columns are not cut below this. */
const NARROWEST = 8;

/** An aligned table. With a width, cells that do not fit are cut, first in soft columns, then in the widest. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], colors: Colors, width?: number): string[] {
  const all = [columns.map(({ title }) => title), ...rows.map((row) => row.map(clean))];
  const widths = columns.map((_, index) => Math.max(...all.map((row) => columnsOf(row[index] ?? ""))));
  const spare = (): number => (width ?? Infinity) - 2 * widths.length - widths.reduce((sum, each) => sum + each, 0);
  while (spare() < 0) {
    const soft = columns.findIndex((column, index) => column.soft === true && (widths[index] ?? 0) > NARROWEST);
    const chosen = soft >= 0 ? soft : widths.indexOf(Math.max(...widths));
    if ((widths[chosen] ?? 0) <= NARROWEST) break;
    widths[chosen] = (widths[chosen] ?? 0) - 1;
  }
  const line = (row: readonly string[]): string =>
    `  ${columns.map(({ right }, index) => padded(cut(row[index] ?? "", widths[index] ?? 0), widths[index] ?? 0, right)).join("  ")}`.trimEnd();
  return all.map((row, index) => (index === 0 ? colors.dim(line(row)) : line(row)));
}

const numbers = new Intl.NumberFormat("en-US");

/** 1,234,567 */
export function count(value: number): string {
  return numbers.format(value);
}

/** "1 profile", "2,000 profiles". */
export function many(value: number, word: string, words = `${word}s`): string {
  return `${count(value)} ${value === 1 ? word : words}`;
}

/** "0.4 s", "12 s", "3 min 20 s", "1 h 5 min". */
export function duration(millis: number): string {
  const seconds = Math.round(millis / 1_000);
  if (millis < 9_950) return `${(millis / 1_000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What is left, no more exact than it can be known. */
export function timeLeft(millis: number): string {
  const seconds = millis / 1_000;
  if (seconds < 10) return "a few seconds left";
  if (seconds < 85) return `about ${Math.ceil(seconds / 10) * 10} s left`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `about ${minutes} min left` : `about ${(minutes / 60).toFixed(1)} h left`;
}
