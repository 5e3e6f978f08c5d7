import type { Account } from "./account.js";
import type { Clock } from "./clock.js";
import type { Fault } from "./faults.js";
import type { Knobs } from "./knobs.js";
import { type Outcome, Upserter } from "./upsert.js";
import type { ImportCallback, ImportContact, ImportOrder } from "./validate.js";

export type BatchEnd = "completed" | "failed" | "interrupted";
export type BatchStatus = false | "waiting" | "claimed" | "active" | BatchEnd;

export interface Batch {
  readonly id: string;
  readonly number: number;
  /** When the service took it; a late one lies in the future. */
  readonly received: number;
  readonly contactCount: number;
  readonly excludeAutomations: boolean;
  readonly callback: ImportCallback | undefined;
  readonly fault: Fault | undefined;
  readonly waitingAt: number;
  readonly claimedAt: number;
  readonly activeAt: number;
  readonly endAt: number;
  /** Dropped when done, so that a million contacts are not kept twice. */
  contacts: ImportContact[];
  applied: number;
  started: boolean;
  end: BatchEnd | undefined;
  /** Ids in the order of work; `created` is the part that was new. */
  success: number[];
  created: number[];
  failure: string[];
  /** Polls that have seen the end, for the fault "reopened". */
  endSeen: number;
}

interface Day {
  batches: number;
  contacts: number;
}

const DAY = 86_400_000;

/** The asynchronous side of the importer. Lazy: work that is due is done when somebody looks. */
export class Worker {
  readonly batches: Map<string, Batch> = new Map();
  /** Called when a batch has ended. */
  onEnd: ((batch: Batch, at: number) => void) | undefined = undefined;
  private readonly account: Account;
  private readonly knobs: Knobs;
  private readonly clock: Clock;
  private readonly upserter: Upserter;
  private pending: Batch[] = [];
  /** When there is something to do next. */
  nextDue: number = Infinity;
  /** When each of the concurrent places becomes free (U29). */
  private places: number[] = [];
  private readonly outstanding: Map<string, Day> = new Map();
  private readonly completed: Map<string, Day> = new Map();

  constructor(account: Account, knobs: Knobs, clock: Clock) {
    this.account = account;
    this.knobs = knobs;
    this.clock = clock;
    this.upserter = new Upserter(account, knobs);
  }

  private count(days: Map<string, Day>, at: number, contacts: number, by: 1 | -1): void {
    const key = this.account.dates.day(at);
    const day = days.get(key) ?? { batches: 0, contacts: 0 };
    day.batches += by;
    day.contacts += by * contacts;
    if (day.batches === 0) days.delete(key);
    else days.set(key, day);
  }

  /** U29: with few places a batch becomes active only when one is free. */
  private place(earliest: number, duration: number): number {
    const size = this.knobs.concurrentBatches;
    if (size === 0) return earliest;
    const busy = this.places.sort((a, b) => a - b).slice(-size);
    let start = earliest;
    if (busy.length >= size) start = Math.max(earliest, busy.shift() ?? earliest);
    busy.push(start + duration);
    this.places = busy;
    return start;
  }

  /** U13. */
  private withoutDuplicates(contacts: ImportContact[]): ImportContact[] {
    if (this.knobs.duplicates === "count-twice" || this.knobs.duplicates === "refuse") return contacts;
    const byKey = new Map<string, ImportContact>();
    for (const contact of contacts) {
      const key = this.account.emailKey(contact.email);
      if (this.knobs.duplicates === "last-wins" || !byKey.has(key)) byKey.set(key, contact);
    }
    return byKey.size === contacts.length ? contacts : [...byKey.values()];
  }

  enqueue(order: ImportOrder, fault: Fault | undefined, delayMillis = 0): Batch {
    const { knobs } = this;
    const received = this.clock.now() + delayMillis;
    const duration = Math.max(0, knobs.completedAfterMillis - knobs.activeAfterMillis);
    const activeAt = this.place(received + knobs.activeAfterMillis + knobs.queueDelayMillis * this.pending.length, duration);
    const batch: Batch = {
      id: crypto.randomUUID(),
      number: this.batches.size + 1,
      received,
      contactCount: order.contacts.length,
      excludeAutomations: order.excludeAutomations,
      callback: order.callback,
      fault,
      waitingAt: received + knobs.waitingAfterMillis,
      claimedAt: received + knobs.claimedAfterMillis,
      activeAt,
      endAt: activeAt + duration,
      contacts: this.withoutDuplicates(order.contacts),
      applied: 0,
      started: false,
      end: undefined,
      success: [],
      created: [],
      failure: [],
      endSeen: 0,
    };
    this.batches.set(batch.id, batch);
    this.pending.push(batch);
    this.nextDue = Math.min(this.nextDue, batch.activeAt);
    this.count(this.outstanding, received, batch.contactCount, 1);
    return batch;
  }

  /** Does everything that is due by now, in the order of time. */
  settle(): void {
    const now = this.clock.now();
    if (now < this.nextDue) return;
    const events: { at: number; batch: Batch; run: (batch: Batch, at: number) => void }[] = [];
    for (const batch of this.pending) {
      if (!batch.started && batch.activeAt <= now) events.push({ at: batch.activeAt, batch, run: (each, at) => this.start(each, at) });
      if (batch.endAt <= now) events.push({ at: batch.endAt, batch, run: (each, at) => this.finish(each, at) });
    }
    // A stable sort: batches of one moment keep their order.
    for (const event of events.sort((a, b) => a.at - b.at)) event.run(event.batch, event.at);
    this.pending = this.pending.filter((batch) => batch.end === undefined && !(this.isStuck(batch) && batch.started));
    this.nextDue = Infinity;
    for (const batch of this.pending) this.nextDue = Math.min(this.nextDue, batch.started ? batch.endAt : batch.activeAt);
  }

  private isStuck(batch: Batch): boolean {
    return batch.fault?.kind.startsWith("stuck-") === true;
  }

  /** The part of the contacts that this batch will ever apply. */
  private reach(batch: Batch): number {
    const total = batch.contacts.length;
    switch (batch.fault?.kind) {
      case "failed":
        return Math.floor(total * (batch.fault.applied ?? 0));
      case "interrupted":
        return Math.floor(total * (batch.fault.applied ?? 0.5));
      case "stuck-false":
      case "stuck-waiting":
      case "stuck-claimed":
        return 0;
      case "stuck-active":
        return Math.floor(total / 2);
      default:
        return total;
    }
  }

  /** U4 with "batch-failed": whether the account cannot take the new contacts of the batch. */
  private overflows(batch: Batch): boolean {
    if (this.knobs.contactLimit !== "batch-failed" || this.account.contactLimit === undefined) return false;
    const fresh = batch.contacts.filter((each) => this.account.contactByEmail(each.email) === undefined).length;
    return fresh > 0 && this.account.contactCount + fresh > this.account.contactLimit;
  }

  private start(batch: Batch, at: number): void {
    batch.started = true;
    if (this.overflows(batch)) {
      this.close(batch, "failed", at);
      return;
    }
    this.work(batch, Math.min(this.reach(batch), Math.ceil(batch.contacts.length / 2)), at);
  }

  private finish(batch: Batch, at: number): void {
    if (batch.end !== undefined || this.isStuck(batch)) return;
    this.work(batch, this.reach(batch), at);
    const kind = batch.fault?.kind;
    this.close(batch, kind === "failed" || kind === "interrupted" ? kind : "completed", at);
  }

  private work(batch: Batch, until: number, at: number): void {
    for (; batch.applied < until; batch.applied += 1) {
      const contact = batch.contacts[batch.applied];
      if (contact === undefined) return;
      this.note(batch, contact.email, this.upserter.apply(contact, at, batch.id, !batch.excludeAutomations));
    }
  }

  private note(batch: Batch, email: string, outcome: Outcome): void {
    if ("id" in outcome) {
      batch.success.push(outcome.id);
      if (outcome.kind === "created") batch.created.push(outcome.id);
    } else if (outcome.kind !== "skipped" || this.knobs.skipped === "failure") {
      batch.failure.push(email);
    }
  }

  private close(batch: Batch, end: BatchEnd, at: number): void {
    batch.end = end;
    batch.contacts = [];
    this.count(this.outstanding, batch.received, batch.contactCount, -1);
    if (end === "completed") this.count(this.completed, at, batch.contactCount, 1);
    this.onEnd?.(batch, at);
  }

  /** What `/import/info` says; the fault "new-status" answers a word nobody knows until the end. */
  status(batch: Batch): BatchStatus | "postponed" {
    const now = this.clock.now();
    const kind = batch.fault?.kind;
    if (now < batch.waitingAt || kind === "stuck-false") return false;
    if (kind === "new-status" && batch.end === undefined) return "postponed";
    if (now < batch.claimedAt || kind === "stuck-waiting") return "waiting";
    if (now < batch.activeAt || kind === "stuck-claimed") return "claimed";
    return batch.end ?? "active";
  }

  /** Daily totals, numbers as text; completed ones of the last seven days. [doc S3] */
  summary(): { outstanding: Record<string, string>[]; recentlyCompleted: Record<string, string>[] } {
    const rows = (days: Map<string, Day>, from: string): Record<string, string>[] =>
      [...days]
        .filter(([day]) => day >= from)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([forDate, day]) => ({ forDate, batches: String(day.batches), contacts: String(day.contacts) }));
    const weekAgo = this.account.dates.day(this.clock.now() - 6 * DAY);
    return { outstanding: rows(this.outstanding, ""), recentlyCompleted: rows(this.completed, weekAgo) };
  }

  /** U22: whether `/import/info` still knows the batch. */
  remembers(batch: Batch): boolean {
    const { infoDays } = this.knobs;
    return infoDays === 0 || batch.end === undefined || this.clock.now() - batch.endAt <= infoDays * DAY;
  }
}
