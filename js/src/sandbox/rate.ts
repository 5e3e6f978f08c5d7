import type { Answer } from "./answer.js";
import type { Knobs } from "./knobs.js";

/** Counts requests in a window, either aligned to the clock or sliding (U7). */
class Bucket {
  private readonly windowMillis: number;
  /** Times of the requests let through, oldest first. */
  private times: number[] = [];

  constructor(windowMillis: number) {
    this.windowMillis = windowMillis;
  }

  private start(now: number, kind: Knobs["rateWindow"]): number {
    return kind === "fixed" ? Math.floor(now / this.windowMillis) * this.windowMillis : now - this.windowMillis + 1;
  }

  private forget(now: number, kind: Knobs["rateWindow"]): void {
    const start = this.start(now, kind);
    let old = 0;
    while (old < this.times.length && (this.times[old] ?? 0) < start) old += 1;
    if (old > 0) this.times = this.times.slice(old);
  }

  /** Lets the request through and counts it, or says no. Refused requests are not counted. [invented] */
  take(now: number, limit: number, kind: Knobs["rateWindow"]): boolean {
    this.forget(now, kind);
    if (this.times.length >= limit) return false;
    this.times.push(now);
    return true;
  }

  remaining(limit: number): number {
    return Math.max(0, limit - this.times.length);
  }

  /** Milliseconds to the next free place. */
  wait(now: number, kind: Knobs["rateWindow"]): number {
    if (kind === "fixed") return this.start(now, kind) + this.windowMillis - now;
    return Math.max(1, (this.times[0] ?? now) + this.windowMillis - now);
  }
}

const SECOND = 1_000;
const MINUTE = 60_000;

const SERVER_BUSY = '<html><head><title>Too Many Requests</title></head><body><h1>Too Many Requests</h1></body></html>';

/** [doc S1] There is no blank after "minute.". */
export function bulkLimitAnswer(number: number): Answer {
  return {
    status: 400,
    body: {
      success: 0,
      message: "Rate limit exceeded.",
      failureReasons: [
        `Up to ${number} imports may be requested per minute.Please batch contacts into larger requests, or retry this request in a minute.`,
      ],
    },
  };
}

/** Both rate limits. The importer's quota is separate from that of all other endpoints. [live-doc] */
export class RateLimits {
  private readonly knobs: Knobs;
  private readonly general: Bucket = new Bucket(SECOND);
  private readonly bulk: Map<string, { many: Bucket; single: Bucket }> = new Map();

  constructor(knobs: Knobs) {
    this.knobs = knobs;
  }

  /** `RateLimit-*` as documented since 2025; the recordings of 2021 have none. */
  private headers(): Record<string, string> {
    const limit = this.knobs.generalPerSecond;
    if (limit === 0 || this.knobs.era === 2021) return {};
    return { "RateLimit-Limit": String(limit), "RateLimit-Remaining": String(this.general.remaining(limit)) };
  }

  /** The refusal, or the headers for the answer. */
  takeGeneral(now: number): { refusal: Answer | undefined; headers: Record<string, string> } {
    const { knobs } = this;
    if (knobs.generalPerSecond === 0 || this.general.take(now, knobs.generalPerSecond, knobs.rateWindow)) {
      return { refusal: undefined, headers: this.headers() };
    }
    const headers = this.headers();
    const seconds = String(Math.ceil(this.general.wait(now, knobs.rateWindow) / SECOND));
    if (knobs.retryAfter !== "absent") headers["Retry-After"] = knobs.retryAfter === "computed" ? seconds : knobs.retryAfter;
    const body: Pick<Answer, "html" | "body"> = knobs.throttleBody === "html" ? { html: SERVER_BUSY } : { body: {} };
    return { refusal: { status: knobs.throttleStatus, headers, ...body }, headers };
  }

  takeBulk(now: number, key: string, contacts: number): Answer | undefined {
    const { knobs } = this;
    const scope = knobs.bulkScope === "key" ? key : "";
    let buckets = this.bulk.get(scope);
    if (buckets === undefined) {
      buckets = { many: new Bucket(MINUTE), single: new Bucket(MINUTE) };
      this.bulk.set(scope, buckets);
    }
    const single = contacts === 1;
    const limit = single ? knobs.singlePerMinute : knobs.bulkPerMinute;
    if (limit === 0) return undefined;
    if ((single ? buckets.single : buckets.many).take(now, limit, knobs.rateWindow)) return undefined;
    // The documented text names 100 whatever the knob for the limit says.
    return bulkLimitAnswer(single ? knobs.singleLimitText : 100);
  }
}
