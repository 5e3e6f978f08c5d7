/** The profiles that were not delivered: by reason, as rows, and as a file. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Run } from "../../../src/service/documents.js";
import type { Omission, Rejection } from "../../../src/types.js";
import { bytesOf, type Problem, streamOf } from "../api.js";
import { number, t, time } from "../i18n.js";
import { useMe } from "../me.js";
import { InEnglish, Said } from "../said.js";
import { problemOf, Trouble, useData, useWork } from "../ui.js";
import { omissionWords, ruleWords, type Words } from "../words.js";
import { ReasonBars } from "./chart.js";

type Row = Rejection & { remedy?: string; segment: string };

/** Rows shown at first, and more each time. */
const SHOWN = 100;

const pathOf = (id: string, format: "csv" | "ndjson"): string => `runs/${id}/rejections?format=${format}`;

/** The first rows; the rest is not read. */
async function firstRows(id: string, most: number): Promise<Row[]> {
  const rows: Row[] = [];
  let text = "";
  const reader = (await streamOf(pathOf(id, "ndjson"))).pipeThrough(new TextDecoderStream()).getReader();
  while (rows.length < most) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (text + value).split("\n");
    text = lines.pop() ?? "";
    rows.push(...lines.map((line) => JSON.parse(line) as Row));
  }
  await reader.cancel();
  return rows.slice(0, most);
}

export function Rejected({ run, ended }: { run: Run; ended: boolean }): JSX.Element | null {
  const me = useMe();
  const [rows, setRows] = useState<Row[]>([]);
  const [refused, setRefused] = useState<Problem>();
  const [most, setMost] = useState(SHOWN);
  const { busy, problem, run: work } = useWork();
  const counts = rejectedIn(run.parts);
  const some = (run.progress?.rejected ?? 0) + (run.progress?.duplicate ?? 0) > 0;
  const mayRead = me.role === "administrator" || me.role === "contributor";
  useEffect(() => {
    if (ended && some && mayRead) void firstRows(run.id, most).then(setRows, (error: unknown) => setRefused(problemOf(error)));
  }, [run.id, ended, some, most]);
  const words = useRules();
  const all = (run.progress?.rejected ?? 0) + (run.progress?.duplicate ?? 0);
  const download = (): Promise<void> =>
    work(async () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([await bytesOf(pathOf(run.id, "csv"))], { type: "text/csv" }));
      link.download = `rejected-${run.id}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    });
  if (!ended || run.progress === undefined) return null;
  const left = run.parts.flatMap(({ omissions = [] }) => omissions);
  return (
    <section>
      <h2 id="rejected">{t("run.rejected")}</h2>
      {some ? null : <p class="quiet">{t("run.none")}</p>}
      {Object.keys(counts).length === 0 ? null : <><h3>{t("run.reasons")}</h3><ReasonBars counts={counts} words={words} label={t("match.reasons")} /></>}
      {some && refused ? <Trouble problem={refused} /> : null}
      {some && mayRead && !refused ? (
        <>
          {rows.length < all ? <p class="quiet">{t("run.shown", { shown: rows.length, all })}</p> : null}
          <Rows rows={rows} segments={run.parts.length > 1 ? Object.fromEntries(run.parts.map(({ segment, name }) => [segment, name])) : undefined} />
          <p class="row">{rows.length < all && rows.length === most ? <button type="button" onClick={() => setMost(most + SHOWN)}>{t("do.more")}</button> : null}<button type="button" disabled={busy} onClick={() => void download()}>{t("do.download")}</button><span class="quiet">{t("run.expire", { time: time(run.rejectionsExpireAt) })}</span></p>
          <Trouble problem={problem} />
        </>
      ) : null}
      <Left omissions={left} />
    </section>
  );
}

/** Rejected profiles by rule, of all segments together. */
export function rejectedIn(parts: readonly { rejectedByRule?: Record<string, number> | undefined }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { rejectedByRule = {} } of parts) for (const [rule, count] of Object.entries(rejectedByRule)) counts[rule] = (counts[rule] ?? 0) + count;
  return counts;
}

/** Values that were left out of contacts which went out all the same. */
export function Left({ omissions }: { omissions: readonly Omission[] }): JSX.Element | null {
  if (omissions.length === 0) return null;
  const counts: Record<string, number> = {};
  const words = new Map<string, Words>();
  for (const omission of omissions) {
    const found = omissionWords(omission);
    words.set(found.text, found);
    counts[found.text] = (counts[found.text] ?? 0) + omission.count;
  }
  return <><p><strong>{t("match.left")}</strong></p><ReasonBars counts={counts} words={(text) => words.get(text) ?? { text }} label={t("match.left")} /></>;
}

/** The words for the rules by which profiles are rejected. */
export function useRules(): (rule: string) => Words {
  const rules = useData<{ items: { code: string; reason: string }[] }>("rules");
  return (rule) => ruleWords(rule, rules.value?.items.find(({ code }) => code === rule)?.reason ?? rule).reason;
}

/** Rejected rows; with `segments`, each with the name of the one that it is of. */
export function Rows({ rows, segments }: { rows: readonly (Rejection & { remedy?: string; segment?: string })[]; segments?: Record<string, string> | undefined }): JSX.Element | null {
  if (rows.length === 0) return null;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("run.rejected")}>
      <table>
        <thead><tr>{segments ? <th scope="col">{t("run.segment")}</th> : null}<th scope="col" class="number">{t("run.row")}</th><th scope="col">{t("run.sourceId")}</th><th scope="col">{t("run.field")}</th><th scope="col">{t("run.reason")}</th><th scope="col">{t("run.remedy")}</th><th scope="col">{t("run.value")}</th></tr></thead>
        <tbody>
          {rows.map((row, at) => {
            const { reason, remedy } = ruleWords(row.rule, row.reason, row.remedy);
            return (
              <tr key={at}>
                {segments ? <td><bdi>{segments[row.segment ?? ""] ?? ""}</bdi></td> : null}<td class="number">{number(row.row)}</td><td><bdi>{row.sourceId ?? ""}</bdi></td><td><bdi>{row.column ?? ""}</bdi></td><td class="wide"><Said words={reason} /><InEnglish words={reason} /></td><td class="wide"><Said words={remedy} /></td><td><bdi>{row.value ?? ""}</bdi></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
