/** Rejected rows as they are told: the columns of the command's file, one JSON object a line. */
import { REJECTED_COLUMNS, rejectedCells } from "../csv.js";
import { rules } from "../definition.js";
import type { Rejection } from "../types.js";

const encoder = new TextEncoder();

const REPLACED = { code: "rows_replaced", detail: "A new run has put its rows in the place of these: the rest is gone.", remedy: "Ask for the rows of the new run; read them before the next start." };

/**
 * A stream of rows. Whoever reads so slowly that a new run takes their place must not take what they have for all of them:
 * a last line of another form says so. `replaced` tells how often that came about.
 */
export function rejectedRows(rows: AsyncIterable<Rejection>, replaced: () => number): Response {
  const remedies = new Map(rules().map(({ code, remedy }) => [code, remedy]));
  const reading = rows[Symbol.asyncIterator]();
  const before = replaced();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (replaced() !== before) {
        // As a line: that a stream broke off does not reach every caller.
        controller.enqueue(line(REPLACED));
        return controller.close();
      }
      const { done, value } = await reading.next();
      if (done) controller.close();
      else controller.enqueue(line(row(value, remedies)));
    },
  });
  return new Response(stream, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
}

/** Rows as they are kept, one a line: for the service, which opens what is sealed. */
export function keptRows(rows: AsyncIterable<Rejection>): Response {
  const reading = rows[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reading.next();
      if (done) controller.close();
      else controller.enqueue(line(value));
    },
  });
  return new Response(stream);
}

function line(value: unknown): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}

function row(rejection: Rejection, remedies: ReadonlyMap<string, string>): Record<string, unknown> {
  const cells = rejectedCells(rejection, remedies);
  // All keys in every row, as in a file of columns.
  return Object.fromEntries(REJECTED_COLUMNS.map((column, at) => [column, cells[at] ?? null]));
}
