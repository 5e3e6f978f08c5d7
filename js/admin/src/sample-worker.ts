/** Reads a dropped file with the same core as an export: columns, suggestions, dry run and the first contacts. Off the page's thread. */
import type { AccountSchema, EncodeSummary, ExportDefinition, Mapping, Rejection, Suggestion } from "../../src/types.js";

// Not imported at the top: while a module waits for another, questions that come meanwhile are lost.
const core = import("activecampaign-export");

export type Question =
  | { id: number; kind: "columns"; file: Blob; account?: AccountSchema }
  | { id: number; kind: "dry run"; file: Blob; mapping: Mapping; list: number; account?: AccountSchema };

export interface Columns {
  columns: string[];
  mapping: Partial<Mapping>;
  suggestions: Suggestion[];
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

async function columnsOf({ file, account }: Extract<Question, { kind: "columns" }>): Promise<Columns> {
  const { readColumns, suggestMapping } = await core;
  const columns = await readColumns(file);
  return { columns, ...suggestMapping(columns, account) };
}

async function dryRun({ file, mapping, list, account }: Extract<Question, { kind: "dry run" }>): Promise<DryRun> {
  const { encodeBatches, preview, rules } = await core;
  const definition: ExportDefinition = { version: 1, list, mapping };
  const remedies = new Map(rules().map(({ code, remedy }) => [code, remedy]));
  const rejected: DryRun["rejected"] = [];
  const onRejections = (rejections: Rejection[]): void => {
    for (const each of rejections) if (rejected.length < SHOWN) rejected.push({ ...each, remedy: remedies.get(each.rule) ?? "" });
  };
  const known = account ? { account } : {};
  const summary = await preview({ definition, source: file, onRejections, ...known });
  const contacts: Arriving[] = [];
  if (account) {
    for await (const { body } of encodeBatches({ definition, source: file, account })) {
      contacts.push(...(JSON.parse(new TextDecoder().decode(body)) as { contacts: Arriving[] }).contacts.slice(0, SHOWN));
      break;
    }
  }
  return { summary, contacts, rejected };
}
