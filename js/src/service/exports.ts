/** Exports: which segments go over which connection into which list, and how they are matched. Saving never runs one. */
import { checkDefinition } from "../definition.js";
import type { Account, ExportDefinition, Issue, Mapping, Preview } from "../types.js";
import { columnIssues } from "./columns.js";
import type { Connections } from "./connections.js";
import { type Connection, type Export, KEYS, type Schedule, type Segment, type User } from "./documents.js";
import { type Environment, json, type Versioned } from "./environment.js";
import { newId } from "./ids.js";
import { changedMeanwhile, notAllowed, notValid, ofSource, ServiceProblem } from "./problem.js";
import { type Action, isAllowed, sharingOf, sharingOfExport } from "./rules.js";
import { nextTimes, scheduleIssues } from "./schedule.js";
import type { Change } from "./store.js";

export interface ExportInput {
  name: string;
  connection: string | null;
  list: number;
  segments: string[];
  mapping: Mapping;
  automations?: "exclude" | "run" | undefined;
  maxRejectedPercent?: number | undefined;
  schedule?: Schedule | undefined;
  startAfter?: string[] | undefined;
}

/** Most segments of one export. */
const MOST_SEGMENTS = 100;

/** Stands in for the account's where there is none yet: nothing is sent. */
const ANY_HOST = "any.api-us1.com";

/** With every refresh of the source, as in the original. */
const DEFAULT_SCHEDULE: Schedule = { type: "refresh", active: true };

/** What is sent of one segment. */
export function definitionOf(one: Export, connection: Pick<Connection, "host">, segment: Segment): ExportDefinition {
  const { name, list, mapping, automations, maxRejectedPercent } = one;
  const { format, delimiter } = segment;
  const source = { ...(format === undefined ? {} : { format }), ...(delimiter === undefined ? {} : { delimiter }) };
  return { version: 1, name, host: connection.host, list, mapping, automations, mode: "add", source, ...(maxRejectedPercent === undefined ? {} : { maxRejectedPercent }) };
}

/** What a dry run found: nothing was sent. */
export interface ExportCheck {
  segments: ({ id: string; name: string } & Partial<Preview>)[];
  read?: number;
  accepted?: number;
  requests?: number;
  minutes?: number;
  warnings: Issue[];
}

export class Exports {
  readonly #environment: Environment;
  readonly #connections: Connections;

  constructor(environment: Environment, connections: Connections) {
    this.#environment = environment;
    this.#connections = connections;
  }

  async list(user: User): Promise<Versioned<Export>[]> {
    if (!isAllowed(user.role, "view_exports")) throw notAllowed("see exports");
    return this.#environment.every<Export>("export/");
  }

  async get(user: User, id: string): Promise<Versioned<Export>> {
    if (!isAllowed(user.role, "view_exports")) throw notAllowed("see exports");
    return this.#environment.export(id);
  }

  /** The connection under an export; nothing when it is detached. */
  async connectionOf({ connection }: Export): Promise<Connection | undefined> {
    return connection === null ? undefined : (await this.#environment.find<Connection>(KEYS.connection(connection)))?.value;
  }

  /** Whether the user may do this to the export now. */
  async may(user: User, action: Action, one: Export): Promise<boolean> {
    return isAllowed(user.role, action, sharingOfExport(one, await this.connectionOf(one), user));
  }

  /** Throws a problem (403) when the user may not. */
  async editable(user: User, id: string, action: Action = "edit_export"): Promise<Versioned<Export>> {
    const found = await this.get(user, id);
    if (!(await this.may(user, action, found.value))) throw notAllowed(action === "run_export" ? "run this export" : "change this export");
    return found;
  }

  async create(user: User, input: ExportInput): Promise<{ saved: Versioned<Export>; warnings: Issue[] }> {
    const now = this.#environment.now();
    const one: Export = {
      id: newId(), name: input.name.trim(), connection: input.connection, list: input.list, segments: input.segments, mapping: input.mapping,
      automations: input.automations ?? "exclude", maxRejectedPercent: input.maxRejectedPercent,
      schedule: input.schedule ?? DEFAULT_SCHEDULE, startAfter: input.startAfter ?? [],
      createdAt: now, createdBy: user.id, updatedAt: now, updatedBy: user.id,
    };
    return this.#save(user, "export.create", one, undefined);
  }

  async update(user: User, id: string, version: number, input: Partial<ExportInput>): Promise<{ saved: Versioned<Export>; warnings: Issue[] }> {
    const found = await this.editable(user, id);
    if (found.version !== version) throw changedMeanwhile();
    const changes = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Partial<Export>;
    const one: Export = { ...found.value, ...changes, updatedAt: this.#environment.now(), updatedBy: user.id };
    return this.#save(user, "export.update", { ...one, name: one.name.trim() }, found);
  }

  async #save(user: User, action: string, one: Export, before: Versioned<Export> | undefined): Promise<{ saved: Versioned<Export>; warnings: Issue[] }> {
    const found = one.connection === null ? undefined : await this.#environment.find<Connection>(KEYS.connection(one.connection));
    // A new connection must be usable; the one before was looked at already.
    const usable = found && isAllowed(user.role, "use_connection", sharingOf(found.value, user));
    if (one.connection !== null && !usable) {
      // To somebody who may use none, making exports is not open at all.
      if (!isAllowed(user.role, "edit_export", "shared")) throw notAllowed("make exports");
      throw notValid([{ path: "connection", code: "unknown_connection", message: "There is no such connection, or you may not use it. Ask an administrator to share one with you." }]);
    }
    if (!isAllowed(user.role, "edit_export", sharingOfExport(one, found?.value, user))) throw notAllowed("make this export");
    const segments = await this.#segmentsOf(one.segments);
    const issues = await this.#issues(one, segments, before?.value.id);
    const { account, warning } = found && issues.length === 0 ? await this.#look(found.value) : {};
    issues.push(...definitionIssues(one, found?.value, segments, account, this.#environment.options.allowedHosts));
    if (issues.length > 0) throw notValid(issues);
    const columns = sendsAlike(one, before?.value) ? { wrong: [], warnings: [] } : await columnIssues(this.#environment.runner, [...segments.values()], (segment) => definitionOf(one, { host: found?.value.host ?? ANY_HOST }, segment));
    if (columns.wrong.length > 0) throw notValid([...columns.wrong, ...columns.warnings]);
    const version = before?.version ?? 0;
    const change: Change = { key: KEYS.export(one.id), value: json(one), version };
    await this.#environment.change(user.id, action, change.key, [change, this.#due(one)]);
    const warnings = [...(warning ? [warning] : []), ...columns.warnings, ...this.warnings(one, segments, account)];
    return { saved: { value: one, version: version + 1 }, warnings };
  }

  /** When it is due next by a schedule of its own. */
  #due(one: Export): Change {
    const [next] = one.connection === null ? [] : nextTimes(one.schedule, new Date(this.#environment.host.now()), 1);
    return { key: KEYS.due(one.id), value: next ? { at: next.toISOString() } : undefined };
  }

  async #segmentsOf(ids: readonly string[]): Promise<Map<string, Segment>> {
    const segments = new Map<string, Segment>();
    for (const id of ids.slice(0, MOST_SEGMENTS)) {
      const found = await this.#environment.find<Segment>(KEYS.segment(id));
      if (found) segments.set(id, found.value);
    }
    return segments;
  }

  async #issues(one: Export, segments: Map<string, Segment>, own: string | undefined): Promise<Issue[]> {
    const issues: Issue[] = scheduleIssues(one.schedule);
    if (one.name === "" || one.name.length > 100) issues.push({ path: "name", code: "not_a_name", message: "The export needs a name of at most 100 characters." });
    const others = (await this.#environment.every<Export>("export/")).map(({ value }) => value).filter(({ id }) => id !== own);
    if (others.some(({ name }) => name === one.name)) issues.push({ path: "name", code: "name_taken", message: "Another export has this name." });
    if (one.segments.length === 0 || one.segments.length > MOST_SEGMENTS) issues.push({ path: "segments", code: "segments", message: `Choose one to ${MOST_SEGMENTS} segments.` });
    for (const [at, id] of one.segments.entries()) {
      if (one.segments.indexOf(id) !== at) issues.push({ path: `segments[${at}]`, code: "segment_twice", message: "This segment is there already." });
      else if (!segments.has(id)) issues.push({ path: `segments[${at}]`, code: "unknown_segment", message: "There is no such segment." });
    }
    for (const [at, id] of one.startAfter.entries()) {
      if (id === one.id || !others.some((other) => other.id === id)) issues.push({ path: `startAfter[${at}]`, code: "unknown_export", message: "There is no such other export." });
    }
    if (issues.length === 0 && waitsForItself(one, others)) issues.push({ path: "startAfter", code: "circle", message: "These exports would wait for each other for ever." });
    return issues;
  }

  /** The account's lists and fields; saving does not depend on the account being there, but says so. */
  async #look(connection: Connection): Promise<{ account?: Account; warning?: Issue }> {
    try {
      return { account: await this.#connections.describe(connection) };
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      const { detail, remedy, code } = error.problem;
      return { warning: { path: "connection", code, message: `The list and the fields could not be checked with the account: ${detail} ${remedy}` } };
    }
  }

  /** What deserves a look before a run, and stops nothing. */
  warnings(one: Export, segments: Map<string, Segment>, account: Account | undefined): Issue[] {
    const { maxProfiles } = this.#environment;
    const warnings: Issue[] = [];
    const members = [...segments.values()].reduce((sum, segment) => sum + (segment.members ?? 0), 0);
    if (members > maxProfiles) {
      warnings.push({ path: "segments", code: "too_large", message: `The segments have ${members} profiles together; an export carries ${maxProfiles}. If that many are read, its runs are skipped: take segments out, or spread them over several exports.` });
    }
    const limit = account?.contactLimit;
    if (limit && limit.used + members > limit.limit) {
      warnings.push({ path: "connection", code: "contact_limit", message: `The account's plan includes ${limit.limit} contacts and has ${limit.used}; with these ${members} profiles, less those it knows already, it may not suffice.` });
    }
    for (const [at, id] of one.segments.entries()) {
      const segment = segments.get(id);
      if (segment && (segment.kind === "static" || !segment.active)) {
        const why = segment.kind === "static" ? "static" : "inactive";
        warnings.push({ path: `segments[${at}]`, code: `${why}_segment`, message: `The segment "${segment.name}" is ${why}: it may still hold people who were deleted upstream.` });
      }
    }
    return warnings;
  }

  async duplicate(user: User, id: string): Promise<{ saved: Versioned<Export>; warnings: Issue[] }> {
    const { value } = await this.editable(user, id);
    const names = new Set((await this.#environment.every<Export>("export/")).map((other) => other.value.name));
    let name = `${value.name} (copy)`;
    for (let number = 2; names.has(name); number += 1) name = `${value.name} (copy ${number})`;
    // Two exports of the same at the same times are rarely meant.
    return this.create(user, { ...value, name, schedule: { ...value.schedule, active: false } });
  }

  /** Takes the connection away; the configuration stays. */
  async detach(user: User, id: string, version: number): Promise<Versioned<Export>> {
    const found = await this.editable(user, id);
    if (found.version !== version) throw changedMeanwhile();
    const one: Export = { ...found.value, connection: null, updatedAt: this.#environment.now(), updatedBy: user.id };
    await this.#environment.change(user.id, "export.detach", KEYS.export(id), [{ key: KEYS.export(id), value: json(one), version }, { key: KEYS.due(id), value: undefined }]);
    return { value: one, version: version + 1 };
  }

  async remove(user: User, id: string, version: number): Promise<void> {
    const found = await this.editable(user, id);
    if (found.version !== version) throw changedMeanwhile();
    await this.#environment.change(user.id, "export.remove", KEYS.export(id), [{ key: KEYS.export(id), value: undefined, version }, { key: KEYS.due(id), value: undefined }]);
  }

  /** Dry run of all segments: counts, reasons, requests and minutes. */
  async check(user: User, id: string): Promise<ExportCheck> {
    const { value } = await this.editable(user, id);
    const connection = await this.connectionOf(value);
    const segments = await this.#segmentsOf(value.segments);
    const { account, warning } = connection ? await this.#look(connection) : {};
    const check: ExportCheck = { segments: [], warnings: [...(warning ? [warning] : []), ...this.warnings(value, segments, account)] };
    for (const segment of segments.values()) {
      const found = await this.#counted(value, connection, segment, account);
      check.segments.push({ id: segment.id, name: segment.name, ...found });
      if (!found) continue;
      check.read = (check.read ?? 0) + found.read;
      check.accepted = (check.accepted ?? 0) + found.accepted;
      check.requests = (check.requests ?? 0) + found.batches;
      check.minutes = (check.minutes ?? 0) + found.minutes;
    }
    if (check.read !== undefined && check.read > this.#environment.maxProfiles && !check.warnings.some(({ code }) => code === "too_large")) {
      check.warnings.push({ path: "segments", code: "too_large", message: `The segments have ${check.read} profiles; an export carries ${this.#environment.maxProfiles}. Its runs will be skipped.` });
    }
    return check;
  }

  async #counted(one: Export, connection: Connection | undefined, segment: Segment, account: Account | undefined): Promise<Preview | undefined> {
    try {
      return await this.#environment.runner.count?.(segment, definitionOf(one, { host: connection?.host ?? ANY_HOST }, segment), { account });
    } catch (error) {
      throw ofSource(error);
    }
  }
}

/** The issues of what is sent, under the paths of the export. */
function definitionIssues(one: Export, connection: Connection | undefined, segments: Map<string, Segment>, account: Account | undefined, allowedHosts: readonly string[] = []): Issue[] {
  const [segment] = segments.values();
  if (!segment) return [];
  const { host: _host, ...definition } = definitionOf(one, { host: connection?.host ?? "" }, segment);
  return checkDefinition(connection ? { ...definition, host: connection.host } : definition, account, [...allowedHosts]);
}

/** Whether a change leaves columns and sources as they were: those were looked at before. */
function sendsAlike(one: Export, before: Export | undefined): boolean {
  return before !== undefined && JSON.stringify([one.mapping, one.segments]) === JSON.stringify([before.mapping, before.segments]);
}

/** Whether following what each export starts after leads back to it. */
function waitsForItself(one: Export, others: readonly Export[]): boolean {
  const after = new Map(others.map(({ id, startAfter }) => [id, startAfter]));
  const seen = new Set<string>();
  const next = [...one.startAfter];
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    if (id === one.id) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    next.push(...(after.get(id) ?? []));
  }
  return false;
}
