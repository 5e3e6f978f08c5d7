/** The course of a run, as a chart shows it: dense at first, thinner the longer it lasts, so that the longest keeps some 160 points. */
import type { Progress } from "../types.js";

/** Milliseconds since the run began, then profiles by outcome at that time. */
export type Point = [atMillis: number, pending: number, queued: number, delivered: number, rejected: number];

const LEAST_GAP_MILLIS = 1_000;
/** The gap between two points, as a share of the time that has passed: 25 + 25 ln(90 min / 25 s) points at the most. */
const GAP_SHARE = 1 / 25;

interface Course {
  startedAt?: string | undefined;
  history?: Point[] | undefined;
}

/** A run's history with where it stands now, if that is worth a point; its end always is. */
export function historyOf({ startedAt, history = [] }: Course, progress: Progress | undefined, now: number, ended = false): Pick<Course, "history"> {
  if (!progress) return {};
  const { pending, queued, delivered, rejected } = progress;
  const at = Math.max(0, now - (startedAt === undefined ? now : Date.parse(startedAt)));
  const before = history.at(-1)?.[0];
  const gap = Math.max(LEAST_GAP_MILLIS, at * GAP_SHARE);
  // A clock that was set back makes no chart run backwards.
  const isWorthIt = before === undefined || (at >= before && (at - before >= gap || ended));
  // From nothing: a single point would be no chart.
  const start: Point[] = before === undefined && at > 0 ? [[0, 0, 0, 0, 0]] : [];
  return { history: isWorthIt ? [...history, ...start, [at, pending, queued, delivered, rejected]] : history };
}
