/** What the drivers have in common: the lease's terms, and the words for what goes wrong with a stored run. */
import { ExportError, misuse } from "../errors.js";
import type { LeaseOptions } from "./contract.js";

/** More than twice as long as a request may take (60 s), so that at most one overlaps a takeover. */
export const LEASE_MILLIS = 150_000;

/** Crashes of the core over one run after which it is not tried again without being asked to. */
const MOST_CRASHES = 3;

/** Options with nothing left out. */
export interface Terms {
  leaseMillis: number;
  restart: boolean;
  now: () => number;
}

/** Fills in what a caller left out. Throws an `ExportError` for a lease that is none. */
export function termsOf({ leaseMillis = LEASE_MILLIS, restart = false, now = () => Date.now() }: LeaseOptions): Terms {
  if (!Number.isSafeInteger(leaseMillis) || leaseMillis < 1) {
    throw misuse("lease", "The lease of a store is no whole number of milliseconds above 0.", "Leave leaseMillis out, or pass a number such as 150000.");
  }
  return { leaseMillis, restart, now };
}

/** Somebody else owns the run. `then` says when it can be taken over. */
export function inProgress(who: string, then: string): ExportError {
  return new ExportError({
    code: "run_in_progress",
    category: "checkpoint",
    message: `${who} is working on this run.`,
    remedy: `Wait for it to end. If it is gone, the run can be taken over ${then}.`,
    retryHelps: true,
  });
}

/** The owner's lease has not expired yet. */
export function leased(millis: number): ExportError {
  const seconds = Math.ceil(millis / 1_000);
  return inProgress("Another process", seconds === 1 ? "a second from now" : `${seconds} seconds from now`);
}

/** What is stored does not fit together; `what` may be restored, where there can be a copy of it. */
export function damaged(what?: string): ExportError {
  return new ExportError({
    code: "state_unreadable",
    category: "checkpoint",
    message: "The stored state of this run is damaged.",
    remedy: what === undefined ? "Start the run anew." : `Restore the ${what} from a copy, or start the run anew.`,
    retryHelps: false,
  });
}

/** Throws when the core has crashed too often over a run. */
export function requireFewCrashes(count: number): void {
  if (count < MOST_CRASHES) return;
  throw new ExportError({
    code: "core_crashes",
    category: "misuse",
    message: `The core has crashed ${count} times over this run.`,
    remedy: "Report the place that the crash named. To try once more, start the run anew.",
    retryHelps: false,
  });
}

/** Whether two states are the same one. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && one.every((byte, at) => byte === other[at]);
}

/** The name of a run in a store that keeps many. Throws an `ExportError` for one that is none. */
export function requireName(name: unknown): string {
  if (typeof name === "string" && name !== "" && name.length <= 200) return name;
  throw misuse("store_name", "The name of a run is no text, empty, or longer than 200 characters.", "Name each export by a text of its own, such as its id.");
}
