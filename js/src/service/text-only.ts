/** Uploads that are no text at all are refused before anything is kept. */
import { joined } from "../bytes.js";
import { ServiceProblem } from "./problem.js";

/** Looked at from the start: text has no NUL, and workbooks begin so. */
const LOOKED_AT = 512;
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const OLD_WORKBOOK = [0xd0, 0xcf, 0x11, 0xe0];

const begins = (bytes: Uint8Array, mark: readonly number[]): boolean => mark.every((byte, at) => bytes[at] === byte);

/** The same bytes. Rejects with `not_text` for a workbook, an archive, UTF-16 or another binary file. */
export async function textOnly(body: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let start = new Uint8Array();
  while (start.byteLength < LOOKED_AT) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    const more = value.subarray(0, LOOKED_AT - start.byteLength);
    start = joined([start, more], start.byteLength + more.byteLength);
  }
  const problem = problemOf(start);
  if (problem) {
    await reader.cancel().catch(() => undefined);
    throw problem;
  }
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const kept = chunks.shift();
      if (kept) return controller.enqueue(kept);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function problemOf(start: Uint8Array): ServiceProblem | undefined {
  if (begins(start, ZIP) || begins(start, OLD_WORKBOOK)) {
    return new ServiceProblem(422, "not_text", "source", "This is a workbook or an archive, not CSV or NDJSON.", "Save it as CSV in UTF-8 (in Excel: CSV UTF-8), and upload that file.");
  }
  if (start.includes(0)) return new ServiceProblem(422, "not_text", "source", "This is no text in UTF-8: it holds a NUL byte.", "Save it as CSV or NDJSON in UTF-8, and upload that file.");
  return undefined;
}
