/**
 * CSV for people who open it in a spreadsheet. Every cell is quoted, quotes are doubled, lines end with LF, and no
 * cell can be taken for a formula.
 */
import type { Rejection } from "./types.js";

/**
 * What a spreadsheet may run as a formula: `=`, `+`, `-`, `@` (their full-width forms too), TAB, CR, LF or NUL at the
 * start of a cell, also behind quotes and blanks, which some programs drop when they import.
 */
const FORMULA = /^["'\s\0\u200b\u2060\ufeff]*[=+\-@＝＋－＠\t\r\n\0]/u;

/** The cell, with an apostrophe in front where it could be taken for a formula. */
export function defused(cell: string): string {
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

/** The columns of rejected rows, in every file of them. */
export const REJECTED_COLUMNS: readonly string[] = ["row", "line", "offset", "source_id", "field", "rule", "reason", "remedy", "value"];

/** One line, its end included. */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return `${cells.map((cell) => `"${defused(String(cell ?? "")).replaceAll('"', '""')}"`).join(",")}\n`;
}

/** The cells of a rejected row, in the order of its columns. */
export function rejectedCells({ row, line, offset, sourceId, column, rule, reason, value }: Rejection, remedies: ReadonlyMap<string, string>): (string | number | undefined)[] {
  return [row, line, offset, sourceId, column, rule, reason, remedies.get(rule), value];
}
