/** The first bytes of a source, kept as they pass. */
export class Sample {
  readonly #chunks: Uint8Array[] = [];
  #whole = false;

  async *of(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      this.#chunks.push(chunk.slice());
      yield chunk;
    }
    this.#whole = true;
  }

  /** Whole lines of it; a record that is cut within a line break of its own is one bad record. */
  lines(): Uint8Array {
    const bytes = Buffer.concat(this.#chunks);
    const end = this.#whole ? -1 : bytes.lastIndexOf(10);
    // A last line without its end may be only half of one; where it is all there is, it is a header.
    return end < 0 ? bytes : bytes.subarray(0, end + 1);
  }
}
