/** The figures of several parts as one. */
import type { Progress } from "../types.js";

const SUMMED = ["read", "pending", "queued", "delivered", "rejected", "duplicate", "excluded", "unchanged", "unverified", "resent", "batches", "requests", "sourceBytes"] as const;

/** The sum of what the parts told; what remains and why it waits is told by the part at work. */
export function totalOf(parts: readonly { progress?: Progress | undefined; state: string }[]): Progress | undefined {
  const told = parts.flatMap(({ progress }) => (progress ? [progress] : []));
  const working = parts.find(({ state }) => state === "running")?.progress;
  if (told.length === 0) return undefined;
  const sum = Object.fromEntries(SUMMED.map((name) => [name, told.reduce((total, progress) => total + progress[name], 0)])) as unknown as Progress;
  return {
    ...sum,
    ...(working?.remainingMillis === undefined ? {} : { remainingMillis: working.remainingMillis }),
    ...(working?.waiting === undefined ? {} : { waiting: working.waiting }),
  };
}
