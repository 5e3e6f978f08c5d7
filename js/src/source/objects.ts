/**
 * Objects on their way into the core: as lines of JSON or, once the core says which columns it wants, by the values of
 * those alone, which neither the host nor the core must then write and read as JSON. What is not plain data goes as JSON,
 * whose rules then hold.
 */
import { misuse } from "../errors.js";
import { isWellFormed } from "./text.js";

/** The columns whose values are wanted, once the core has told them. */
export interface Joined {
  columns?: string[];
}

/** Objects by their values: each with U+001F behind it, object after object. */
export interface ObjectValues {
  values: string;
  rows: number;
  /** The same objects as lines of JSON, should the core not take the values. */
  lines(): Uint8Array;
}

/** Behind each value; the core's `VALUE_SEPARATOR`. */
const SEPARATOR = "\u001f";

/** As many objects as the core samples for the names of columns: its `NDJSON_SAMPLE_RECORDS`. */
const SAMPLE_ROWS = 100;

/** Objects of one piece: more no longer lower the cost of a crossing. */
const PIECE_ROWS = 256;

/**
 * Letters of one piece: a text of more than 128 KiB, at two bytes a letter, gets memory of its own from V8, which costs
 * half as much again.
 */
const PIECE_LENGTH = 32 * 1024;

/** Letters of one object by its values beyond which JSON's bound of a record decides: its `MAX_RECORD_BYTES` of 1 MiB. */
const OBJECT_LENGTH = 128 * 1024;

type Plain = string | number | boolean | null | undefined;

/**
 * Collects objects to pieces. All that is needed of an object is taken when it is added: whoever gives the objects may
 * use one again and again.
 */
export class ObjectPieces {
  readonly #joined: Joined;
  readonly #encoder = new TextEncoder();
  /** The values of the piece, one after another. */
  readonly #cells: Plain[] = [];
  /** Letters of these values. */
  #length = 0;
  #lines = "";
  #rows = 0;
  /** Whether the prototype of all objects has one of the columns. */
  #inherited = false;

  constructor(joined: Joined) {
    this.#joined = joined;
  }

  get isEmpty(): boolean {
    return this.#rows === 0;
  }

  /** Adds an object; tells whether the piece should be taken. */
  add(object: object): boolean {
    const { columns } = this.#joined;
    if (columns === undefined || this.#lines !== "" || !this.#addValues(object, columns)) {
      // One that is not plain takes its whole piece along.
      if (columns !== undefined && this.#lines === "") {
        this.#lines = linesOf(this.#cells, columns, this.#rows);
        this.#length = 0;
      }
      this.#lines += `${jsonOf(object)}\n`;
    }
    this.#rows += 1;
    const most = columns === undefined ? SAMPLE_ROWS : PIECE_ROWS;
    return this.#rows >= most || this.#length >= PIECE_LENGTH || this.#lines.length >= PIECE_LENGTH;
  }

  /** What was collected. */
  take(): Uint8Array | ObjectValues {
    const { columns = [] } = this.#joined;
    const [lines, rows] = [this.#lines, this.#rows];
    this.#lines = "";
    this.#length = 0;
    this.#rows = 0;
    if (lines !== "") return this.#encoder.encode(lines);
    const cells = this.#cells;
    cells.length = rows * columns.length;
    // One more, so that a separator is behind the last value too.
    cells.push("");
    // To be called before the next object is added.
    const asLines = () => this.#encoder.encode(linesOf(cells, columns, rows));
    // `join` writes each value as JSON does, and nothing for null.
    const values = cells.join(SEPARATOR);
    return isWellFormed(values) ? { values, rows, lines: asLines } : asLines();
  }

  /** Adds the values of an object; `false` when it is not plain data, or a wanted value is no text, number or boolean. */
  #addValues(object: object, columns: string[]): boolean {
    const record = object as Record<string, unknown>;
    if (!isPlain(object) || record["toJSON"] !== undefined) return false;
    if (this.#rows === 0) this.#inherited = columns.some((column) => column in Object.prototype);
    const cells = this.#cells;
    const first = this.#rows * columns.length;
    let length = 0;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] as string;
      // What every object has by its prototype is no value of this one.
      const value = this.#inherited && !Object.hasOwn(record, column) ? undefined : record[column];
      if (typeof value === "string") {
        cells[first + i] = value;
        length += value.length;
      } else if (value === undefined || value === null || typeof value === "boolean") {
        cells[first + i] = value;
      } else if (typeof value === "number") {
        // What is no number for JSON is null there.
        cells[first + i] = Number.isFinite(value) ? value : null;
      } else if (typeof value === "bigint") {
        cells[first + i] = String(value);
      } else return false;
    }
    if (length > OBJECT_LENGTH) return false;
    this.#length += length;
    return true;
  }
}

function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}

/** What is made for something else than to be a record: JSON would make `{}`, a date or numbered bytes of it. */
const NO_RECORD = /^\[object (?!Object\])/;

function jsonOf(object: object): string {
  if (!isPlain(object) && NO_RECORD.test(Object.prototype.toString.call(object)) && !("toJSON" in object && !(object instanceof Date))) {
    throw misuse("source_item", "The source gave an object that is no record, such as a Map, a Date or a buffer.", "Yield Uint8Array, string or plain objects.");
  }
  const json = stringified(object);
  if (json === undefined) throw misuse("source_item", "The source gave an object whose toJSON gives nothing.", "Yield plain objects.");
  return json;
}

function stringified(object: object): string | undefined {
  try {
    return JSON.stringify(object) as string | undefined;
  } catch {
    // A database gives large numbers as bigint, for which JSON has no word; its digits are the value.
    try {
      return JSON.stringify(object, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)) as string | undefined;
    } catch {
      throw misuse("source_item", "The source gave an object that cannot be written as JSON: it holds itself, or a getter of it throws.", "Yield plain objects.");
    }
  }
}

/** Objects of the wanted values alone, as lines of JSON. */
function linesOf(cells: Plain[], columns: string[], rows: number): string {
  let lines = "";
  for (let row = 0; row < rows; row++) {
    // Without a prototype every name is a plain key.
    const record = Object.create(null) as Record<string, Plain>;
    for (const [i, column] of columns.entries()) record[column] = cells[row * columns.length + i];
    lines += `${JSON.stringify(record)}\n`;
  }
  return lines;
}
