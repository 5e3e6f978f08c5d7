/** One export: what it is, what may be done with it, and its runs. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import type { Run } from "../../../src/service/documents.js";
import type { Account, Issue, Omission } from "../../../src/types.js";
import { ask } from "../api.js";
import { ago, duration, number, t, time } from "../i18n.js";
import { useMe } from "../me.js";
import { Confirm, Heading, Issues, Loading, Notice, Status, Trouble, useData, useLooking, useWork } from "../ui.js";
import { type ListedExport, LIVE } from "./exports.js";
import { ReasonBars } from "./chart.js";
import { MappingFacts } from "./mapping-facts.js";
import { ReasonNotice } from "./reason.js";
import { Left, rejectedIn, useRules } from "./rejected.js";
import { timesWords } from "./schedule.js";

interface Found {
  segments: { id: string; name: string; read?: number; accepted?: number; rejected?: number; duplicate?: number; rejectedByRule?: Record<string, number>; omissions?: Omission[] }[];
  read?: number;
  accepted?: number;
  requests?: number;
  minutes?: number;
  warnings: Issue[];
}

/** Runs shown at first, and more each time; the service gives 500 at the most. */
const RUNS = 50;

export function ExportView(): JSX.Element {
  const { id = "" } = useRoute().params;
  const data = useData<ListedExport>(`exports/${id}`);
  const [most, setMost] = useState(RUNS);
  const runs = useData<{ items: Run[] }>(`exports/${id}/runs?limit=${most}`);
  const [found, setFound] = useState<Found>();
  const one = data.value;
  const [last] = runs.value?.items ?? [];
  const isMoving = last !== undefined && LIVE.has(last.status);
  useLooking(data.reload, isMoving);
  useLooking(runs.reload, isMoving);
  return (
    <>
      <Heading actions={one?.permission === "edit" ? <Actions one={one} onFound={setFound} /> : null}>{one?.name ?? t("nav.exports")}</Heading>
      <Loading data={data}>
        {one === undefined ? null : (
          <>
            {last && (last.status === "failed_permanent" || last.status === "failed_retrying" || last.status === "skipped") ? <ReasonNotice run={last} /> : null}
            {one.connection === null ? <Notice kind="warning">{t("export.detachedText")}</Notice> : null}
            {found === undefined ? null : <Checked found={found} />}
            <Facts one={one} />
            <section>
              <h2 id="runs">{t("export.history")}</h2>
              <Loading data={runs}>{runs.value?.items.length === 0 ? <p class="quiet">{t("export.noRuns")}</p> : <Runs runs={runs.value?.items ?? []} />}{runs.value?.items.length === most ? <p><button type="button" onClick={() => setMost(most + RUNS)}>{t("do.more")}</button></p> : null}</Loading>
            </section>
          </>
        )}
      </Loading>
    </>
  );
}

function Facts({ one }: { one: ListedExport }): JSX.Element {
  const { role } = useMe();
  const segments = useData<{ items: { id: string; name: string }[] }>("segments?limit=500");
  // Whoever may not use the connection sees the list's number.
  const account = useData<Account>(role === "viewer" || one.connection === null || one.permission === "view" ? undefined : `connections/${one.connection}/account`).value;
  const names = one.segments.map((id) => segments.value?.items.find((segment) => segment.id === id)?.name ?? id);
  const list = account?.lists.find(({ id }) => String(id) === String(one.list));
  const rule = one.schedule.active ? timesWords(one.schedule) : t("schedule.off");
  return (
    <dl class="facts">
      <dt>{t("exports.status")}</dt><dd><Status status={one.status} /></dd>
      <dt>{t("exports.connection")}</dt><dd><bdi>{one.connectionName ?? t("exports.detached")}</bdi></dd>
      <dt>{t("export.list")}</dt><dd>{list === undefined ? t("export.listNumber", { list: one.list }) : <><bdi>{list.name}</bdi> <span class="quiet">({one.list})</span></>}</dd>
      <dt>{t("export.segments")}</dt><dd><bdi>{names.join(", ")}</bdi></dd>
      <dt>{t("export.automations")}</dt><dd>{one.automations === "run" ? t("export.automationsOn") : t("export.automationsOff")}</dd>
      <dt>{t("exports.schedule")}</dt><dd>{rule}{one.nextRunAt === undefined ? null : <span class="note">{t("export.next")}: {time(one.nextRunAt)}</span>}</dd>
      <dt>{t("export.matching")}</dt><dd><MappingFacts mapping={one.mapping} account={account} /></dd>
    </dl>
  );
}

function Actions({ one, onFound }: { one: ListedExport; onFound: (found: Found | undefined) => void }): JSX.Element {
  const { route } = useLocation();
  const { busy, problem, run } = useWork();
  const [asked, setAsked] = useState<"detach" | "remove">();
  const { query } = useRoute();
  // As whoever has just saved it asks for.
  useEffect(() => {
    if (query.check !== undefined) void check();
  }, []);
  const go = (): Promise<void> => run(async () => route(`/runs/${(await ask<Run>("POST", `exports/${one.id}/run`)).value.id}`));
  const copy = (): Promise<void> => run(async () => route(`/exports/${(await ask<{ export: { id: string } }>("POST", `exports/${one.id}/duplicate`)).value.export.id}/edit`));
  const check = (): Promise<void> => run(async () => {
    onFound(undefined);
    onFound((await ask<Found>("POST", `exports/${one.id}/check`)).value);
  });
  return (
    <>
      <button type="button" class="primary" disabled={busy || one.connection === null} onClick={() => void go()}>{t("export.run")}</button>
      <button type="button" disabled={busy} onClick={() => void check()}>{busy ? t("state.busy") : t("export.check")}</button>
      <a class="button" href={`/exports/${one.id}/edit`}>{t("do.edit")}</a>
      <button type="button" disabled={busy} onClick={() => void copy()}>{t("export.duplicate")}</button>
      {one.connection === null ? null : <button type="button" onClick={() => setAsked("detach")}>{t("export.detach")}</button>}
      <button type="button" class="danger" onClick={() => setAsked("remove")}>{t("do.remove")}</button>
      <Trouble problem={problem} />
      {asked === "detach" ? <Confirm title={t("export.detach")} text={t("export.detachText")} go={t("export.detach")} onClose={() => setAsked(undefined)} work={async () => { await ask("POST", `exports/${one.id}/detach`, { on: one.etag }); route("/"); }} /> : null}
      {asked === "remove" ? <Confirm title={`${t("do.remove")}: ${one.name}`} text={t("export.removeText")} go={t("do.remove")} onClose={() => setAsked(undefined)} work={async () => { await ask("DELETE", `exports/${one.id}`, { on: one.etag }); route("/"); }} /> : null}
    </>
  );
}

function Checked({ found }: { found: Found }): JSX.Element {
  const { read = 0, accepted = 0, requests = 0, minutes = 0, warnings, segments } = found;
  const words = useRules();
  const rejectedByRule = rejectedIn(segments);
  const sum = (name: "rejected" | "duplicate"): number => segments.reduce((total, segment) => total + (segment[name] ?? 0), 0);
  return (
    <Notice kind={warnings.length > 0 ? "warning" : "good"}>
      <p><strong>{t("export.checked")}</strong></p>
      <p>{t("match.counts", { read, accepted, rejected: sum("rejected"), duplicate: sum("duplicate"), excluded: read - accepted - sum("rejected") - sum("duplicate") })}</p>
      {requests === 0 ? null : <p>{t("match.estimate", { n: requests, minutes: duration(minutes * 60_000) })}</p>}
      <Issues issues={warnings} />
      {Object.keys(rejectedByRule).length === 0 ? null : <><p><strong>{t("match.reasons")}</strong></p><ReasonBars counts={rejectedByRule} words={words} label={t("match.reasons")} /></>}
      <Left omissions={segments.flatMap(({ omissions = [] }) => omissions)} />
    </Notice>
  );
}

function Runs({ runs }: { runs: Run[] }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("export.history")}>
      <table>
        <thead><tr><th scope="col">{t("run.started")}</th><th scope="col">{t("exports.status")}</th><th scope="col">{t("run.by")}</th><th scope="col" class="number">{t("bucket.delivered")}</th><th scope="col" class="number">{t("bucket.rejected")}</th></tr></thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <th scope="row" class="time"><a href={`/runs/${run.id}`} title={ago(run.queuedAt)}>{time(run.startedAt ?? run.queuedAt)}</a></th>
              <td><Status status={run.status} /></td>
              <td>{t(`trigger.${run.trigger}`)} · <bdi>{run.user}</bdi></td>
              <td class="number">{run.progress ? number(run.progress.delivered) : ""}</td>
              <td class="number">{run.progress ? number(run.progress.rejected) : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
