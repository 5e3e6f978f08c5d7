/** Reads a dropped file with the same core as an export: columns, suggestions, dry run and the first contacts. Off the page's thread. */
import { withDateOrders } from "../../src/date-order.js";
import { wholeRecords } from "../../src/source/whole.js";
import type { Account, EncodeSummary, ExportDefinition, Mapping, Rejection, Suggestion } from "../../src/types.js";

// Not imported at the top: while a module waits for another, questions that come meanwhile are lost.
const core = import("activecampaign-export");

export type Question =
  | { id: number; kind: "columns"; file: Blob; account?: Account }
  | { id: number; kind: "dry run"; file: Blob; mapping: Mapping; list: number; account?: Account };

export interface Columns {
  columns: string[];
  mapping: Partial<Mapping>;
  suggestions: Suggestion[];
  /** Fields whose days may be read in several orders: a person must say which. */
  unsure?: string[];
}

/** A contact as ActiveCampaign will get it. */
export type Arriving = Record<string, unknown>;

export interface DryRun {
  summary: EncodeSummary;
  contacts: Arriving[];
  rejected: (Rejection & { remedy: string })[];
}

export type Reply = { id: number; columns: Columns } | { id: number; dryRun: DryRun } | { id: number; failure: { message: string; remedy: string } };

/** Shown of each. */
const SHOWN = 10;

self.onmessage = async ({ data }: MessageEvent<Question>) => {
  try {
    self.postMessage(data.kind === "columns" ? { id: data.id, columns: await columnsOf(data) } : { id: data.id, dryRun: await dryRun(data) });
  } catch (error) {
    const { message, remedy = "" } = error as { message: string; remedy?: string };
    self.postMessage({ id: data.id, failure: { message, remedy } });
  }
};

/** Bytes from which the order of days is guessed. */
const DAY_BYTES = 256 * 1024;

async function columnsOf({ file, account }: Extract<Question, { kind: "columns" }>): Promise<Columns> {
  const { preview, readColumns, suggestMapping } = await core;
  const columns = await readColumns(file);
  const { mapping, suggestions } = suggestMapping(columns, account);
  if (!account) return { columns, mapping, suggestions };
  const start = new Uint8Array(await file.slice(0, DAY_BYTES).arrayBuffer());
  return { columns, suggestions, ...(await withDateOrders(mapping, account, start.byteLength < DAY_BYTES ? start : wholeRecords(start), preview)) };
}

async function dryRun({ file, mapping, list, account }: Extract<Question, { kind: "dry run" }>): Promise<DryRun> {
  const { encodeBatches, preview, rules } = await core;
  const definition: ExportDefinition = { version: 1, list, mapping };
  const remedies = new Map(rules().map(({ code, remedy }) => [code, remedy]));
  const rejected: DryRun["rejected"] = [];
  const onRejections = (rejections: Rejection[]): void => {
    for (const each of rejections) if (rejected.length < SHOWN) rejected.push({ ...each, remedy: remedies.get(each.rule) ?? "" });
  };
  // The file is this person's own, and stays on the computer: what is wrong in it may be seen.
  const known = account ? { account } : {};
  const summary = await preview({ definition, source: file, onRejections, reveal: true, ...known });
  const contacts: Arriving[] = [];
  if (account) {
    for await (const { body } of encodeBatches({ definition, source: file, account })) {
      contacts.push(...(JSON.parse(new TextDecoder().decode(body)) as { contacts: Arriving[] }).contacts.slice(0, SHOWN));
      break;
    }
  }
  return { summary, contacts, rejected };
}
