/** Text on its way into the core. */

const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Whether UTF-8 can hold a text: half of a surrogate pair would silently become another letter. */
export function isWellFormed(text: string): boolean {
  const quick = (text as { isWellFormed?: () => boolean }).isWellFormed;
  return quick === undefined ? text.search(LONE) === -1 : quick.call(text);
}

/** Text as UTF-8. A pair of surrogates may come in two items. */
export class TextPieces {
  readonly #encoder = new TextEncoder();
  /** The first half of a pair, when it ended an item. */
  #held = "";

  get isHeld(): boolean {
    return this.#held !== "";
  }

  /** An item in pieces of at most so many bytes. */
  *pieces(item: string, most: number): Generator<Uint8Array> {
    // Three bytes for each letter at most; one may be held from before.
    const letters = Math.floor(most / 3) - 1;
    for (let at = 0; at < item.length; at += letters) {
      const part = this.#held + item.slice(at, at + letters);
      const last = part.charCodeAt(part.length - 1);
      this.#held = last >= 0xd800 && last <= 0xdbff ? part.slice(-1) : "";
      yield this.#encode(this.isHeld ? part.slice(0, -1) : part);
    }
  }

  rest(): Uint8Array {
    const rest = this.#encode(this.#held);
    this.#held = "";
    return rest;
  }

  /** Half a pair has no UTF-8. Its own number in UTF-8's manner is not valid: its record is rejected, and not sent with another letter. */
  #encode(text: string): Uint8Array {
    const bytes = this.#encoder.encode(text);
    if (isWellFormed(text)) return bytes;
    let [from, at] = [0, 0];
    for (const { index, 0: letter } of text.matchAll(LONE)) {
      at += this.#encoder.encode(text.slice(from, index)).byteLength;
      const unit = letter.charCodeAt(0);
      bytes.set([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)], at);
      at += 3;
      from = index + 1;
    }
    return bytes;
  }
}
