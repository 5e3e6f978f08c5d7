/** Where records end in the first bytes of a source. Imports nothing, so that a page can have it without the rest. */

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const QUOTE = 0x22;
const BRACE = 0x7b;
const MARK = [0xef, 0xbb, 0xbf];

/** Commas, semicolons, tabs and bars: the first one wins a tie, as where the core recognizes them. */
const DELIMITERS: readonly number[] = [0x2c, 0x3b, 0x09, 0x7c];

/** The records of CSV or NDJSON that are whole in the first bytes of a longer source; all of the bytes, where none is. */
export function wholeRecords<B extends ArrayBufferLike>(bytes: Uint8Array<B>): Uint8Array<B> {
  const end = endOf(bytes);
  return end === 0 ? bytes : bytes.subarray(0, end);
}

function endOf(bytes: Uint8Array): number {
  const lines = bytes.lastIndexOf(LINE_FEED) + 1;
  const start = startOf(bytes);
  // A line of NDJSON is a record, whatever quotes are in it.
  if (start === -1 || bytes[start] === BRACE) return lines;
  const rows = endOfRows(bytes, start);
  // So long a rest is no row, but a quote that is never closed: whoever reads the rows tells of it, and goes on behind it.
  return bytes.byteLength - rows > bytes.byteLength / 2 ? Math.max(rows, lines) : rows;
}

/** The first byte that says something. */
function startOf(bytes: Uint8Array): number {
  const marked = MARK.every((byte, at) => bytes[at] === byte);
  return bytes.findIndex((byte, at) => (!marked || at >= MARK.length) && byte !== 0x20 && byte !== 0x09 && byte !== LINE_FEED && byte !== RETURN);
}

/** Behind the last line end outside quotes. A quote within an unquoted cell is text: it opens one at the start of a cell only. */
function endOfRows(bytes: Uint8Array, start: number): number {
  const counts = DELIMITERS.map(() => 0);
  let delimiter: number | undefined;
  let end = 0;
  let quoted = false;
  // Whether a quote at this byte opens a value, or doubles the one before it.
  let opens = true;
  for (let at = start; at < bytes.byteLength; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      [quoted, opens] = [!quoted && opens, quoted];
    } else if (!quoted) {
      const ends = byte === LINE_FEED || byte === RETURN;
      const found = DELIMITERS.indexOf(byte);
      opens = ends || (delimiter === undefined ? found !== -1 : byte === delimiter);
      if (ends) end = at + 1;
      // The header decides which delimiter it is.
      if (ends) delimiter ??= DELIMITERS[counts.indexOf(Math.max(...counts))];
      else if (delimiter === undefined && found !== -1) counts[found] = (counts[found] ?? 0) + 1;
    }
  }
  return end;
}
