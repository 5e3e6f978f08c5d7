/** The end of a run in words: what became of every profile, what was left out, what to do next. */
import type { ExportSummary, Omission, Rule } from "../types.js";
import { type Colors, beside, clean, count, duration, many, padded, wrap } from "./text.js";

/** What the sentences name. */
export interface SummaryPlace {
  /** The account's hostname, or the sandbox. */
  account: string;
  list: string;
  /** Where the rejected rows are mended; nothing where they come from standard input. */
  source: string | undefined;
  /** Whether the same command goes on with a run that was stopped. */
  kept: boolean;
  automationsRun: boolean;
  rejects: { path: string; rows: number; duplicates: number; revealed: boolean; staleRemoved: boolean };
}

/** Result, counts, reasons, omissions and the next step; a stop is described elsewhere. */
export function summaryLines(summary: ExportSummary, place: SummaryPlace, rules: readonly Rule[], colors: Colors, width: number): string[] {
  return [
    ...wrap(resultSentence(summary, place), width).map((line) => resultColor(summary, colors)(colors.bold(line))),
    ...(summary.read > 0 ? ["", ...bucketLines(buckets(summary), colors, width)] : []),
    ...ruleLines(summary.rejectedByRule, rules, colors, width),
    ...omissionLines(summary.omissions, "Values left out of contacts", colors, width),
    ...nextLines(summary, place, width),
  ];
}

function resultSentence(summary: ExportSummary, { account, list }: SummaryPlace): string {
  const { result, read, delivered, rejected, unverified, durationMillis } = summary;
  const time = duration(durationMillis);
  const target = `list ${clean(list)} of ${clean(account)}`;
  const reached = `${count(delivered)} of ${many(read, "profile")} ${delivered === 1 ? "was" : "were"} delivered to ${target}`;
  // Of a source that was not read to its end nobody knows how many profiles it has.
  const partly = `${count(delivered)} of the ${many(read, "profile")} read so far ${delivered === 1 ? "was" : "were"} delivered to ${target}`;
  switch (result) {
    case "succeeded":
      if (delivered === read) return `Done in ${time}: ${read === 1 ? "the only profile was" : `all ${many(read, "profile")} were`} delivered to ${target}.`;
      return `Done in ${time}: ${reached}; none was rejected.`;
    case "completed_with_rejections":
      return `Finished in ${time}: ${reached}, ${count(rejected)} rejected.`;
    case "incomplete":
      return `Finished in ${time}: ${reached}${rejected > 0 ? `, ${count(rejected)} rejected` : ""}; what became of ${count(unverified)} nobody can say.`;
    case "cancelled":
      return read === 0 ? `Cancelled after ${time}: nothing was sent.` : `Cancelled after ${time}: ${partly}.`;
    case "blocked":
      return read === 0 || summary.batches === 0 ? `Stopped after ${time}: nothing was sent.` : `Stopped after ${time}: ${partly}.`;
  }
}

function resultColor({ result }: ExportSummary, colors: Colors): (text: string) => string {
  if (result === "succeeded") return colors.green;
  return result === "blocked" ? colors.red : colors.yellow;
}

/** A bucket of profiles, with what it means. */
export interface Bucket {
  label: string;
  value: number;
  meaning?: string;
}

function buckets(summary: ExportSummary): Bucket[] {
  const { pending, queued, result } = summary;
  const ended = result === "cancelled" || result === "blocked";
  return [
    { label: "read", value: summary.read },
    { label: "delivered", value: summary.delivered },
    { label: "rejected", value: summary.rejected },
    { label: "duplicate", value: summary.duplicate, meaning: "same address as an earlier profile" },
    { label: "excluded", value: summary.excluded, meaning: "no consent; not sent" },
    { label: "unchanged", value: summary.unchanged, meaning: "nothing new; not sent" },
    { label: "unverified", value: summary.unverified, meaning: "sent, and no answer says what became of them" },
    { label: "queued", value: queued, meaning: "taken by the account, outcome not known" },
    { label: "not sent", value: pending, ...(ended ? { meaning: "read before the end came" } : {}) },
    { label: "sent again", value: summary.resent, meaning: "contacts that had to go out more than once" },
    { label: "requests", value: summary.requests },
  ];
}

/** Counts, aligned; those that are zero are left out, but for what was read and delivered. */
export function bucketLines(all: readonly Bucket[], colors: Colors, width: number): string[] {
  const shown = all.filter(({ value }, index) => value > 0 || index < 2);
  const digits = Math.max(...shown.map(({ value }) => count(value).length));
  const letters = Math.max(...shown.map(({ label }) => label.length));
  return shown.flatMap(({ label, value, meaning }) => {
    const number = `  ${padded(label, letters)}  ${padded(count(value), digits, true)}`;
    if (meaning === undefined) return [number];
    const fits = number.length + meaning.length + 3 <= width;
    return fits ? [`${number}   ${colors.dim(meaning)}`] : [number, ...wrap(meaning, width - 4).map((line) => `    ${colors.dim(line)}`)];
  });
}

/** Rejected profiles by rule, the commonest first, each with reason and remedy. */
export function ruleLines(byRule: Readonly<Record<string, number>>, rules: readonly Rule[], colors: Colors, width: number): string[] {
  const entries = Object.entries(byRule).sort(([, one], [, other]) => other - one);
  if (entries.length === 0) return [];
  const texts = new Map(rules.map((rule) => [rule.code, rule]));
  const digits = Math.max(...entries.map(([, value]) => count(value).length));
  const lines = ["", colors.bold("Rejected, and why")];
  for (const [code, value] of entries) {
    const rule = texts.get(code);
    lines.push(...beside(`${padded(count(value), digits, true)}  `, rule?.reason ?? code, width));
    const remedy = rule === undefined ? [] : beside(" ".repeat(digits + 2), rule.remedy, width);
    lines.push(...remedy.map((line) => colors.dim(line)));
  }
  return lines;
}

/** Values that were left out of contacts which go out all the same. */
export function omissionLines(omissions: readonly Omission[], title: string, colors: Colors, width: number): string[] {
  if (omissions.length === 0) return [];
  const sorted = [...omissions].sort((one, other) => other.count - one.count);
  const digits = Math.max(...sorted.map((each) => count(each.count).length));
  const lines = ["", colors.bold(title)];
  for (const each of sorted) {
    const text = `${clean(each.target)}: ${clean(each.reason)}; the first in row ${count(each.firstRow)}`;
    lines.push(...beside(`${padded(count(each.count), digits, true)}  `, text, width));
  }
  return lines;
}

/** Where the rows are, in one sentence. */
export function rejectsSentence({ path, rows, duplicates, revealed }: SummaryPlace["rejects"]): string {
  const mixed = `${many(rows, "row")}, ${many(duplicates, "duplicate")} among them`;
  const what = duplicates === 0 ? many(rows, "row") : duplicates === rows ? many(rows, "duplicate") : mixed;
  return `${clean(path)} (${what}; ${revealed ? "values in full: treat it as personal data" : "values hidden, --reveal shows them"})`;
}

function nextLines(summary: ExportSummary, place: SummaryPlace, width: number): string[] {
  const lines: string[] = [];
  const add = (label: string, text: string): number => lines.push(...beside(padded(label, 6), text, width, ""));
  if (place.rejects.rows > 0) add("Rows", rejectsSentence(place.rejects));
  if (place.rejects.staleRemoved) add("Rows", `none rejected; ${clean(place.rejects.path)} of an earlier run was removed`);
  const again = place.automationsRun ? "automations run again for contacts that are sent again" : "contacts that are there already are only updated";
  if (summary.unverified > 0) add("Next", `Run it again: ${again}.`);
  // Of a run that is kept another sentence says how it goes on.
  else if (summary.result === "cancelled" && !place.kept) add("Next", `Run it again to send the rest: ${again}.`);
  else if (summary.result === "completed_with_rejections") add("Next", `Correct the rejected rows ${place.source === undefined ? "where they come from" : `in ${clean(place.source)}`} and run it again: ${again}.`);
  return lines.length > 0 ? ["", ...lines] : [];
}
