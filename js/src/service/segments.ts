/** Segments: which there are, and where their profiles are read. The service chooses among them; it does not build them. */
import type { Issue } from "../types.js";
import { type Export, KEYS, type Segment, type Upload, type User } from "./documents.js";
import type { Exports } from "./exports.js";
import { type Environment, json, type Versioned } from "./environment.js";
import { newId } from "./ids.js";
import { changedMeanwhile, notAllowed, notValid, ofSource, ServiceProblem } from "./problem.js";
import { isAllowed } from "./rules.js";
import type { SourcePlaces } from "./runner.js";
import type { Change } from "./store.js";
import { textOnly } from "./text-only.js";

export interface SegmentInput {
  name: string;
  source: Segment["source"];
  format?: Segment["format"];
  delimiter?: Segment["delimiter"];
  kind?: Segment["kind"] | undefined;
  active?: boolean | undefined;
  members?: number | undefined;
}

/** What is left out stays; a number of members that nobody knows any more is taken away by `null`. */
export type SegmentPatch = Partial<Omit<SegmentInput, "members">> & { members?: number | null | undefined };

/** Longest name, in characters, as for connections. */
const MAX_NAME = 100;

export class Segments {
  readonly #environment: Environment;
  readonly #exports: Exports;

  constructor(environment: Environment, exports: Exports) {
    this.#environment = environment;
    this.#exports = exports;
  }

  async list(user: User): Promise<Versioned<Segment>[]> {
    if (!isAllowed(user.role, "view_segments")) throw notAllowed("see segments");
    return this.#environment.every<Segment>("segment/");
  }

  /** What was uploaded last, by segment. */
  async uploads(): Promise<ReadonlyMap<string, Upload>> {
    return new Map((await this.#environment.every<Upload & { segment: string }>("uploaded/")).map(({ value: { segment, ...upload } }) => [segment, upload]));
  }

  async get(user: User, id: string): Promise<Versioned<Segment>> {
    if (!isAllowed(user.role, "view_segments")) throw notAllowed("see segments");
    return this.#environment.segment(id);
  }

  #requireManager(user: User): void {
    if (!isAllowed(user.role, "manage_segments")) throw notAllowed("change segments");
  }

  /** Whoever changes a segment decides what its exports send: only who may edit them all may. */
  async #requireEditor(user: User, id: string): Promise<void> {
    this.#requireManager(user);
    for (const one of await this.exportsWith(id)) {
      if (!(await this.#exports.may(user, "edit_export", one))) throw notAllowed("change this segment, since an export that you may not change contains it");
    }
  }

  async create(user: User, input: SegmentInput): Promise<Versioned<Segment>> {
    this.#requireManager(user);
    await this.#requireGood(input);
    const now = this.#environment.now();
    const segment: Segment = { ...given(input), kind: input.kind ?? "dynamic", active: input.active ?? true, name: input.name.trim(), id: newId(), createdAt: now, createdBy: user.id, updatedAt: now };
    await this.#environment.change(user.id, "segment.create", KEYS.segment(segment.id), [{ key: KEYS.segment(segment.id), value: json(segment), version: 0 }]);
    return { value: segment, version: 1 };
  }

  async update(user: User, id: string, version: number, input: SegmentPatch): Promise<Versioned<Segment>> {
    this.#requireManager(user);
    const found = await this.#environment.segment(id);
    await this.#requireEditor(user, id);
    if (found.version !== version) throw changedMeanwhile();
    const { members, ...rest } = { ...found.value, ...given(input), updatedAt: this.#environment.now() };
    const segment = { ...rest, ...(typeof members === "number" ? { members } : {}) } as Segment;
    await this.#requireGood(segment, id);
    await this.#environment.change(user.id, "segment.update", KEYS.segment(id), [{ key: KEYS.segment(id), value: json(segment), version }, ...("upload" in segment.source ? [] : unneeded(found.value))]);
    return { value: segment, version: version + 1 };
  }

  async remove(user: User, id: string, version: number): Promise<void> {
    this.#requireManager(user);
    const found = await this.#environment.segment(id);
    if (found.version !== version) throw changedMeanwhile();
    const inTheWay = (await this.exportsWith(id)).map(({ id: own, name }) => ({ id: own, name }));
    if (inTheWay.length > 0) throw new ServiceProblem(409, "in_use", "settings", "Exports contain this segment.", "Take it out of them first.", { inTheWay });
    await this.#environment.change(user.id, "segment.remove", KEYS.segment(id), [{ key: KEYS.segment(id), value: undefined, version }, ...unneeded(found.value)]);
  }

  /** The exports that contain a segment. */
  async exportsWith(id: string): Promise<Export[]> {
    return (await this.#environment.every<Export>("export/")).map(({ value }) => value).filter(({ segments }) => segments.includes(id));
  }

  async #requireGood(input: SegmentInput, own?: string): Promise<void> {
    const issues: Issue[] = this.#environment.runner.sourceIssues(input.source);
    const name = input.name.trim();
    if (name === "" || name.length > MAX_NAME) issues.push({ path: "name", code: "not_a_name", message: "The segment needs a name of at most 100 characters." });
    const others = (await this.#environment.every<Segment>("segment/")).filter(({ value }) => value.id !== own);
    if (others.some(({ value }) => value.name === name)) issues.push({ path: "name", code: "name_taken", message: "Another segment has this name." });
    if (issues.length > 0) throw notValid(issues);
  }

  /** The names of a segment's columns, for data matching. */
  async columns(user: User, id: string): Promise<string[]> {
    const { value } = await this.get(user, id);
    const { runner } = this.#environment;
    if (!runner.columns) throw unread();
    try {
      return await runner.columns(value);
    } catch (error) {
      throw ofSource(error);
    }
  }

  /**
   * The first profiles of a segment, for a preview. They are people's data: only for whoever may change the segment,
   * and written into the audit log. A contributor may have a segment read from any file or address of the host's: what
   * is in them only administrators see.
   */
  async sample(user: User, id: string): Promise<Uint8Array<ArrayBuffer>> {
    this.#requireManager(user);
    const { value } = await this.#environment.segment(id);
    if (!("upload" in value.source) && !isAllowed(user.role, "manage_connections")) throw notAllowed("see the first profiles of a segment that is not uploaded");
    await this.#requireEditor(user, id);
    const { runner } = this.#environment;
    if (!runner.sample) throw unread();
    try {
      const sample = await runner.sample(value);
      await this.#environment.change(user.id, "segment.sample", KEYS.segment(id), []);
      return sample;
    } catch (error) {
      throw ofSource(error);
    }
  }

  async places(user: User): Promise<SourcePlaces> {
    this.#requireManager(user);
    return this.#environment.runner.places();
  }

  /** Takes the profiles themselves. */
  async upload(user: User, id: string, body: ReadableStream<Uint8Array> | null): Promise<{ bytes: number }> {
    this.#requireManager(user);
    const { value } = await this.#environment.segment(id);
    await this.#requireEditor(user, id);
    if (!("upload" in value.source)) throw new ServiceProblem(409, "not_an_upload", "settings", "The profiles of this segment are read from somewhere else.", "Set its source to an upload first.");
    const { runner } = this.#environment;
    if (!runner.upload || !body) throw new ServiceProblem(422, "no_body", "source", "The request carries no profiles.", "Send them as its body, as CSV or NDJSON in UTF-8.");
    const stored = await runner.upload(value, await textOnly(body));
    const kept = { segment: id, at: this.#environment.now(), bytes: stored.bytes } satisfies Upload & { segment: string };
    await this.#environment.change(user.id, "segment.upload", KEYS.segment(id), [{ key: KEYS.uploaded(id), value: json(kept) }]);
    return stored;
  }
}

function unread(): ServiceProblem {
  return new ServiceProblem(409, "not_here", "misuse", "This host does not read segments beforehand.", "Take the columns from the source itself.");
}

/** What was uploaded holds people's data: it goes with the segment, or with another source in its place. */
function unneeded({ id, source }: Segment): Change[] {
  return "upload" in source ? [{ key: KEYS.unneeded(id), value: null }, { key: KEYS.uploaded(id), value: undefined }] : [];
}

/** Without what was left out. */
function given<T extends object>(input: T): T {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as T;
}
