/** When a service has something to do next. */
import { KEYS, type Run } from "../service/documents.js";
import type { ServiceStore } from "../service/store.js";

/** While a run goes, it is looked at so often; nothing is looked at more often, also what does not get done. */
const GOING_MILLIS = 1_000;

/** However little there is to do, somebody looks once a minute. */
const IDLE_MILLIS = 60_000;

/** Milliseconds from `now` until the next run, event or schedule wants work. */
export async function nextWork(store: ServiceStore, now: number): Promise<number> {
  let next = IDLE_MILLIS;
  for (const { key } of await store.list("live/")) {
    const run = (await store.get(KEYS.run(key.slice("live/".length))))?.value as unknown as Run | undefined;
    // One that is cancelled while it waits to be tried again need not wait for it.
    const waits = run?.dueAt === undefined || run.cancelledBy !== undefined ? 0 : Date.parse(run.dueAt) - now;
    next = Math.min(next, Math.max(GOING_MILLIS, waits));
  }
  for (const { value } of await store.list("outbox/", { limit: 20 })) next = Math.min(next, Math.max(GOING_MILLIS, (value as unknown as { dueAt: number }).dueAt - now));
  for (const { value } of await store.list("due/")) next = Math.min(next, Math.max(GOING_MILLIS, Date.parse((value as unknown as { at: string }).at) - now));
  return next;
}
