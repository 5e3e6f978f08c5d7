/**
 * CSV for people who open it in a spreadsheet. Every cell is quoted, quotes are doubled, lines end with LF, and no
 * cell can be taken for a formula.
 */

/**
 * What a spreadsheet may run as a formula: `=`, `+`, `-`, `@` (their full-width forms too), TAB, CR, LF or NUL at the
 * start of a cell, also behind quotes and blanks, which some programs drop when they import.
 */
const FORMULA = /^["'\s\0\u200b\u2060\ufeff]*[=+\-@＝＋－＠\t\r\n\0]/u;

/** The cell, with an apostrophe in front where it could be taken for a formula. */
export function defused(cell: string): string {
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

/** One line, its end included. */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return `${cells.map((cell) => `"${defused(String(cell ?? "")).replaceAll('"', '""')}"`).join(",")}\n`;
}
