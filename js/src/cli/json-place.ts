/** Where a JSON text breaks. `JSON.parse` tells it in some releases of Node and for some mistakes only. */

const BLANK = /[ \t\r\n]*/y;
/** Anything from the space on, but for quote and backslash. */
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/** Thrown inside this module only: the place is all that matters. */
class Broken extends Error {
  readonly at: number;
  constructor(at: number) {
    super();
    this.at = at;
  }
}

class Scanner {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value();
    if (this.#at < this.#text.length) throw new Broken(this.#at);
  }

  #value(): void {
    this.#take(BLANK);
    const next = this.#text[this.#at];
    if (next === "{") this.#members("}", true);
    else if (next === "[") this.#members("]", false);
    else if (!this.#take(STRING) && !this.#take(NUMBER) && !this.#take(WORD)) throw new Broken(this.#at);
    this.#take(BLANK);
  }

  #members(end: string, named: boolean): void {
    this.#at += 1;
    this.#take(BLANK);
    if (this.#text[this.#at] === end) {
      this.#at += 1;
      return;
    }
    for (;;) {
      if (named) {
        this.#take(BLANK);
        if (!this.#take(STRING)) throw new Broken(this.#at);
        this.#take(BLANK);
        this.#expect(":");
      }
      this.#value();
      if (this.#text[this.#at] === end) break;
      this.#expect(",");
    }
    this.#at += 1;
  }

  #expect(letter: string): void {
    if (this.#text[this.#at] !== letter) throw new Broken(this.#at);
    this.#at += 1;
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (!found) return false;
    this.#at += found[0].length;
    return true;
  }
}

/** "line 3, column 7", or nothing when it cannot be told. */
export function jsonPlace(text: string): string | undefined {
  try {
    new Scanner(text).document();
    return undefined;
  } catch (error) {
    if (!(error instanceof Broken)) return undefined;
    const lines = text.slice(0, error.at).split("\n");
    return `line ${lines.length}, column ${(lines.at(-1) ?? "").length + 1}`;
  }
}
