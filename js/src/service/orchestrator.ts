/**
 * Makes the runs go: starts what is due, holds back what must wait, follows what goes, and says truthfully how it ended.
 *
 * Everything it knows is in the store: whoever dies is gone on after by the next one. It changes nothing unless it holds
 * the lease, so that of many processes one is at work.
 */
import { ExportError } from "../errors.js";
import { RETRY_MILLIS } from "../retries.js";
import type { Progress } from "../types.js";
import { isAllowed, sharingOfExport } from "./rules.js";
import { type Connection, ENDED, type Export, KEYS, type OrderedPart, type Reason, type Refresh, type Run, type RunStatus, type Segment, type User } from "./documents.js";
import { type Environment, json, type Versioned } from "./environment.js";
import { type Events } from "./events.js";
import { definitionOf, type Exports } from "./exports.js";
import type { Connections } from "./connections.js";
import { historyOf } from "./history.js";
import { newId } from "./ids.js";
import { takeLease } from "./lease.js";
import { ServiceProblem } from "./problem.js";
import type { PartState } from "./runner.js";
import { finished, partId, REFRESH_MILLIS, type Runs } from "./runs.js";
import { nextTimes } from "./schedule.js";
import type { Change } from "./store.js";
import { totalOf } from "./total.js";
import { noWay } from "./way.js";

/** Name of the lease. */
export const ORCHESTRATOR = "orchestrator";

/** How long an owner that does nothing counts as alive. */
const LEASE_MILLIS = 15_000;

/** Ended runs that lie further back are removed with the next one of their export. */
const MOST_RUNS = 200;

/** What an orchestrator needs of the rest. */
export interface Company {
  connections: Connections;
  exports: Exports;
  runs: Runs;
  events: Events;
}

export class Orchestrator {
  readonly #environment: Environment;
  readonly #company: Company;
  readonly #owner = newId();
  #ticking: Promise<void> | undefined;

  constructor(environment: Environment, company: Company) {
    this.#environment = environment;
    this.#company = company;
  }

  /** Does whatever can be done now. To be called every second or so, and whenever something has happened. */
  async tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => (this.#ticking = undefined));
    return this.#ticking;
  }

  async #tick(): Promise<void> {
    if (!(await takeLease(this.#environment.store, ORCHESTRATOR, this.#owner, LEASE_MILLIS, this.#environment.host.now()))) return;
    await this.#followRefreshes();
    await this.#startDue();
    const live = await this.#live();
    // Those that go keep their account; whoever waits is looked at in the order of the queue.
    for (const run of live) if (run.value.status === "refreshing") await this.#guarded(run, (own) => this.#follow(own));
    for (const run of live) if (run.value.status !== "refreshing") await this.#guarded(run, (own) => this.#waits(own));
    await this.#expire();
    await this.#forgetUploads();
    await this.#company.events.deliver();
  }

  async #live(): Promise<Versioned<Run>[]> {
    const keys = await this.#environment.store.list("live/");
    const runs = await Promise.all(keys.map(({ key }) => this.#environment.find<Run>(KEYS.run(key.slice("live/".length)))));
    return runs.flatMap((run) => (run ? [run] : []));
  }

  /** One run that cannot be worked on must not hold up the others. */
  async #guarded(run: Versioned<Run>, work: (run: Versioned<Run>) => Promise<void>): Promise<void> {
    try {
      await work(run);
    } catch (error) {
      const what = error instanceof Error ? error.name : typeof error;
      console.error(`activecampaign-export: the run ${run.value.id} could not be worked on:`, what);
    }
  }

  /** Makes runs that a refresh should have made before somebody died. */
  async #followRefreshes(): Promise<void> {
    for (const { value } of await this.#environment.every<Refresh>("refresh/")) {
      const age = this.#environment.host.now() - Date.parse(value.endedAt ?? value.startedAt ?? "");
      const open = value.state !== "started" && !(await this.#environment.store.get(KEYS.followed(value.id)));
      if (open && age < REFRESH_MILLIS) await this.#company.runs.followed(value, "source");
      else if (age > 30 * REFRESH_MILLIS) await this.#environment.store.commit([{ key: KEYS.refresh(value.id), value: undefined }, { key: KEYS.followed(value.id), value: undefined }]);
    }
  }

  async #startDue(): Promise<void> {
    for (const { key, value, version } of await this.#environment.store.list("due/")) {
      const due = Date.parse((value as { at: string }).at);
      if (due > this.#environment.host.now()) continue;
      const one = await this.#environment.find<Export>(KEYS.export(key.slice("due/".length)));
      const [next] = one ? nextTimes(one.value.schedule, new Date(this.#environment.host.now()), 1) : [];
      const moved: Change = { key, value: next ? { at: next.toISOString() } : undefined, version };
      // However many times were missed while nobody was at work, it runs once.
      const run = one && one.value.schedule.active && (await this.#company.runs.queue(one.value, "schedule", one.value.updatedBy, false, {}, [moved]));
      if (!run) await this.#environment.store.commit([moved]);
    }
  }

  /** A run in the queue, or one that is to be tried again. */
  async #waits({ value: run, version }: Versioned<Run>): Promise<void> {
    if (run.cancelledBy !== undefined) return this.#end(run, version, "cancelled");
    if (run.dueAt !== undefined && Date.parse(run.dueAt) > this.#environment.host.now()) return;
    if (await this.#adopted(run, version)) return;
    const reason = await this.#holdUp(run);
    if (reason) {
      if (run.reason?.code === reason.code || run.status === "failed_retrying") return;
      await this.#environment.store.commit([{ key: KEYS.run(run.id), value: json({ ...run, reason }), version }]);
      return;
    }
    const refused = (await this.#lost(run)) ?? (await this.#tooLarge(run));
    if (refused) return this.#end({ ...run, reason: refused.reason }, version, refused.status);
    await this.#begin(run, version);
  }

  /** A run that has not begun follows its export: over the connection, and with the segments, that it has now. */
  async #adopted(run: Run, version: number): Promise<boolean> {
    const one = (await this.#environment.find<Export>(KEYS.export(run.export)))?.value;
    const connection = one && (await this.#company.exports.connectionOf(one));
    if (!connection || run.startedAt !== undefined) return false;
    const { host, parts } = await this.#company.runs.planned(one, connection);
    const same = run.connection === connection.id && run.host === host && JSON.stringify(run.parts) === JSON.stringify(parts);
    if (!same) await this.#environment.store.commit([{ key: KEYS.run(run.id), value: json({ ...run, connection: connection.id, host, parts }), version }]);
    return !same;
  }

  /** Why a run cannot go yet. */
  async #holdUp(run: Run): Promise<Reason | undefined> {
    const now = this.#environment.host.now();
    const one = (await this.#environment.find<Export>(KEYS.export(run.export)))?.value;
    for (const { value } of await this.#environment.every<Refresh>("refresh/")) {
      const concerned = value.segments === undefined || one?.segments.some((id) => value.segments?.includes(id));
      if (value.state === "started" && concerned && now - Date.parse(value.startedAt ?? "") < REFRESH_MILLIS) return waits("source_refreshing", "The source is being refreshed; the export starts when that is complete.");
    }
    for (const id of one?.startAfter ?? []) {
      const ahead = (await this.#environment.store.get(KEYS.going(id))) ?? (await this.#environment.store.get(KEYS.waiting(id)));
      if (ahead) return waits("dependency", "An export that this one starts after has not ended yet.");
    }
    for (const { value } of await this.#live()) {
      const goes = value.status === "refreshing" && value.id !== run.id;
      if (goes && value.export === run.export) return waits("previous_run", "The run before it has not ended yet.");
      if (goes && value.host === run.host) return waits("account_busy", "Another export sends to the same account; they go one after another.");
    }
    return undefined;
  }

  /** Why a run may not go at all, or go on. */
  async #lost(run: Run): Promise<{ status: RunStatus; reason: Reason } | undefined> {
    const failed = (reason: Reason): { status: RunStatus; reason: Reason } => ({ status: "failed_permanent", reason });
    const reason = await noWay(this.#environment, this.#company.exports, run);
    if (reason) return failed(reason);
    const { value: one } = await this.#environment.export(run.export);
    const { value: connection } = await this.#environment.connection(run.connection);
    if (!(await this.#isAdministrator(connection.exportUser))) {
      return failed(why("export_user", "permission", "Whoever set up the connection is no administrator any more.", "Let another administrator take the connection over."));
    }
    const starter = run.trigger === "on_demand" || run.trigger === "run_all" ? run.user : one.updatedBy;
    if (!(await this.#mayRun(starter, one, connection))) {
      return failed(why("starter_right", "permission", "Whoever started the run or set its schedule may not run this export any more.", "Ask somebody who may to save the export, or to run it."));
    }
    return undefined;
  }

  async #isAdministrator(id: string): Promise<boolean> {
    const user = (await this.#environment.find<User>(KEYS.user(id)))?.value;
    return user !== undefined && user.active && isAllowed(user.role, "manage_connections");
  }

  async #mayRun(id: string, one: Export, connection: Connection): Promise<boolean> {
    const user = (await this.#environment.find<User>(KEYS.user(id)))?.value;
    return user !== undefined && user.active && isAllowed(user.role, "run_export", sharingOfExport(one, connection, user));
  }

  /** A segment beyond the limit is not sent in part: the run is skipped, with the number. */
  async #tooLarge(run: Run): Promise<{ status: RunStatus; reason: Reason } | undefined> {
    const { maxProfiles } = this.#environment;
    // A run that goes on was counted when it began.
    if (run.parts.some(({ progress }) => progress !== undefined)) return undefined;
    const one = (await this.#environment.export(run.export)).value;
    const connection = (await this.#environment.connection(run.connection)).value;
    let total = 0;
    for (const id of one.segments) {
      const segment = (await this.#environment.segment(id)).value;
      const counted = await this.#counted(segment, one, connection);
      if (counted instanceof ExportError) {
        const { code, category, message, remedy, issues } = counted;
        return { status: "failed_permanent", reason: { code, category, message: `Segment "${segment.name}": ${message}`, remedy, retryHelps: false, issues: [...issues] } };
      }
      total += counted ?? segment.members ?? 0;
    }
    if (total <= maxProfiles) return undefined;
    const message = `The segments have ${total} profiles; an export carries ${maxProfiles}. Nothing was sent.`;
    return { status: "skipped", reason: why("too_large", "settings", message, "Take segments out, or spread them over several exports.") };
  }

  /** How many profiles a segment has, where that can be read beforehand; or why its columns do not do, before anything of another one is sent. */
  async #counted(segment: Segment, one: Export, connection: Connection): Promise<number | ExportError | undefined> {
    try {
      return (await this.#environment.runner.count?.(segment, definitionOf(one, connection, segment)))?.read;
    } catch (error) {
      // Anything else is told by the part itself, and may pass.
      return error instanceof ExportError && error.category === "settings" ? error : undefined;
    }
  }

  async #begin(run: Run, version: number): Promise<void> {
    const one = (await this.#environment.export(run.export)).value;
    const warnings = run.startedAt === undefined ? await this.#warnings(one) : run.warnings;
    const { reason: _reason, dueAt: _due, ...rest } = run;
    const begun: Run = { ...rest, status: "refreshing", startedAt: run.startedAt ?? this.#environment.now(), warnings };
    const ordered = await this.#environment.store.get(KEYS.order(run.id));
    const going = await this.#environment.store.get(KEYS.going(run.export));
    // One that is tried again has its place already.
    if (going && going.value !== run.id) return;
    const waiting = await this.#environment.store.get(KEYS.waiting(run.export));
    const changes: Change[] = [
      { key: KEYS.run(run.id), value: json(begun), version },
      ...(ordered ? [] : [{ key: KEYS.order(run.id), value: json(await this.#ordered(run, one)), version: 0 }]),
      { key: KEYS.going(run.export), value: run.id, version: going?.version ?? 0 },
      ...(waiting?.value === run.id ? [{ key: waiting.key, value: undefined, version: waiting.version }] : []),
    ];
    if (!(await this.#environment.store.commit(changes))) return;
    if (run.startedAt === undefined) await this.#company.events.workflow("Export.WorkflowStarted", begun);
    await this.#follow({ value: begun, version: version + 1 });
  }

  /** What the run sends, from now on whatever is edited: a batch that is on its way must be gone on with as it is. */
  async #ordered(run: Run, one: Export): Promise<OrderedPart[]> {
    const connection = (await this.#environment.connection(run.connection)).value;
    const segments = await Promise.all(run.parts.map(async ({ segment }) => (await this.#environment.segment(segment)).value));
    return segments.map((segment) => ({ definition: definitionOf(one, connection, segment), segment }));
  }

  /** The account's own figures, before a run. What cannot be read now is told by the run itself. */
  async #warnings(one: Export): Promise<Run["warnings"]> {
    const connection = await this.#company.exports.connectionOf(one);
    const segments = new Map<string, Segment>();
    for (const id of one.segments) {
      const found = await this.#environment.find<Segment>(KEYS.segment(id));
      if (found) segments.set(id, found.value);
    }
    try {
      return this.#company.exports.warnings(one, segments, connection && (await this.#company.connections.describe(connection)));
    } catch (error) {
      if (error instanceof ServiceProblem) return this.#company.exports.warnings(one, segments, undefined);
      throw error;
    }
  }

  /** A run that goes: its part that is at work. */
  async #follow({ value: run, version }: Versioned<Run>): Promise<void> {
    const at = run.parts.findIndex((part) => !finished(part));
    if (at === -1) return this.#end(run, version, outcomeOf(run));
    const id = partId(run, at);
    let state = await this.#environment.runner.look(id);
    const waiting = run.parts[at]?.state === "waiting";
    // Whoever takes a connection away stops what goes over it.
    const lost = await this.#lost(run);
    if (lost && (state.state === "unknown" || waiting)) return this.#end({ ...run, reason: lost.reason }, version, lost.status);
    if (lost && state.state === "running") await this.#environment.runner.cancel(id);
    if (state.state === "unknown" || (state.state === "ended" && waiting)) {
      if (run.cancelledBy !== undefined && state.state === "unknown") return this.#end(run, version, "cancelled");
      await this.#environment.runner.start(await this.#order(run, at));
      state = { state: "running" };
    }
    if (run.cancelledBy !== undefined && state.state === "running") await this.#environment.runner.cancel(id);
    const parts = run.parts.map((part, number) => (number === at ? { ...part, ...toldBy(state, part) } : part));
    const progress = totalOf(parts);
    const isNew = JSON.stringify(progress) !== JSON.stringify(run.progress);
    const after: Run = { ...run, parts, progress, ...(isNew ? historyOf(run, progress, this.#environment.host.now()) : {}) };
    if (state.state === "ended") return this.#partEnded(after, version, state);
    if (JSON.stringify(after) === JSON.stringify(run)) return;
    // One that was cancelled meanwhile is looked at again.
    await this.#environment.store.commit([{ key: KEYS.run(run.id), value: json(after), version }]);
  }

  async #order(run: Run, at: number): Promise<Parameters<Environment["runner"]["start"]>[0]> {
    const connection = (await this.#environment.connection(run.connection)).value;
    const ordered = (await this.#environment.need<OrderedPart[]>(KEYS.order(run.id), "order")).value[at];
    if (!ordered) throw new Error("the order has no such part");
    const reach = (): ReturnType<Environment["account"]> => this.#environment.account(connection);
    return { id: partId(run, at), connection: connection.id, host: connection.host, reach, ...ordered };
  }

  async #partEnded(run: Run, version: number, { result, stop }: PartState): Promise<void> {
    const lost = result === "cancelled" && run.cancelledBy === undefined ? await this.#lost(run) : undefined;
    if (lost) return this.#end({ ...run, reason: lost.reason }, version, lost.status);
    if (result === "cancelled") return this.#end(run, version, "cancelled");
    if (result !== "blocked" && result !== "failed") {
      if (await this.#environment.store.commit([{ key: KEYS.run(run.id), value: json(run), version }])) await this.#follow({ value: run, version: version + 1 });
      return;
    }
    const pause = RETRY_MILLIS[run.retries];
    if (stop?.retryHelps !== true || pause === undefined || run.cancelledBy !== undefined) {
      return this.#end({ ...run, ...(stop ? { reason: stop } : {}) }, version, run.cancelledBy === undefined ? "failed_permanent" : "cancelled");
    }
    const parts = run.parts.map((part) => (finished(part) ? part : { ...part, state: "waiting" as const }));
    const due = new Date(this.#environment.host.now() + pause).toISOString();
    await this.#environment.store.commit([{ key: KEYS.run(run.id), value: json({ ...run, parts, status: "failed_retrying", reason: stop, retries: run.retries + 1, dueAt: due } satisfies Run), version }]);
  }

  async #end(run: Run, version: number, status: RunStatus): Promise<void> {
    const { dueAt: _due, ...rest } = run;
    const expires = new Date(this.#environment.host.now() + this.#environment.rejectionsMillis).toISOString();
    const parts = run.parts.map(toldAtEnd);
    const progress = totalOf(parts);
    const ended: Run = { ...rest, parts, progress, ...historyOf(run, progress, this.#environment.host.now(), true), status, endedAt: this.#environment.now(), rejectionsExpireAt: expires };
    const changes: Change[] = [{ key: KEYS.run(run.id), value: json(ended), version }, { key: KEYS.live(run.id), value: undefined }];
    for (const key of [KEYS.waiting(run.export), KEYS.going(run.export)]) {
      const kept = await this.#environment.store.get(key);
      if (kept?.value === run.id) changes.push({ key, value: undefined, version: kept.version });
    }
    if (!(await this.#environment.store.commit(changes))) return;
    await this.#company.events.workflow("Export.WorkflowCompleted", ended);
  }

  /** Removes uploads that nobody needs any more. */
  async #forgetUploads(): Promise<void> {
    for (const { key, version } of await this.#environment.store.list("unneeded/")) {
      await this.#environment.runner.forgetUpload?.(key.slice("unneeded/".length));
      await this.#environment.store.commit([{ key, value: undefined, version }]);
    }
  }

  /** Removes rejected profiles whose time is over, and runs beyond those that are kept. */
  async #expire(): Promise<void> {
    const key = "expired/at";
    const now = this.#environment.host.now();
    const last = (await this.#environment.store.get(key))?.value as { at: number } | undefined;
    if (last && now - last.at < 3_600_000) return;
    await this.#environment.store.commit([{ key, value: { at: now } }]);
    for (const { value } of await this.#environment.every<Run>("run/")) {
      if (!ENDED.has(value.status) || value.rejectionsExpireAt === undefined) continue;
      const newer = await this.#environment.store.list(`runs/${value.export}/`, { after: KEYS.runOf(value.export, value.id), limit: MOST_RUNS });
      const old = newer.length === MOST_RUNS;
      const over = Date.parse(value.rejectionsExpireAt) <= now;
      if (over || old) for (const at of value.parts.keys()) await this.#environment.runner.forget(partId(value, at));
      if (old) await this.#environment.store.commit([{ key: KEYS.run(value.id), value: undefined }, { key: KEYS.order(value.id), value: undefined }, { key: KEYS.runOf(value.export, value.id), value: undefined }]);
    }
  }
}

/** A run that is over has nothing on its way: of what the account had taken, nobody has said what became of it. */
function toldAtEnd(part: Run["parts"][number]): Run["parts"][number] {
  const { progress } = part;
  if (!progress || progress.queued === 0) return part;
  return { ...part, progress: { ...progress, queued: 0, unverified: progress.unverified + progress.queued } };
}

/** What a runner told of a part, as the run keeps it. */
function toldBy({ state, progress, result, stop, rejectedByRule, omissions }: PartState, before: Run["parts"][number]): Partial<Run["parts"][number]> {
  const known = { ...(result ? { result } : {}), ...(stop ? { stop } : {}), ...(rejectedByRule ? { rejectedByRule } : {}), ...(omissions ? { omissions } : {}) };
  // One that ended before its state was read knows less than what was told before.
  const told: Progress | undefined = progress && before.progress && before.progress.read > progress.read ? before.progress : progress;
  return { state: state === "unknown" ? "waiting" : state, ...(told ? { progress: told } : {}), ...known };
}

/** How a run ended whose parts all came to their end. */
function outcomeOf({ parts }: Run): RunStatus {
  if (parts.some(({ result }) => result === "incomplete")) return "incomplete";
  return parts.some(({ result }) => result === "completed_with_rejections") ? "completed_with_rejections" : "successful";
}

function waits(code: string, message: string): Reason {
  return { code, category: "misuse", message, remedy: "Nobody has to act.", retryHelps: true };
}

function why(code: string, category: Reason["category"], message: string, remedy: string): Reason {
  return { code, category, message, remedy, retryHelps: false };
}
