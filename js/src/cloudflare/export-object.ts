/**
 * One object an export: its run, driven by alarms in slices. The object is the lock, so no export runs twice at once;
 * its database keeps the run, so that an object that was put away, deployed anew or killed goes on where it was.
 */
import { memoryBytes } from "../core.js";
import type { ReadableStore } from "../store/contract.js";
import { RETRY_MILLIS } from "../retries.js";
import { sqlStore } from "../store/sql.js";
import type { ExportSummary, Progress, Stop } from "../types.js";
import { Clock } from "./clock.js";
import { databaseOf, Kept } from "./database.js";
import { finalStop, hostnameOf, LiveRun, type Outcome, stopOf } from "./live-run.js";
import { answer, refusal, tell } from "./messages.js";
import { ProgressStreams } from "./progress.js";
import { keptRows, rejectedRows } from "./rejected.js";
import type { Bindings, ObjectState, ObjectStorage } from "./runtime.js";
import type { SliceLimits } from "./slices.js";
import { type ExportStatus, isLive, type RunRecord, type StartRequest } from "./status.js";

/** An alarm that fires when a slice never came to its end, which is 25 seconds away: what a death in its middle costs. */
const WATCHDOG_MILLIS = 30_000;

/** Results of a run that the next start goes on with. */
const UNFINISHED: ReadonlySet<string> = new Set(["blocked", "cancelled", "failed"]);

export class ExportObject {
  /** How many times faster than real time the clock goes; for rehearsals, the same in all objects. */
  protected readonly speed: number = 1;
  /**
   * Of one slice. A free plan allows an invocation 50 requests and 10 ms of processor time: as many requests as fit that
   * (README, "Deploy to Cloudflare"). A paid plan allows more, for fewer alarms.
   */
  protected readonly limits: SliceLimits = { requests: 12, millis: 25_000 };
  readonly #storage: ObjectStorage;
  readonly #bindings: Bindings;
  readonly #kept: Kept<RunRecord>;
  /** Kept in the middle of a slice too, unlike the record: a death there must not make the counts untrue. */
  readonly #counts: Kept<{ runKey: string; progress: Progress }>;
  readonly #streams = new ProgressStreams();
  #record: RunRecord | undefined;
  #live: LiveRun | undefined;
  #inSlice = false;
  /** Times that the rejected rows of a run took the place of those before, in this life of the object. */
  #replaced = 0;
  /** The next alarm, as far as this life of the object knows. */
  #alarmAt = Number.POSITIVE_INFINITY;

  constructor(state: ObjectState, bindings: Bindings) {
    this.#storage = state.storage;
    this.#bindings = bindings;
    this.#kept = new Kept(state.storage, "export");
    this.#counts = new Kept(state.storage, "counts");
    this.#record = this.#kept.get();
    const counts = this.#counts.get();
    if (this.#record && counts && counts.runKey === this.#record.runKey && isLive(this.#record)) this.#record.status.progress = counts.progress;
    // No loss of an alarm is known; to look costs little.
    void state.blockConcurrencyWhile(async () => {
      if (isLive(this.#record) && (await this.#storage.getAlarm()) === null) await this.#wakeAt(Date.now());
    });
  }

  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    // Whoever looks at a run that died with another life of this object need not wait for its watchdog.
    if (isLive(this.#record) && !this.#live && this.#alarmAt === Number.POSITIVE_INFINITY) await this.#wakeAt(dueOf(this.#record));
    switch (`${request.method} ${pathname}`) {
      case "POST /start":
        return this.#start((await request.json()) as StartRequest);
      case "POST /cancel":
        return this.#cancel();
      case "POST /wake":
        if (isLive(this.#record) && !this.#inSlice) await this.#wakeAt(dueOf(this.#record));
        return answer(isLive(this.#record));
      case "GET /status":
        return answer(this.#status());
      case "GET /progress":
        return this.#streams.open(this.#status());
      case "GET /rejections":
        return this.#rejections();
      case "GET /rows":
        return keptRows(this.#store().rejections());
      case "POST /forget":
        return this.#forget();
      default:
        return refusal(404, "not_found", "There is nothing here.", "Use the worker of this package.");
    }
  }

  /** One slice. Never throws: the platform gives up an alarm that does so six times. */
  async alarm(): Promise<void> {
    this.#inSlice = true;
    this.#soonest = Number.POSITIVE_INFINITY;
    try {
      await this.#wakeAt(Date.now() + WATCHDOG_MILLIS / this.speed);
      if (this.#record && isLive(this.#record)) await this.#slice(this.#record);
      else await this.#storage.deleteAlarm();
    } catch (error) {
      // The watchdog is set; where even that failed, so would everything else.
      console.error("activecampaign-export: a slice failed:", error instanceof Error ? error.name : typeof error);
    } finally {
      this.#inSlice = false;
      this.#hasten();
    }
  }

  async #slice(record: RunRecord): Promise<void> {
    // One that was cancelled has nothing to wait for.
    if (!record.cancelled && dueOf(record) > Date.now()) return this.#wakeAt(dueOf(record));
    const live = (this.#live ??= this.#begin(record));
    const due = await live.slices.run();
    record.status = { ...record.status, status: "running", slices: (record.status.slices ?? 0) + 1, coreBytes: memoryBytes() };
    if (live.outcome) {
      this.#live = undefined;
      this.#soonest = Number.POSITIVE_INFINITY;
      return this.#ended(record, live.outcome);
    }
    this.#kept.set(record);
    await this.#wakeAt(due === undefined ? Date.now() : this.#clock().real(due));
  }

  /** The run could go on from a time that lies before the next alarm. */
  #soonest = Number.POSITIVE_INFINITY;

  #due(time: number): void {
    this.#soonest = Math.min(this.#soonest, time);
    if (!this.#inSlice) this.#hasten();
  }

  /** Sets the alarm earlier, when something has become due since it was set. */
  #hasten(): void {
    const at = this.#soonest;
    this.#soonest = Number.POSITIVE_INFINITY;
    if (isLive(this.#record) && at < this.#alarmAt) void this.#wakeAt(at);
  }

  async #wakeAt(time: number): Promise<void> {
    // One set within an alarm for the present or the past is dropped, or comes much later (cloudflare/workerd#6866).
    this.#alarmAt = Math.ceil(Math.max(time, Date.now() + 1));
    await this.#storage.setAlarm(this.#alarmAt);
  }

  async #start({ name, runKey, order, restart = false }: StartRequest): Promise<Response> {
    if (this.#record?.runKey === runKey) return answer({ ...this.#status(), already: true });
    if (isLive(this.#record)) return refusal(409, "run_in_progress", "A run of this export is in progress.", "Wait for it to end, or cancel it.");
    // Whoever goes on with a run goes on with its source.
    const { version, status: before } = this.#record ?? {};
    const goesOn = !restart && version !== undefined && before?.result !== undefined && UNFINISHED.has(before.result);
    const status: ExportStatus = { status: "running", runKey, startedAt: new Date().toISOString(), slices: 0, ...(goesOn && before.progress ? { progress: before.progress } : {}) };
    this.#record = { name, runKey, order, restart, status, retries: 0, cancelled: false, ...(goesOn ? { version } : {}) };
    this.#kept.set(this.#record);
    await this.#wakeAt(Date.now());
    // Should even the first alarm be lost, the account's object will miss it.
    await this.#account(this.#record, "begun", { name }).catch(() => undefined);
    return answer(this.#status(), 202);
  }

  async #cancel(): Promise<Response> {
    const record = this.#record;
    if (!record || !isLive(record)) return refusal(409, "not_running", "No run of this export is in progress.", "Start one, or look at the status.");
    record.cancelled = true;
    this.#kept.set(record);
    this.#live?.cancel();
    await this.#wakeAt(Date.now());
    return answer(this.#status(), 202);
  }

  #begin(record: RunRecord): LiveRun {
    const { name, order, restart } = record;
    const clock = this.#clock();
    let own: LiveRun | undefined;
    const live = new LiveRun({
      name, order, restart, clock,
      stateKey: this.#stateKey(),
      storage: this.#storage,
      bindings: this.#bindings,
      limits: this.limits,
      turns: async (kinds) => (await this.#account(record, "turns", { name, kinds })) as number[],
      throttled: async (retryAfter) => void (await this.#account(record, "throttled", { retryAfter })),
      onProgress: (progress) => this.#progressed(record, progress),
      // One that is over has nothing to say.
      onDue: (time) => void (own !== undefined && this.#live === own && this.#due(clock.real(time))),
      version: record.version,
      onOpened: (version) => {
        if (record.version !== undefined) return;
        record.version = version;
        this.#kept.set(record);
      },
      onReplaced: () => void (this.#replaced += 1),
      onClaimed: () => {
        record.restart = false;
        this.#kept.set(record);
      },
    });
    own = live;
    if (record.cancelled) live.cancel();
    return live;
  }

  /** Made here, and kept beside what it authenticates: nothing that is rotated elsewhere may make a run's state unreadable. */
  #stateKey(): string {
    const kept = new Kept<string>(this.#storage, "state key");
    const before = kept.get();
    if (before !== undefined) return before;
    const key = Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    kept.set(key);
    return key;
  }

  /** Asks the object of the order's account. */
  async #account({ order }: RunRecord, path: string, body: unknown): Promise<unknown> {
    const response = await tell(this.#bindings, "ACCOUNTS", hostnameOf(order), path, body);
    if (!response.ok) throw new Error(`the account's object answered ${response.status}`);
    return response.json();
  }

  #progressed(record: RunRecord, progress: Progress): void {
    const before = record.status.progress;
    record.status = { ...record.status, status: "running", progress };
    // Each is a row that is written: only when profiles have come to their end.
    if (!before || settled(progress) !== settled(before)) this.#counts.set({ runKey: record.runKey, progress });
    this.#streams.tell(record.status);
  }

  async #ended(record: RunRecord, outcome: Outcome): Promise<void> {
    const stop = "summary" in outcome ? outcome.summary.stop : stopOf(outcome.error);
    const pause = RETRY_MILLIS[record.retries];
    if (stop?.retryHelps && pause !== undefined && !record.cancelled && !record.order.service) return this.#retry(record, stop, pause);
    const { dueAt: _due, stop: _before, ...rest } = record.status;
    record.status = { ...rest, status: "ended", endedAt: new Date().toISOString(), ...("summary" in outcome ? endOf(outcome.summary, rest.progress) : { result: "failed" }), ...(stop ? { stop: finalStop(stop) } : {}) };
    this.#kept.set(record);
    // Before anybody hears of it: a start that follows at once has an alarm of its own.
    await this.#storage.deleteAlarm();
    this.#streams.end(record.status);
    await this.#account(record, "ended", { name: record.name }).catch(() => undefined);
  }

  async #retry(record: RunRecord, stop: Stop, pause: number): Promise<void> {
    const due = Date.now() + pause / this.speed;
    record.retries += 1;
    record.status = { ...record.status, status: "retrying", stop, dueAt: new Date(due).toISOString() };
    this.#kept.set(record);
    this.#streams.tell(record.status);
    await this.#wakeAt(due);
  }

  /** Made when it is needed: whoever sets another speed has not done so yet while this class is being constructed. */
  #clock(): Clock {
    return new Clock(this.speed);
  }

  #status(): ExportStatus {
    return this.#record?.status ?? { status: "never_run" };
  }

  /** The rejected rows of the run so far, one JSON object a line. */
  #rejections(): Response {
    return rejectedRows(this.#store().rejections(), () => this.#replaced);
  }

  #store(): ReadableStore {
    return sqlStore(databaseOf(this.#storage), this.#record?.name ?? "none");
  }

  /** Removes all that is kept. */
  async #forget(): Promise<Response> {
    if (isLive(this.#record)) return refusal(409, "run_in_progress", "A run of this export is in progress.", "Wait for it to end, or cancel it.");
    this.#record = undefined;
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
    return answer(true);
  }
}

/** Profiles of which nothing more is to be found out. */
function settled({ delivered, rejected, duplicate, excluded, unverified }: Progress): number {
  return delivered + rejected + duplicate + excluded + unverified;
}

function endOf({ result, rejectedByRule, omissions, stop: _stop, durationMillis: _millis, ...progress }: ExportSummary, before: Progress | undefined): Partial<ExportStatus> {
  // One that ended before its state was read knows less than what was told of it before.
  return { result, rejectedByRule, omissions, progress: before && before.read > progress.read ? before : progress };
}

/** When a run may go on: one that waits to be tried again, not before. Milliseconds since the Unix epoch. */
function dueOf(record: RunRecord | undefined): number {
  const { status, dueAt } = record?.status ?? {};
  return status === "retrying" && dueAt !== undefined ? Date.parse(dueAt) : Date.now();
}
