// The file of rejected rows is opened in spreadsheets: whatever is in a cell comes back as it was, and none of it
// can be taken for a formula. By property, read back with an independent parser.
import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { part } from "./helpers.mjs";

const { csvLine, defused } = await part("../csv.js");
const { jsonPlace } = await part("json-place.js");

const nasty = fc.stringOf?.(fc.constantFrom(..."=+-@\t\r\n\0\"', ;|a1é\u{1f600}\ufeff＝")) ?? fc.string({ unit: fc.constantFrom(..."=+-@\t\r\n\0\"', ;|a1é", "\u{1f600}", "\ufeff", "＝") });
const cell = fc.oneof(nasty, fc.string(), fc.string({ unit: "binary" }));
const row = fc.array(cell, { minLength: 1, maxLength: 9 });

/** What the writer may have put in front. */
const undone = (read, written) => (read === `'${written}` ? written : read);

test("cells come back as they were, but for the apostrophe in front", () => {
  fc.assert(fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
    const text = rows.map(csvLine).join("");
    const read = parse(text, { relax_column_count: true, record_delimiter: "\n", bom: false });
    assert.deepEqual(read.map((cells, at) => cells.map((each, index) => undone(each, rows[at][index]))), rows);
  }), { numRuns: 2_000 });
});

test("no cell begins like a formula, whatever stands before", () => {
  fc.assert(fc.property(cell, (text) => {
    const safe = defused(text);
    assert.doesNotMatch(safe, /^[=+\-@\t\r\n\0]/u);
    // Nor after what a spreadsheet may drop: blanks and quotes; the apostrophe in front is what stops it.
    if (/^["\s\0]*[=+\-@]/u.test(text)) assert.equal(safe, `'${text}`);
  }), { numRuns: 5_000 });
  for (const each of ["=1+1", "+49", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", '"=1', '" =1', "\0=1", "＝1", "'=1", "\ufeff=1"]) {
    assert.equal(defused(each), `'${each}`, JSON.stringify(each));
  }
  for (const each of ["", "a", "1=1", "a@b", "'", '"quoted"', "O'Neil", "  text"]) assert.equal(defused(each), each);
});

test("defusing loses nothing: two cells never become one", () => {
  fc.assert(fc.property(cell, (text) => {
    const safe = defused(text);
    // A cell that was left alone never looks like one that was defused.
    if (safe === text && text.startsWith("'")) assert.equal(defused(text.slice(1)), text.slice(1));
  }), { numRuns: 5_000 });
});

test("every cell is quoted, every line ends with LF, blanks are empty cells", () => {
  assert.equal(csvLine(["a", 1, undefined, 'say "x"']), '"a","1","","say ""x"""\n');
});

test("the place of a JSON mistake is found exactly when there is one", () => {
  const broken = fc.tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", '"', "x", "\n")).map(([text, at, put]) => {
    const index = at % (text.length + 1);
    return text.slice(0, index) + put + text.slice(index + 1);
  });
  fc.assert(fc.property(fc.oneof(fc.json(), broken), (text) => {
    let good = true;
    try {
      JSON.parse(text);
    } catch {
      good = false;
    }
    assert.equal(jsonPlace(text) === undefined, good, text);
  }), { numRuns: 3_000 });
  assert.equal(jsonPlace('{\n  "a": 1,,\n}'), "line 2, column 10");
  assert.equal(jsonPlace('{"a": "x'), "line 1, column 7");
  assert.equal(jsonPlace(""), "line 1, column 1");
});
