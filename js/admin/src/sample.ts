/** Asks the worker that reads dropped files. */
import type { Account, Mapping } from "../../src/types.js";
import { Refused } from "./api.js";
import type { Columns, DryRun, Question, Reply } from "./sample-worker.js";
import workerAddress from "./sample-worker.ts?worker&url";
import { t } from "./i18n.js";
import { ownWorker } from "./trust.js";

export type { Arriving, Columns, DryRun } from "./sample-worker.js";

type Asked<K> = Omit<Extract<Question, { kind: K }>, "id" | "kind">;

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, { done: (reply: Reply) => void }>();

function ask(question: Question): Promise<Reply> {
  worker ??= ownWorker(workerAddress);
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    waiting.get(data.id)?.done(data);
    waiting.delete(data.id);
  };
  worker.onerror = () => {
    // Its script did not come: the next question makes another one.
    for (const [id, { done }] of waiting) done({ id, failure: { message: t("match.noReader"), remedy: t("do.retry") } });
    waiting.clear();
    worker = undefined;
  };
  return new Promise((done) => {
    waiting.set(question.id, { done });
    worker?.postMessage(question);
  });
}

function refused({ message, remedy }: { message: string; remedy: string }): Refused {
  return new Refused({ status: 422, code: "source", detail: message, remedy, retryHelps: false });
}

export async function columnsOf(file: Blob, account: Account | undefined): Promise<Columns> {
  const reply = await ask({ id: (last += 1), kind: "columns", file, ...(account ? { account } : {}) } satisfies Asked<"columns"> & { id: number; kind: "columns" });
  if ("columns" in reply) return reply.columns;
  throw refused("failure" in reply ? reply.failure : { message: "", remedy: "" });
}

export async function dryRunOf(file: Blob, mapping: Mapping, list: number, account: Account | undefined): Promise<DryRun> {
  const reply = await ask({ id: (last += 1), kind: "dry run", file, mapping, list, ...(account ? { account } : {}) });
  if ("dryRun" in reply) return reply.dryRun;
  throw refused("failure" in reply ? reply.failure : { message: "", remedy: "" });
}
