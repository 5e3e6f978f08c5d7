/** Runs parts in this process, and keeps each in a folder of its own, so that the next process goes on with it. */
import { existsSync, realpathSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { preview } from "../../encode.js";
import { readColumns } from "../../definition.js";
import { ExportError, fault } from "../../errors.js";
import { exportSegment } from "../../export.js";
import type { Segment } from "../../service/documents.js";
import { type CountOptions, MOST_NAMES, type PartOrder, type PartState, type Runner, type SourcePlaces } from "../../service/runner.js";
import { firstLines } from "../../service/sample.js";
import { sealedStore } from "../../service/sealed-store.js";
import type { SecretBox } from "../../service/secrets.js";
import { urlIssue, urlSource } from "../../service/url-source.js";
import type { ExportDefinition, ExportSummary, Host, Issue, Preview, Rejection, Source, Stop } from "../../types.js";
import { fileStore } from "../file-store.js";
import { fileNames } from "./file-names.js";
import { publicFetch } from "./public-fetch.js";
import { readSealed, writeSealed } from "./sealed-file.js";
import { isPlainFile, sharedFile } from "./shared-file.js";

export interface NodeRunnerOptions {
  /** Where runs and uploads are kept. */
  folder: string;
  /** Where files of segments lie; without it no segment is read from a file. */
  sources?: string;
  /** Hosts that segments may be read from by https; without it, any public one. */
  sourceHosts?: readonly string[];
  box: SecretBox;
  host?: Partial<Host>;
  /** What segments at an address are read with, unless their host is named. Default: the host's fetch, or one that goes to no private address. */
  sourceFetch?: Host["fetch"];
}

/** Largest upload: two kilobytes a profile for the most profiles of an export. */
const MAX_UPLOAD_BYTES = 2 * 1024 * 1024 * 1024;

/** Files that look like profiles; a segment may be read from any other, too. */
const OFFERED = /\.(?:csv|tsv|txt|ndjson|jsonl|json)$/iu;

interface Live {
  state: PartState;
  canceller: AbortController;
  done?: Promise<void>;
}

export class NodeRunner implements Runner {
  readonly #options: NodeRunnerOptions;
  readonly #live = new Map<string, Live>();
  #listener: () => void = () => undefined;
  #stopped = false;

  constructor(options: NodeRunnerOptions) {
    this.#options = options;
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  #folder(id: string): string {
    if (!/^[0-9a-z]+\.\d+$/u.test(id)) throw new RangeError("no name of a part");
    return join(this.#options.folder, "runs", id);
  }

  async start(order: PartOrder): Promise<void> {
    if (this.#live.get(order.id)?.state.state === "running") return;
    const live: Live = { state: { state: "running" }, canceller: new AbortController() };
    this.#live.set(order.id, live);
    live.done = this.#run(order, live).finally(() => {
      if (!this.#stopped) this.#listener();
    });
  }

  async #run(order: PartOrder, live: Live): Promise<void> {
    const folder = this.#folder(order.id);
    try {
      await rm(join(folder, "ended.json"), { force: true });
      const store = sealedStore(fileStore(folder), this.#options.box, order.id);
      const key = await this.#options.box.derived("run states");
      const run = exportSegment({
        connection: await order.reach(), definition: order.definition, source: this.#source(order.segment), signal: live.canceller.signal,
        checkpoints: { store, key }, ...(this.#options.host ? { host: this.#options.host } : {}),
      });
      for await (const event of run) if (event.type === "progress") live.state = { ...live.state, progress: event.progress };
      live.state = { state: "ended", ...told(await run.summary) };
    } catch (error) {
      live.state = { ...live.state, state: "ended", result: "failed", stop: stopOf(error) };
    }
    // One that was cancelled by the end of this process has not ended: nobody is told that it has.
    if (this.#stopped && live.state.result === "cancelled") {
      live.state = { ...live.state, state: "running" };
      return;
    }
    // Without it the next process would begin a part that has ended anew.
    await keepEnd(folder, live.state).catch(() => undefined);
  }

  async look(id: string): Promise<PartState> {
    const live = this.#live.get(id);
    if (live) return live.state;
    return (await readEnd(this.#folder(id))) ?? { state: "unknown" };
  }

  async cancel(id: string): Promise<void> {
    this.#live.get(id)?.canceller.abort();
  }

  async *rejections(id: string): AsyncGenerator<Rejection> {
    const folder = this.#folder(id);
    if (existsSync(folder)) yield* sealedStore(fileStore(folder), this.#options.box, id).rejections();
  }

  async forget(id: string): Promise<void> {
    this.#live.delete(id);
    await rm(this.#folder(id), { recursive: true, force: true });
  }

  async count(segment: Segment, definition: ExportDefinition, { account, onRejections }: CountOptions = {}): Promise<Preview | undefined> {
    return preview({ definition, source: this.#source(segment), allowedHosts: definition.host === undefined ? [] : [definition.host], ...(account ? { account } : {}), ...(onRejections ? { onRejections } : {}) });
  }

  async columns(segment: Segment): Promise<string[]> {
    return readColumns(this.#source(segment));
  }

  async sample(segment: Segment): Promise<Uint8Array<ArrayBuffer>> {
    return firstLines(this.#source(segment));
  }

  async places(): Promise<SourcePlaces> {
    const { sources } = this.#options;
    if (sources === undefined) return { kinds: ["upload", "url"], names: [] };
    return { kinds: ["file", "upload", "url"], names: await this.#files(sources) };
  }

  /** The first files that a segment may be read from; none of a folder that cannot be read. */
  async #files(folder: string): Promise<string[]> {
    const names = (await fileNames(folder)).filter((name) => OFFERED.test(name) && this.#pathOf(name) !== undefined);
    return names.sort().slice(0, MOST_NAMES);
  }

  sourceIssues(source: Segment["source"]): Issue[] {
    const issue = (code: string, message: string): Issue[] => [{ path: "source", code, message }];
    if ("url" in source) return urlIssue(source.url, this.#options.sourceHosts) ?? [];
    if ("r2" in source) return issue("not_here", "There is no bucket here. Use a file, an address or an upload.");
    if (!("file" in source)) return [];
    if (this.#options.sources === undefined) return issue("not_here", "No folder of sources was named when the service was started (--sources).");
    return this.#pathOf(source.file) === undefined ? issue("source_file", "This is no file in the folder of sources.") : [];
  }

  /** A plain file below the folder of sources, links followed. */
  #pathOf(name: string): string | undefined {
    const { sources } = this.#options;
    if (sources === undefined || name === "" || isAbsolute(name) || name.includes("\0")) return undefined;
    try {
      const root = realpathSync(sources);
      const path = realpathSync(resolve(root, name));
      const inside = relative(root, path);
      return inside === "" || inside.startsWith("..") || isAbsolute(inside) || !isPlainFile(path) ? undefined : path;
    } catch {
      return undefined;
    }
  }

  /** A list of hosts is the word of whoever runs the service: those may be private. */
  #sourceFetch(): Host["fetch"] | undefined {
    const { host, sourceFetch, sourceHosts } = this.#options;
    return sourceHosts ? host?.fetch : (sourceFetch ?? host?.fetch ?? publicFetch());
  }

  #upload({ id }: Pick<Segment, "id">): string {
    return join(this.#options.folder, "uploads", `${id}.sealed`);
  }

  /** What a part reads. It is opened when it is read, so that what is missing is told by the run. */
  #source(segment: Segment): Source {
    const { source } = segment;
    if ("file" in source) {
      const path = this.#pathOf(source.file);
      if (path === undefined) throw fault("source_missing", "source", `The file of the segment "${segment.name}" is not in the folder of sources.`, "Put it there, and run the export again.");
      return sharedFile(path, source.file);
    }
    if ("url" in source) return urlSource(source.url, this.#options.sourceHosts, this.#sourceFetch());
    const path = this.#upload(segment);
    if (!existsSync(path)) throw fault("source_missing", "source", `Nothing was uploaded for the segment "${segment.name}".`, "Upload its profiles (PUT /api/segments/ID/profiles), and run the export again.");
    const { box } = this.#options;
    async function* read(offset: number): AsyncGenerator<Uint8Array> {
      yield* readSealed(path, await box.derived("uploads"), offset);
    }
    return { data: read };
  }

  async forgetUpload(id: string): Promise<void> {
    await rm(this.#upload({ id }), { force: true });
  }

  async upload(segment: Segment, body: ReadableStream<Uint8Array>): Promise<{ bytes: number }> {
    const path = this.#upload(segment);
    await mkdir(join(this.#options.folder, "uploads"), { recursive: true, mode: 0o700 });
    return { bytes: await writeSealed(path, await this.#options.box.derived("uploads"), body, MAX_UPLOAD_BYTES) };
  }

  /** Ends what goes, without an end: the next process goes on with it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { canceller } of this.#live.values()) canceller.abort();
    await Promise.all([...this.#live.values()].map(({ done }) => done));
  }
}

function told({ result, rejectedByRule, omissions, stop, durationMillis: _millis, ...progress }: ExportSummary): Omit<PartState, "state"> {
  return { result, rejectedByRule, omissions, progress, ...(stop ? { stop } : {}) };
}

function stopOf(error: unknown): Stop {
  if (error instanceof ExportError) {
    const { code, category, message, remedy, retryHelps } = error;
    return { code, category, message, remedy, retryHelps };
  }
  return { code: "host_failed", category: "misuse", message: "The host failed in the middle of the run.", remedy: "Go on with the run; if it fails again, look at the service's own log.", retryHelps: true };
}

async function keepEnd(folder: string, state: PartState): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "ended.json");
  await writeFile(`${path}.part`, JSON.stringify(state), { mode: 0o600 });
  await rename(`${path}.part`, path);
}

async function readEnd(folder: string): Promise<PartState | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, "ended.json"), "utf8")) as PartState;
  } catch {
    return undefined;
  }
}
