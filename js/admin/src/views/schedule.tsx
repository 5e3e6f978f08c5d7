/** When an export runs, and the next five times in the user's own zone. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Schedule, Weekday } from "../../../src/service/documents.js";
import { ask, type Problem } from "../api.js";
import { t, time } from "../i18n.js";
import { Said } from "../said.js";
import { Check, issueAt, problemOf, SelectField } from "../ui.js";
import { issueWords } from "../words.js";

const DAYS: Weekday[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const own = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
const MOST_TIMES = 4;

export function ScheduleEdit({ schedule, onChange }: { schedule: Schedule; onChange: (schedule: Schedule) => void }): JSX.Element {
  return (
    <fieldset>
      <legend>{t("exports.schedule")}</legend>
      <Check label={t("schedule.active")} checked={schedule.active} onChange={(active) => onChange({ ...schedule, active })} />
      {schedule.active ? (
        <SelectField label={t("schedule.when")} hint={schedule.type === "refresh" ? t("schedule.refreshText") : undefined} value={schedule.type} choices={[{ value: "refresh", label: t("schedule.refresh") }, { value: "own", label: t("schedule.own") }]}
          onChange={(type) => onChange(type === "own" ? { type, active: true, times: ["06:00"], timeZone: own() } : { type: "refresh", active: true })} />
      ) : <p class="quiet">{t("schedule.off")}</p>}
      {schedule.active && schedule.type === "own" ? <OwnTimes schedule={schedule} onChange={onChange} /> : null}
    </fieldset>
  );
}

/** A schedule's own rule in a few words, such as "Mondays, Fridays at 06:00 (Europe/Ljubljana)". */
export function timesWords(schedule: Schedule): string {
  if (schedule.type !== "own") return t("schedule.refresh");
  const { days = [], times, timeZone } = schedule;
  const on = days.length === 0 ? t("schedule.everyDay") : days.map((day) => t(`day.${day}`)).join(", ");
  return `${on}, ${times.join(", ")} (${timeZone})`;
}

type Own = Extract<Schedule, { type: "own" }>;

function OwnTimes({ schedule, onChange }: { schedule: Own; onChange: (schedule: Schedule) => void }): JSX.Element {
  const { days = [], times, timeZone } = schedule;
  const withDays = (chosen: Weekday[]): void => {
    const { days: _days, ...rest } = schedule;
    onChange(chosen.length === 0 || chosen.length === DAYS.length ? rest : { ...rest, days: DAYS.filter((day) => chosen.includes(day)) });
  };
  const zones = Intl.supportedValuesOf("timeZone");
  return (
    <>
      <fieldset class="plain">
        <legend>{t("schedule.days")} <span class="quiet">{days.length === 0 ? t("schedule.everyDay") : ""}</span></legend>
        <div class="row">{DAYS.map((day) => <Check key={day} label={t(`day.${day}`)} checked={days.length === 0 || days.includes(day)} onChange={(checked) => withDays(checked ? [...days, day] : (days.length === 0 ? DAYS : days).filter((each) => each !== day))} />)}</div>
      </fieldset>
      <fieldset class="plain">
        <legend>{t("schedule.times")} <span class="quiet">{t("schedule.timesHint")}</span></legend>
        <div class="row">
          {times.map((value, at) => (
            <span class="row" key={at}>
              <input type="time" required aria-label={`${t("schedule.times")} ${at + 1}`} value={value} onInput={(event) => onChange({ ...schedule, times: times.map((each, place) => (place === at ? event.currentTarget.value : each)) })} />
              {times.length > 1 ? <button type="button" class="small" aria-label={`${t("do.remove")}: ${value}`} onClick={() => onChange({ ...schedule, times: times.filter((_, place) => place !== at) })}>×</button> : null}
            </span>
          ))}
          {times.length < MOST_TIMES ? <button type="button" class="small" onClick={() => onChange({ ...schedule, times: [...times, "12:00"] })}>{t("schedule.addTime")}</button> : null}
        </div>
      </fieldset>
      <SelectField label={t("schedule.zone")} value={timeZone} choices={[...new Set([timeZone, ...zones])].map((value) => ({ value, label: value }))} onChange={(zone) => onChange({ ...schedule, timeZone: zone })} />
      <NextTimes schedule={schedule} />
    </>
  );
}

function NextTimes({ schedule }: { schedule: Own }): JSX.Element {
  const [times, setTimes] = useState<string[]>([]);
  const [problem, setProblem] = useState<Problem>();
  const text = JSON.stringify(schedule);
  useEffect(() => {
    const stopped = new AbortController();
    ask<{ times: string[] }>("POST", "schedules/next", { body: schedule, signal: stopped.signal }).then(
      ({ value }) => { setTimes(value.times); setProblem(undefined); },
      (error: unknown) => { if (!stopped.signal.aborted) { setTimes([]); setProblem(problemOf(error)); } },
    );
    return () => stopped.abort();
  }, [text]);
  const issue = issueAt(problem, "times") ?? issueAt(problem, "timeZone") ?? issueAt(problem, "days");
  return (
    <div>
      <p>{t("schedule.next", { zone: own() })}</p>
      {issue ? <p class="hint bad"><Said words={issueWords(issue)} /></p> : <ul class="times">{times.map((each) => <li key={each}><time dateTime={each}>{time(each)}</time></li>)}</ul>}
    </div>
  );
}
