/** One run: live while it goes, then what became of everybody. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import { ENDED, type Run } from "../../../src/service/documents.js";
import type { Progress } from "../../../src/types.js";
import { ask, follow } from "../api.js";
import { clock, duration, number, t, time } from "../i18n.js";
import { useMe } from "../me.js";
import { Confirm, Heading, Issues, Loading, Notice, problemOf, Status, Trouble, useData, useWork } from "../ui.js";
import { ProgressChart } from "./chart.js";
import { ReasonNotice } from "./reason.js";
import { Rejected } from "./rejected.js";

const BUCKETS = ["read", "pending", "queued", "delivered", "rejected", "duplicate", "excluded", "unverified"] as const;

/** Between two tries to look again, at the most. */
const MOST_PAUSE_MILLIS = 15_000;

/** The run, as it changes; `lostAt`, since when nobody could be asked. */
function useRun(id: string): { run: Run | undefined; lostAt: number | undefined; again: () => void; data: ReturnType<typeof useData<Run>> } {
  const data = useData<Run>(`runs/${id}`);
  const [run, setRun] = useState<Run>();
  const [lostAt, setLostAt] = useState<number>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stopped = new AbortController();
    const { signal } = stopped;
    const watch = async (): Promise<void> => {
      for (let tries = 0; !signal.aborted; tries += 1) {
        try {
          for await (const next of follow<Run>(`runs/${id}/progress`, signal)) {
            setRun(next);
            setLostAt(undefined);
            tries = 0;
            if (ENDED.has(next.status)) return;
          }
        } catch (error) {
          // One that is not there is told by the data, which is asked in any case.
          if (signal.aborted || problemOf(error).status === 404) return;
        }
        setLostAt((since) => since ?? Date.now());
        await new Promise((next) => setTimeout(next, Math.min(1_000 * 2 ** tries, MOST_PAUSE_MILLIS)));
      }
    };
    void watch();
    return () => stopped.abort();
  }, [id, round]);
  return { run: run ?? data.value, lostAt, data, again: () => { setRound(round + 1); void data.reload(); } };
}

export function RunView(): JSX.Element {
  const { id = "" } = useRoute().params;
  const { run, lostAt, data, again } = useRun(id);
  const ended = run !== undefined && ENDED.has(run.status);
  return (
    <>
      <Heading actions={run === undefined ? null : <Actions run={run} again={again} />}>{run === undefined ? t("run.title") : `${t("run.title")}: ${run.exportName}`}</Heading>
      <Loading data={data}>
        {run === undefined ? null : (
          <>
            <p class="row"><Status status={run.status} />{run.cancelledBy !== undefined && !ended ? <span class="quiet">{t("run.cancelling")}</span> : null}<a href={`/exports/${run.export}`}><bdi>{run.exportName}</bdi></a></p>
            {lostAt === undefined || ended ? null : <Notice kind="warning">{t("run.lost", { time: clock(lostAt) })}</Notice>}
            <ReasonNotice run={run} />
            {run.cancelledBy !== undefined && ended && run.status !== "cancelled" ? <Notice>{t("run.cancelledLate")}</Notice> : null}
            {run.warnings.length === 0 ? null : <Notice kind="warning"><Issues issues={run.warnings} /></Notice>}
            {run.progress ? <Figures progress={run.progress} ended={ended} /> : null}
            {run.startedAt !== undefined && (run.history?.length ?? 0) > 1 ? <ProgressChart startedAt={run.startedAt} history={run.history ?? []} /> : null}
            <dl class="facts">
              <dt>{t("run.by")}</dt><dd>{t(`trigger.${run.trigger}`)} · <bdi>{run.user}</bdi></dd>
              <dt>{t("run.started")}</dt><dd>{time(run.startedAt)}</dd>
              {run.endedAt === undefined ? null : <><dt>{t("run.ended")}</dt><dd>{time(run.endedAt)}{run.startedAt === undefined ? null : <span class="quiet"> · {t("run.took", { time: duration(Date.parse(run.endedAt) - Date.parse(run.startedAt)) })}</span>}</dd></>}
            </dl>
            <Rejected run={run} ended={ended} />
          </>
        )}
      </Loading>
    </>
  );
}

function Figures({ progress, ended }: { progress: Progress; ended: boolean }): JSX.Element {
  const settled = progress.read - progress.pending - progress.queued;
  return (
    <section aria-labelledby="progress">
      <h2 id="progress">{t("run.progress")}</h2>
      {ended ? null : (
        <>
          <progress max={Math.max(progress.read, 1)} value={settled} aria-labelledby="progress" />
          <p class="quiet" role="status">
            {progress.waiting === undefined ? "" : t(`waiting.${progress.waiting}`)}
            {progress.remainingMillis === undefined ? "" : ` · ${t("run.left", { time: duration(progress.remainingMillis) })}`}
          </p>
        </>
      )}
      <dl class="figures">
        {BUCKETS.map((name) => <div key={name}><dt>{t(`bucket.${name}`)}</dt><dd>{number(progress[name])}</dd></div>)}
      </dl>
    </section>
  );
}

function Actions({ run, again }: { run: Run; again: () => void }): JSX.Element | null {
  const me = useMe();
  const { busy, problem, run: work } = useWork();
  const [asked, setAsked] = useState(false);
  if (me.role === "viewer") return null;
  // What settings are to blame for would fail again.
  const stopped = run.status === "cancelled" || (run.status === "failed_permanent" && run.reason?.category !== "settings");
  const goOn = (): Promise<void> => work(async () => { await ask("POST", `runs/${run.id}/continue`); again(); });
  return (
    <>
      <Trouble problem={problem} />
      {stopped ? <button type="button" class="primary" disabled={busy} onClick={() => void goOn()}>{t("run.continue")}</button> : null}
      {ENDED.has(run.status) || run.cancelledBy !== undefined ? null : <button type="button" class="danger" onClick={() => setAsked(true)}>{t("run.cancel")}</button>}
      {asked ? <Confirm title={t("run.cancel")} text={t("run.cancelText")} go={t("run.cancel")} keep={t("run.keep")} onClose={() => setAsked(false)} work={async () => { await ask("POST", `runs/${run.id}/cancel`); again(); }} /> : null}
    </>
  );
}
