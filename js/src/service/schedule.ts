/** When an export with a schedule of its own is due: by wall clock, also over changes to and from summer time. */
import { Cron } from "croner";
import type { Issue } from "../types.js";
import type { Schedule, Weekday } from "./documents.js";

const WEEKDAYS: readonly Weekday[] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** As in the original: at most four times a day. */
export const MOST_TIMES = 4;

/** What is wrong with a schedule, below `path`. */
export function scheduleIssues(schedule: Schedule, path = "schedule"): Issue[] {
  if (schedule.type === "refresh") return [];
  const issues: Issue[] = [];
  if (!isTimeZone(schedule.timeZone)) {
    issues.push({ path: `${path}.timeZone`, code: "time_zone", message: "This is no time zone that this host knows. Use an IANA name such as Europe/Ljubljana." });
  }
  if (schedule.times.length === 0 || schedule.times.length > MOST_TIMES) {
    issues.push({ path: `${path}.times`, code: "times", message: `Give one to ${MOST_TIMES} times of the day.` });
  }
  for (const [at, time] of schedule.times.entries()) {
    if (!/^(?:[01]\d|2[0-3]):[0-5]\d$/u.test(time)) issues.push({ path: `${path}.times[${at}]`, code: "time", message: "A time is written as 06:30." });
    else if (schedule.times.indexOf(time) !== at) issues.push({ path: `${path}.times[${at}]`, code: "time_twice", message: "This time is there already." });
  }
  if (schedule.days?.length === 0) issues.push({ path: `${path}.days`, code: "days", message: "Name at least one day, or leave the days out for every day." });
  return issues;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "" && /^[A-Za-z]/u.test(name);
  } catch {
    return false;
  }
}

/**
 * The next times after `from`, the earliest first; none for a schedule that is off or follows the refresh. A time that the
 * clocks skip comes when they have jumped; one that they show twice comes once.
 */
export function nextTimes(schedule: Schedule, from: Date, count = 5): Date[] {
  if (schedule.type === "refresh" || !schedule.active) return [];
  const days = schedule.days?.map((day) => WEEKDAYS.indexOf(day)).join(",") ?? "*";
  const times = schedule.times.flatMap((time) => {
    const [hour, minute] = time.split(":").map(Number);
    return new Cron(`${minute} ${hour} * * ${days}`, { timezone: schedule.timeZone, paused: true }).nextRuns(count, from);
  });
  const distinct = [...new Set(times.map((time) => time.getTime()))].sort((one, other) => one - other);
  return distinct.slice(0, count).map((time) => new Date(time));
}
