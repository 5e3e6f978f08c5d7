/** The first profiles of a source, as they stand in it. */
import { openSource } from "../source/open.js";
import { wholeRecords } from "../source/whole.js";
import type { Source } from "../types.js";

/** Bytes of a sample at the most: some two thousand profiles. */
export const SAMPLE_BYTES = 256 * 1024;

/** Its first lines, those of whole records, up to `SAMPLE_BYTES`; a first line that is longer than that, cut. */
export async function firstLines(source: Source): Promise<Uint8Array<ArrayBuffer>> {
  const open = openSource(source);
  const bytes = new Uint8Array(SAMPLE_BYTES);
  let length = 0;
  try {
    for (let chunk = await open.read(); chunk !== null; chunk = await open.read()) {
      const taken = chunk.subarray(0, SAMPLE_BYTES - length);
      bytes.set(taken, length);
      length += taken.byteLength;
      if (length < SAMPLE_BYTES) continue;
      return wholeRecords(bytes).slice();
    }
    return bytes.slice(0, length);
  } finally {
    open.close();
  }
}
