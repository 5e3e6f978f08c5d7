/** `check`: a dry run. Nothing is sent; with a key the account is read, so that titles and options are checked too. */
import { ExportError, describeAccount, preview, rules } from "../entry/node.js";
import type { Account, Preview } from "../types.js";
import { accountName, findConnection } from "./connect.js";
import { EXIT } from "./errors.js";
import { openProfiles } from "./files.js";
import { ending, patiently, print, printJson } from "./output.js";
import { RejectsFile } from "./rejects.js";
import { type SegmentOptions, definitionOf } from "./run.js";
import { atSandbox, stopOf } from "./stop.js";
import { bucketLines, omissionLines, rejectsSentence, ruleLines } from "./summary.js";
import { type Colors, beside, clean, colorsOf, count, many, widthOf, wrap } from "./text.js";

export interface CheckOptions extends SegmentOptions {
  offline?: boolean;
}

/** What was held against the account, or why nothing was. */
type Against = { name: string; account: Account } | { missing: string };

export function checkCommand(options: CheckOptions): Promise<number> {
  const json = options.json === true ? (stop: unknown) => ({ stop }) : undefined;
  return ending({ ...options, what: "The check failed", json }, async () => {
    const definition = definitionOf(options);
    const rejects = options.rejects === undefined ? undefined : new RejectsFile(options.rejects, rules(), [options.source, options.definition]);
    const opened = await openProfiles(options.source);
    const against = await readAccount(options, definition);
    const result = await preview({
      definition,
      source: opened.source,
      allowedHosts: options.allowHost ?? [],
      ...("account" in against ? { account: against.account } : {}),
      ...(options.reveal === true ? { reveal: true } : {}),
      ...(rejects ? { onRejections: (rejections) => rejects.write(rejections) } : {}),
    });
    rejects?.close();
    if (rejects?.trouble !== undefined) process.stderr.write(`${rejects.trouble}\n`);
    else rejects?.removeStale();
    if (options.json === true) {
      const account = "account" in against ? { checked: true } : { checked: false, reason: against.missing };
      printJson({ ...result, account, ...(rejects && rejects.rows > 0 ? { rejectsFile: rejects.path, rejectsRows: rejects.rows } : {}) });
    } else {
      const colors = colorsOf(process.stdout);
      const width = widthOf(process.stdout);
      print(previewLines(result, options.definition, opened.name, colors, width));
      print(againstLines(result, against, String(definition.list), colors, width));
      print(rowsLines(rejects, options, width));
    }
    if (rejects?.trouble !== undefined) return EXIT.stopped;
    return result.rejected > 0 ? EXIT.rejected : EXIT.done;
  });
}

async function readAccount(options: CheckOptions, definition: unknown): Promise<Against> {
  if (options.offline === true) return { missing: "--offline was given" };
  const connection = findConnection(options, definition);
  if ("missing" in connection) return connection;
  try {
    return { name: accountName(connection, definition), account: await patiently(describeAccount(connection)) };
  } catch (error) {
    if (!(error instanceof ExportError)) throw error;
    const stop = atSandbox(stopOf(error), options.sandbox);
    throw new ExportError({ ...stop, remedy: `${stop.remedy} To check without the account, add --offline.` });
  }
}

function previewLines(result: Preview, definition: string, source: string, colors: Colors, width: number): string[] {
  const { read, accepted, rejected } = result;
  const part = accepted === read && read > 1 ? `all ${many(read, "profile")}` : `${count(accepted)} of ${many(read, "profile")}`;
  const found = `${part} would be sent${rejected > 0 ? `, ${count(rejected)} rejected` : ""}.`;
  const sentence = `Dry run of ${clean(definition)} over ${source}: ${found} Nothing was sent.`;
  const buckets = [
    { label: "read", value: read },
    { label: "would be sent", value: accepted },
    { label: "rejected", value: rejected },
    { label: "duplicate", value: result.duplicate, meaning: "same address as an earlier profile" },
    { label: "excluded", value: result.excluded, meaning: "no consent; would not be sent" },
    { label: "bulk requests", value: result.batches, meaning: `${minutes(result.minutes)} at the account's pace` },
  ];
  return [
    ...wrap(sentence, width).map((line) => (rejected > 0 ? colors.yellow : colors.green)(colors.bold(line))),
    "",
    ...bucketLines(buckets, colors, width),
    ...ruleLines(result.rejectedByRule, rules(), colors, width),
    ...omissionLines(result.omissions, "Values that would be left out of contacts", colors, width),
    "",
  ];
}

function minutes(value: number): string {
  const whole = Math.ceil(value);
  return value < 1 ? "under a minute" : `about ${many(whole, "minute")}`;
}

function againstLines(result: Preview, against: Against, list: string, colors: Colors, width: number): string[] {
  if ("missing" in against) {
    const known = "Whether the list exists, and the titles, types and options of custom fields, were not checked";
    return beside("Account  ", `${known}: ${against.missing}.`, width, "");
  }
  const { name, account } = against;
  const title = account.lists.find(({ id }) => String(id) === list)?.name ?? "";
  const checked = `Checked against ${name}: list ${clean(list)} is "${clean(title)}"; the custom fields are there.`;
  const lines = beside("Account  ", checked, width, "");
  const { contactLimit } = account;
  const room = contactLimit === undefined ? Infinity : Math.max(0, contactLimit.limit - contactLimit.used);
  if (contactLimit === undefined || room >= result.accepted) return lines;
  const plan = `The plan includes ${many(contactLimit.limit, "contact")} and has room for ${count(room)} more`;
  const limit = `${plan}: not all of these fit, unless enough of them are in the account already.`;
  return [...lines, ...beside("Limit    ", limit, width, "").map((line) => colors.yellow(line))];
}

function rowsLines(rejects: RejectsFile | undefined, { reveal }: CheckOptions, width: number): string[] {
  if (rejects === undefined || rejects.rows === 0) return [];
  const { path, rows, duplicates } = rejects;
  return beside("Rows     ", rejectsSentence({ path, rows, duplicates, revealed: reveal === true, staleRemoved: false }), width, "");
}
