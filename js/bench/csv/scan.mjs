// The hand-tuned reading of CSV: fields found by `indexOf` and cut by `slice`, for this one file format.
import { contactsTo } from "../hand-tuned.mjs";
import { eachChunk } from "../source.mjs";

const COMMA = 44;
const QUOTE = 34;
const LINE_FEED = 10;

// What JSON escapes and a bare CSV value of a decoded file can hold.
const ESCAPABLE = /[^\n\r -[\]-\uffff]/;

export async function scanned(path, sink, form) {
  const { cells, take: takeRow, end: endRows } = contactsTo(sink, form);
  let header = true;

  // Takes the complete rows of `text` and returns what is left of it.
  const take = (text, last) => {
    const bareIsClean = !ESCAPABLE.test(text);
    let line = 0;
    while (line < text.length) {
      let at = line;
      let clean = bareIsClean;
      for (let column = 0; column < 12; column++) {
        let end;
        if (text.charCodeAt(at) === QUOTE) {
          const from = at + 1;
          let doubled = false;
          end = text.indexOf('"', from);
          while (end !== -1 && text.charCodeAt(end + 1) === QUOTE) {
            doubled = true;
            end = text.indexOf('"', end + 2);
          }
          if (end === -1 || (end + 1 === text.length && !last)) return text.slice(line);
          if (column !== 1) {
            const cell = text.slice(from, end);
            cells[column] = doubled ? cell.replaceAll('""', '"') : cell;
            clean = false;
          }
          end += 1;
        } else {
          end = text.indexOf(column === 11 ? "\n" : ",", at);
          if (end === -1) {
            if (!last || column !== 11) return text.slice(line);
            end = text.length;
          }
          if (column !== 1) cells[column] = text.slice(at, end);
        }
        at = end + 1;
      }
      const closing = text.charCodeAt(at - 1);
      if (closing === COMMA) throw new Error(`a row has more than 12 cells`);
      if (closing !== LINE_FEED && at <= text.length) throw new Error(`a row goes on after a quoted cell`);
      line = at;
      if (header) header = false;
      else takeRow(clean);
    }
    return "";
  };

  let rest = "";
  eachChunk(path, form.decode, (text) => {
    rest = take(rest === "" ? text : rest + text, false);
  });
  take(rest, true);
  endRows();
}
