/** Runs: who starts which, and what became of them. How they go is the orchestrator's. */
import type { Rejection } from "../types.js";
import type { Events } from "./events.js";
import type { Exports } from "./exports.js";
import { type Connection, ENDED, type Export, KEYS, type Refresh, type Run, type Trigger, type User } from "./documents.js";
import { type Environment, json, type Versioned } from "./environment.js";
import { newTimedId } from "./ids.js";
import { busy, notAllowed, notValid, ServiceProblem } from "./problem.js";
import { isAllowed } from "./rules.js";
import type { Change } from "./store.js";
import { noWay } from "./way.js";

export interface RefreshInput {
  /** The source's own name for this refresh: the same one is the same refresh, however often it is told. */
  id: string;
  state: Refresh["state"];
  kind?: Refresh["kind"] | undefined;
  segments?: string[] | undefined;
}

/** A refresh that was never said to have ended holds nothing up after this long. */
export const REFRESH_MILLIS: number = 24 * 3_600_000;

/** Times that a change is tried over against others that are quicker. */
const MOST_TRIES = 10;

export class Runs {
  readonly #environment: Environment;
  readonly #exports: Exports;
  readonly #events: Events;

  constructor(environment: Environment, exports: Exports, events: Events) {
    this.#environment = environment;
    this.#exports = exports;
    this.#events = events;
  }

  async start(user: User, exportId: string): Promise<Versioned<Run>> {
    const { value } = await this.#exports.editable(user, exportId, "run_export");
    if (value.connection === null) throw detached();
    const run = await this.queue(value, "on_demand", user.id, true);
    if (run) return { value: run, version: 1 };
    throw new ServiceProblem(409, "run_in_progress", "misuse", "A run of this export is waiting or going.", "Wait for it to end, or cancel it.", { retryHelps: true });
  }

  /** Runs all exports with an active schedule that the user may run. */
  async runAll(user: User): Promise<Run[]> {
    // Whoever may run none at all is told so, and not that there was nothing to run.
    if (!isAllowed(user.role, "run_export", "shared")) throw notAllowed("run exports");
    const started: Run[] = [];
    for (const { value } of await this.#exports.list(user)) {
      if (!value.schedule.active || value.connection === null || !(await this.#exports.may(user, "run_export", value))) continue;
      const run = await this.queue(value, "run_all", user.id, true);
      if (run) started.push(run);
    }
    return started;
  }

  /**
   * Puts a run in the queue. At most one waits and one goes for each export: nothing when there is one that waits, or,
   * with `alone`, one that goes.
   */
  async queue(one: Export, trigger: Trigger, user: string, alone = false, more: Partial<Run> = {}, changes: readonly Change[] = []): Promise<Run | undefined> {
    const connection = await this.#exports.connectionOf(one);
    if (!connection) return undefined;
    if (alone && (await this.#environment.store.get(KEYS.going(one.id)))) return undefined;
    const run = await this.#made(one, connection, trigger, user, more);
    const ended = ENDED.has(run.status);
    const all: Change[] = [
      { key: KEYS.run(run.id), value: json(run), version: 0 },
      { key: KEYS.runOf(one.id, run.id), value: run.id, version: 0 },
      ...(ended ? [] : [{ key: KEYS.live(run.id), value: one.id, version: 0 }, { key: KEYS.waiting(one.id), value: run.id, version: 0 }]),
      ...changes,
    ];
    const deed = { user, action: `run.${ended ? run.status : "start"}`, target: KEYS.run(run.id) };
    if (!(await this.#environment.ledger.commit(deed, all))) return undefined;
    if (ended) await this.#events.workflow("Export.WorkflowCompleted", run);
    return run;
  }

  async #made(one: Export, connection: Connection, trigger: Trigger, user: string, more: Partial<Run>): Promise<Run> {
    return {
      id: newTimedId(this.#environment.host.now()),
      export: one.id, exportName: one.name, connection: connection.id, ...(await this.planned(one, connection)),
      trigger, user, status: "queued", warnings: [], queuedAt: this.#environment.now(), retries: 0, ...more,
    };
  }

  /** What a run of an export sends, and where, before it begins. */
  async planned(one: Export, { host }: Connection): Promise<Pick<Run, "host" | "parts">> {
    const parts: Run["parts"] = [];
    for (const id of one.segments) {
      const segment = await this.#environment.find<{ name: string }>(KEYS.segment(id));
      parts.push({ segment: id, name: segment?.value.name ?? id, state: "waiting" });
    }
    return { host, parts };
  }

  /** What the source tells of its refresh. Runs the exports that follow it, once it is complete; skips them, when it failed. */
  async refresh(user: User, input: RefreshInput): Promise<{ refresh: Refresh; runs: Run[]; already: boolean }> {
    if (!isAllowed(user.role, "refresh")) throw notAllowed("say that the source was refreshed");
    const key = KEYS.refresh(input.id);
    const segments = input.segments && (await this.#segmentsOf(input.segments));
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const told = await this.#told(user, { ...input, segments }, key);
      if (told) return told;
    }
    throw busy();
  }

  /** Segments by their ids or names; one that is not there would never be run, and nobody would know. */
  async #segmentsOf(given: readonly string[]): Promise<string[]> {
    const all = (await this.#environment.every<{ id: string; name: string }>("segment/")).map(({ value }) => value);
    const found = given.map((each) => all.find(({ id, name }) => id === each || name === each)?.id);
    const issues = found.flatMap((id, at) => (id === undefined ? [{ path: `segments[${at}]`, code: "unknown_segment", message: "There is no segment of this id or name." }] : []));
    if (issues.length > 0) throw notValid(issues);
    return found.flatMap((id) => (id === undefined ? [] : [id]));
  }

  /** Nothing when somebody else was quicker. */
  async #told(user: User, input: RefreshInput, key: string): Promise<{ refresh: Refresh; runs: Run[]; already: boolean } | undefined> {
    const kept = await this.#environment.find<Refresh>(key);
    const before = kept?.value;
    if (before?.state === input.state) return { refresh: before, runs: before.state === "started" ? [] : await this.followed(before, user.id), already: true };
    if (before && before.state !== "started") {
      throw new ServiceProblem(409, "refresh_ended", "source", `This refresh was told to have ${before.state} already.`, "Tell another refresh under an id of its own.");
    }
    const now = this.#environment.now();
    const refresh: Refresh = {
      id: input.id, state: input.state, kind: input.kind ?? before?.kind ?? "scheduled", segments: input.segments ?? before?.segments,
      startedAt: before?.startedAt ?? now, ...(input.state === "started" ? {} : { endedAt: now }),
    };
    if (!(await this.#environment.ledger.commit({ user: user.id, action: `refresh.${input.state}`, target: key }, [{ key, value: json(refresh), version: kept?.version ?? 0 }]))) return undefined;
    return { refresh, runs: input.state === "started" ? [] : await this.followed(refresh, user.id), already: false };
  }

  /** Makes the runs of a refresh that has ended; made once, however often this is called. */
  async followed(refresh: Refresh, user: string): Promise<Run[]> {
    const followed = KEYS.followed(refresh.id);
    const exports = (await this.#environment.store.get(followed)) ? [] : await this.#environment.every<Export>("export/");
    for (const { value } of exports) {
      const concerned = refresh.segments === undefined || value.segments.some((id) => refresh.segments?.includes(id));
      if (!value.schedule.active || value.schedule.type !== "refresh" || value.connection === null || !concerned) continue;
      const once: Change = { key: `refreshed/${encodeURIComponent(refresh.id)}/${value.id}`, value: null, version: 0 };
      if (await this.#environment.store.get(once.key)) continue;
      if (refresh.state === "completed") {
        // One that waits has not read anything yet: it sends what this refresh has brought.
        const waiting = await this.#environment.store.get(KEYS.waiting(value.id));
        if (waiting && (await this.#waitsFresh(String(waiting.value)))) await this.#environment.store.commit([{ ...once, value: waiting.value }, { key: waiting.key, value: waiting.value, version: waiting.version }]);
        else await this.queue(value, "refresh", user, false, { refresh: refresh.id }, [once]);
      }
      else await this.queue(value, "refresh", user, false, { refresh: refresh.id, status: "skipped", endedAt: this.#environment.now(), reason: upstreamFailed }, [once]);
    }
    await this.#environment.store.commit([{ key: followed, value: null }]);
    return this.#runsOf(refresh.id);
  }

  /** Whether a run that waits has not begun before, to be gone on with now. */
  async #waitsFresh(id: string): Promise<boolean> {
    const run = (await this.#environment.find<Run>(KEYS.run(id)))?.value;
    return run?.startedAt === undefined && run?.cancelledBy === undefined;
  }

  async #runsOf(refresh: string): Promise<Run[]> {
    const runs: Run[] = [];
    for (const { key, value } of await this.#environment.store.list(`refreshed/${encodeURIComponent(refresh)}/`)) {
      const shared = typeof value === "string" ? await this.#environment.find<Run>(KEYS.run(value)) : undefined;
      if (shared) runs.push(shared.value);
      const exportId = key.slice(key.lastIndexOf("/") + 1);
      for (const run of await this.list(exportId, undefined, 20)) if (run.refresh === refresh) runs.push(run);
    }
    return runs;
  }

  /** Runs of an export, the newest first. */
  async list(exportId: string, before: string | undefined, limit: number): Promise<Run[]> {
    const page = await this.#environment.store.list(`runs/${exportId}/`, { descending: true, limit, ...(before === undefined ? {} : { after: KEYS.runOf(exportId, before) }) });
    const runs = await Promise.all(page.map(({ value }) => this.#environment.find<Run>(KEYS.run(String(value)))));
    return runs.flatMap((run) => (run ? [run.value] : []));
  }

  async get(user: User, id: string): Promise<Versioned<Run>> {
    if (!isAllowed(user.role, "view_exports")) throw notAllowed("see runs");
    return this.#environment.run(id);
  }

  /** Runs that wait or go. */
  async live(user: User): Promise<Run[]> {
    if (!isAllowed(user.role, "view_exports")) throw notAllowed("see runs");
    const keys = await this.#environment.store.list("live/");
    const found = await Promise.all(keys.map(({ key }) => this.#environment.find<Run>(KEYS.run(key.slice("live/".length)))));
    return found.flatMap((run) => (run && !ENDED.has(run.value.status) ? [run.value] : []));
  }

  /** A run that the user may start, cancel and look into. */
  async #own(user: User, id: string, action: "run_export" | "edit_export"): Promise<Versioned<Run>> {
    const run = await this.get(user, id);
    const one = await this.#environment.find<Export>(KEYS.export(run.value.export));
    const may = one ? await this.#exports.may(user, action, one.value) : isAllowed(user.role, action, "withheld");
    if (!may) throw notAllowed(action === "run_export" ? "run or cancel this export" : "open the rejected profiles of this export");
    return run;
  }

  async cancel(user: User, id: string): Promise<Run> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { value, version } = await this.#own(user, id, "run_export");
      if (ENDED.has(value.status)) throw new ServiceProblem(409, "not_running", "misuse", "This run has ended.", "Look at what became of it.");
      if (value.cancelledBy !== undefined) return value;
      const run: Run = { ...value, cancelledBy: user.id };
      if (await this.#environment.ledger.commit({ user: user.id, action: "run.cancel", target: KEYS.run(id) }, [{ key: KEYS.run(id), value: json(run), version }])) {
        await this.#stopAtOnce(run);
        return run;
      }
    }
    throw new ServiceProblem(503, "busy", "misuse", "The run changes too quickly.", "Try again.", { retryHelps: true });
  }

  /** Not only at the next look: until then a part would send on. One that cannot be reached now is told by that look. */
  async #stopAtOnce(run: Run): Promise<void> {
    const at = run.parts.findIndex(({ state }) => state === "running");
    if (at !== -1) await this.#environment.runner.cancel(partId(run, at)).catch(() => undefined);
  }

  /** Goes on with a run that failed or was cancelled, from where it stopped. */
  async goOn(user: User, id: string): Promise<Run> {
    const { value, version } = await this.#own(user, id, "run_export");
    if (value.status !== "failed_permanent" && value.status !== "cancelled") {
      throw new ServiceProblem(409, "not_stopped", "misuse", "This run has not failed and was not cancelled.", "Start a new one.");
    }
    const lost = await noWay(this.#environment, this.#exports, value);
    if (lost) throw new ServiceProblem(409, lost.code, lost.category, lost.message, lost.remedy);
    const { endedAt: _ended, cancelledBy: _by, reason: _reason, dueAt: _due, ...rest } = value;
    const parts = value.parts.map((part) => (finished(part) ? part : { ...part, state: "waiting" as const }));
    const run: Run = { ...rest, parts, status: "queued", retries: 0 };
    const changes: Change[] = [
      { key: KEYS.run(id), value: json(run), version },
      { key: KEYS.live(id), value: run.export, version: 0 },
      { key: KEYS.waiting(run.export), value: id, version: 0 },
    ];
    if (await this.#environment.ledger.commit({ user: user.id, action: "run.continue", target: KEYS.run(id) }, changes)) return run;
    throw new ServiceProblem(409, "run_in_progress", "misuse", "A run of this export is waiting or going.", "Wait for it to end, or cancel it.", { retryHelps: true });
  }

  /** The rejected profiles of a run, part after part. */
  async rejections(user: User, id: string): Promise<AsyncIterable<Rejection & { segment: string }>> {
    const { value } = await this.#own(user, id, "edit_export");
    if (value.rejectionsExpireAt !== undefined && Date.parse(value.rejectionsExpireAt) <= this.#environment.host.now()) {
      throw new ServiceProblem(409, "expired", "misuse", "The rejected profiles of this run were removed when their time was over.", "Run the export again.");
    }
    const { runner } = this.#environment;
    return (async function* () {
      for (const [at, { segment }] of value.parts.entries()) for await (const rejection of runner.rejections(partId(value, at))) yield { segment, ...rejection };
    })();
  }

  /** Removes the rejected profiles of a run before their time. */
  async forget(user: User, id: string): Promise<void> {
    const { value, version } = await this.#own(user, id, "edit_export");
    if (!ENDED.has(value.status)) throw new ServiceProblem(409, "run_in_progress", "misuse", "The run is still going.", "Wait for it to end, or cancel it.");
    for (const at of value.parts.keys()) await this.#environment.runner.forget(partId(value, at));
    await this.#environment.change(user.id, "run.forget", KEYS.run(id), [{ key: KEYS.run(id), value: json({ ...value, rejectionsExpireAt: this.#environment.now() }), version }]);
  }
}

/** Stands for a part of a run, and no other. */
export function partId(run: Pick<Run, "id">, at: number): string {
  return `${run.id}.${at}`;
}

/** Whether a part came to its end by itself. */
export function finished({ state, result }: Run["parts"][number]): boolean {
  return state === "ended" && result !== undefined && result !== "blocked" && result !== "failed" && result !== "cancelled";
}

function detached(): ServiceProblem {
  return new ServiceProblem(409, "detached", "settings", "The export has no connection.", "Choose one for it.");
}

const upstreamFailed = {
  code: "upstream_failed",
  category: "source",
  message: "The refresh of the source failed, so there was nothing new to send.",
  remedy: "Mend the refresh in the source; the export runs with the next one that completes.",
  retryHelps: true,
} as const;
