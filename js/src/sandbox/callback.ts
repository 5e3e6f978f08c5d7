import type { Clock } from "./clock.js";
import type { Knobs } from "./knobs.js";
import type { Batch } from "./worker.js";

/**
 * Calls back when an import has ended (U28). INVENTED: no recording and no shape of this call was found anywhere.
 * Nothing may be built on its body. Without a `fetch` of its own the sandbox calls loopback addresses only.
 */
export class Callbacks {
  private readonly knobs: Knobs;
  private readonly clock: Clock;
  private readonly send: typeof fetch | undefined;
  private due: { at: number; request: Request }[] = [];

  constructor(knobs: Knobs, clock: Clock, send: typeof fetch | undefined) {
    this.knobs = knobs;
    this.clock = clock;
    this.send = send;
  }

  /** Plans what the knobs say; `settle` sends it. */
  plan(batch: Batch, at: number): void {
    const { knobs } = this;
    if (knobs.callback === "off" || batch.callback === undefined || knobs.callbackDelivery === "lost") return;
    const when = knobs.callbackDelivery === "late" ? at + knobs.callbackDelayMillis : at;
    const times = knobs.callbackDelivery === "twice" ? 2 : 1;
    for (let index = 0; index < times; index += 1) {
      const request = this.request(batch);
      if (request !== undefined) this.due.push({ at: when, request });
    }
  }

  private request(batch: Batch): Request | undefined {
    const order = batch.callback;
    if (order === undefined) return undefined;
    const url = readUrl(order.url);
    if (url === null || (this.send === undefined && !isLoopback(url.hostname))) return undefined;
    const headers = new Headers();
    for (const { key, value } of order.headers) headers.set(key, value);
    if (order.requestType === "GET") {
      for (const { key, value } of order.params) url.searchParams.append(key, value);
      return new Request(url, { headers });
    }
    const values: Record<string, string> = Object.fromEntries(order.params.map(({ key, value }) => [key, value]));
    values["batchId"] = batch.id;
    values["status"] = String(batch.end);
    if (order.detailed) {
      values["success"] = String(batch.success.length);
      values["failure"] = String(batch.failure.length);
      values["errors"] = batch.failure.join(",");
    }
    if (this.knobs.callback === "form") return new Request(url, { method: "POST", headers, body: new URLSearchParams(values) });
    headers.set("Content-Type", "application/json");
    return new Request(url, { method: "POST", headers, body: JSON.stringify(values) });
  }

  get nextDue(): number {
    return this.due.reduce((first, each) => Math.min(first, each.at), Infinity);
  }

  settle(): void {
    if (this.due.length === 0) return;
    const now = this.clock.now();
    const ready = this.due.filter((each) => each.at <= now);
    this.due = this.due.filter((each) => each.at > now);
    const send = this.send ?? fetch;
    // Nobody retries, and nobody hears of a failure. [invented]
    for (const { request } of ready) void send(request).catch(() => {});
  }
}

/** The documentation's example has no scheme. */
function readUrl(text: string): URL | null {
  try {
    return new URL(/^https?:\/\//u.test(text) ? text : `http://${text}`);
  } catch {
    return null;
  }
}

export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]" || hostname === "::1";
}
