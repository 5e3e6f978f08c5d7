import type { Clock } from "./clock.js";

/** Which requests a request fault meets. "import" is `POST /import/bulk_import`, "info" its status, "summary" the daily totals. */
export type FaultTarget = "import" | "info" | "summary" | "other" | "any";

/**
 * Faults on the wire.
 * - `reset`: the connection breaks before anything is done. `lost`: it breaks after the request was applied.
 * - `late`: as `lost`, but an import is applied only `delayMillis` later.
 * - `bad-gateway` 502 HTML, `unavailable` 503 HTML, `gateway-timeout` 504 HTML, `server-error` 500 HTML.
 * - `cloudflare`: 502 problem JSON. `maintenance`: 200 HTML. `login`: 200 HTML login page.
 * - `throttled`: 429 with `retryAfter` as it is. `bulk-throttled`: the importer's 400.
 * - `opaque`: 400 `{}`. `unauthorized` 401, `payment` 402, `forbidden` 403, `not-found` 404, `redirect` 302, `too-large` 413.
 * - `truncated`: half a body, then the stream breaks. `half-json`: half a body that ends properly. `endless`: half a body that never ends.
 * - `drip`: the body one byte at a time, `delayMillis` apart.
 * - `no-batch-id`, `not-accepted` (`success` 0), `same-batch-id` (that of the import before): the import is applied, its 200 is wrong.
 * - `gone`: `/import/info` denies a batch that it knows (404).
 */
export type RequestFaultKind =
  | "reset" | "lost" | "late"
  | "bad-gateway" | "unavailable" | "gateway-timeout" | "server-error" | "cloudflare" | "maintenance" | "login"
  | "throttled" | "bulk-throttled" | "opaque"
  | "unauthorized" | "payment" | "forbidden" | "not-found" | "redirect" | "too-large"
  | "truncated" | "half-json" | "endless" | "drip"
  | "no-batch-id" | "not-accepted" | "same-batch-id" | "gone";

/**
 * Faults of the worker, counted in accepted batches.
 * `failed` and `interrupted` end there (after `applied` of the contacts: default 0 and 0.5); `stuck-*` stay in that
 * status for ever; `reopened` says active again after completed; `new-status` answers with a status nobody knows.
 */
export type BatchFaultKind =
  | "failed" | "interrupted" | "stuck-false" | "stuck-waiting" | "stuck-claimed" | "stuck-active" | "reopened" | "new-status";

export interface Fault {
  kind: RequestFaultKind | BatchFaultKind;
  /** Request faults only; default "import". */
  on?: FaultTarget;
  /** First request or batch to meet, counted from 1 since the fault was set; default 1. */
  nth?: number;
  /** How many in a row from there; default 1, 0 = all. */
  times?: number;
  /** Ends the fault this long after it first struck. */
  forMillis?: number;
  /** Of `late` and `drip`. */
  delayMillis?: number;
  /** Of `throttled`: header text; absent when not given. */
  retryAfter?: string;
  /** Of `failed` and `interrupted`: the part of the contacts that was applied before, 0 to 1. */
  applied?: number;
}

const BATCH_KINDS: readonly string[] = [
  "failed", "interrupted", "stuck-false", "stuck-waiting", "stuck-claimed", "stuck-active", "reopened", "new-status",
] satisfies BatchFaultKind[];

const REQUEST_KINDS: readonly string[] = [
  "reset", "lost", "late", "bad-gateway", "unavailable", "gateway-timeout", "server-error", "cloudflare", "maintenance", "login",
  "throttled", "bulk-throttled", "opaque", "unauthorized", "payment", "forbidden", "not-found", "redirect", "too-large",
  "truncated", "half-json", "endless", "drip", "no-batch-id", "not-accepted", "same-batch-id", "gone",
] satisfies RequestFaultKind[];

const TARGETS: readonly string[] = ["import", "info", "summary", "other", "any"] satisfies FaultTarget[];

function faultComplaint(fault: unknown, path: string): string | undefined {
  if (typeof fault !== "object" || fault === null) return `${path} must be an object`;
  for (const [name, value] of Object.entries(fault)) {
    if (name === "kind") {
      if (!BATCH_KINDS.includes(String(value)) && !REQUEST_KINDS.includes(String(value))) {
        return `${path}.kind must be one of ${[...REQUEST_KINDS, ...BATCH_KINDS].join(", ")}`;
      }
    } else if (name === "on") {
      if (!TARGETS.includes(String(value))) return `${path}.on must be one of ${TARGETS.join(", ")}`;
    } else if (name === "retryAfter") {
      if (typeof value !== "string") return `${path}.retryAfter must be a string`;
    } else if (name === "nth" || name === "times" || name === "forMillis" || name === "delayMillis" || name === "applied") {
      if (typeof value !== "number" || !(value >= 0)) return `${path}.${name} must be a number of at least 0`;
    } else {
      return `${path}.${name} is not part of a fault`;
    }
  }
  return "kind" in fault ? undefined : `${path}.kind is missing`;
}

export function checkFaults(value: unknown): string | undefined {
  if (!Array.isArray(value)) return "must be an array of faults";
  for (const [index, fault] of value.entries()) {
    const complaint = faultComplaint(fault, `[${index}]`);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

interface Count {
  seen: number;
  first: number | undefined;
}

/** Counts per fault object, so that setting the knob anew starts the counting anew. */
export class FaultScript {
  private readonly counts: WeakMap<Fault, Count> = new WeakMap();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  private strikes(fault: Fault): boolean {
    const count = this.counts.get(fault) ?? { seen: 0, first: undefined };
    this.counts.set(fault, count);
    count.seen += 1;
    const nth = fault.nth ?? 1;
    const times = fault.times ?? (fault.forMillis === undefined ? 1 : 0);
    if (count.seen < nth || (times > 0 && count.seen >= nth + times)) return false;
    const now = this.clock.now();
    count.first ??= now;
    return fault.forMillis === undefined || now - count.first < fault.forMillis;
  }

  private find(faults: readonly Fault[], matches: (fault: Fault) => boolean): Fault | undefined {
    // Every matching fault counts the request, the first that strikes is used.
    let found: Fault | undefined;
    for (const fault of faults) {
      if (matches(fault) && this.strikes(fault)) found ??= fault;
    }
    return found;
  }

  forRequest(faults: readonly Fault[], target: FaultTarget): Fault | undefined {
    if (faults.length === 0) return undefined;
    return this.find(faults, (fault) => {
      const on = fault.on ?? "import";
      return REQUEST_KINDS.includes(fault.kind) && (on === "any" || on === target);
    });
  }

  forBatch(faults: readonly Fault[]): Fault | undefined {
    if (faults.length === 0) return undefined;
    return this.find(faults, (fault) => BATCH_KINDS.includes(fault.kind));
  }
}
