/** Runs the parts of a service's runs in objects of their own, one a part: the object of an export, by the part's name. */
import { readColumns } from "../definition.js";
import { preview } from "../encode.js";
import { fault } from "../errors.js";
import { KEYS, type Run, type Segment } from "../service/documents.js";
import { ServiceProblem } from "../service/problem.js";
import { type CountOptions, MOST_NAMES, type PartOrder, type PartState, type Runner, type SourcePlaces } from "../service/runner.js";
import { finished } from "../service/runs.js";
import { firstLines } from "../service/sample.js";
import { sealedStore } from "../service/sealed-store.js";
import type { ServiceStore } from "../service/store.js";
import { urlIssue } from "../service/url-source.js";
import type { ExportDefinition, Issue, Preview, Rejection } from "../types.js";
import { readLines } from "./lines.js";
import type { EdgeExport } from "./live-run.js";
import { ask, tell } from "./messages.js";
import type { Bindings } from "./runtime.js";
import { storeSealed } from "./sealed-upload.js";
import { sealing } from "./service-secret.js";
import { bucketOf, type EdgeSource, type Gate, type Opened, openEdgeSource } from "./source.js";
import { type ExportStatus, isLive, type StartRequest } from "./status.js";

export interface EdgeRunnerOptions {
  bindings: Bindings;
  /** Where the service's own records are. */
  store: ServiceStore;
  maxProfiles: number;
  /** Larger sources are not counted beforehand. */
  countBytes: number;
  allowedHosts?: readonly string[];
  sandbox?: string;
  /** Hosts that segments may be read from by https; without it, any public one. */
  sourceHosts?: readonly string[];
}

/** Objects of the bucket that are the package's own. */
const OWN_PREFIX = "activecampaign-export/";

/** Largest upload: two kilobytes a profile for the most profiles of an export. */
const MAX_UPLOAD_BYTES = 2 * 1024 * 1024 * 1024;

/** Requests beside a run take leave of nobody. */
const OPEN: Gate = { request: (make) => make(), within: (_, work) => work() };

export class EdgeRunner implements Runner {
  readonly #options: EdgeRunnerOptions;

  constructor(options: EdgeRunnerOptions) {
    this.#options = options;
  }

  async start(order: PartOrder): Promise<void> {
    const { id } = order;
    const { status, result } = await this.#status(id);
    // A part's name stands for it alone: one that came to its end is not run again by whoever did not hear of it.
    if (isLive({ status: { status } }) || (status === "ended" && finished({ segment: "", name: "", state: "ended", result }))) return;
    const request: StartRequest = { name: id, runKey: crypto.randomUUID(), order: await this.#order(order) };
    const response = await tell(this.#options.bindings, "EXPORTS", id, "start", request);
    // Somebody else has started it meanwhile.
    if (!response.ok && response.status !== 409) throw new Error(`the part's object answered ${response.status}`);
  }

  async #order({ id, connection, host, definition, segment }: PartOrder): Promise<EdgeExport> {
    const { allowedHosts, sandbox, maxProfiles } = this.#options;
    return {
      definition, source: this.#source(segment),
      connection: { key: "", host, ...(allowedHosts ? { allowedHosts: [...allowedHosts] } : {}), ...(sandbox === undefined ? {} : { sandbox }) },
      service: { connection, before: await this.#readBefore(id), maxProfiles },
    };
  }

  /** Profiles that the parts before this one have read. */
  async #readBefore(id: string): Promise<number> {
    const [run = "", at = ""] = id.split(".");
    const kept = (await this.#options.store.get(KEYS.run(run)))?.value as unknown as Run | undefined;
    return (kept?.parts ?? []).slice(0, Number(at)).reduce((sum, { progress }) => sum + (progress?.read ?? 0), 0);
  }

  #source({ id, source }: Segment): EdgeSource {
    const { sourceHosts } = this.#options;
    if ("url" in source) return { url: source.url, ...(sourceHosts ? { hosts: [...sourceHosts] } : {}) };
    return "r2" in source ? { r2: source.r2 } : { sealed: uploadOf(id) };
  }

  async #status(id: string): Promise<ExportStatus> {
    const response = await ask(this.#options.bindings, "EXPORTS", id, "status");
    if (!response.ok) throw new Error(`the part's object answered ${response.status}`);
    return (await response.json()) as ExportStatus;
  }

  async look(id: string): Promise<PartState> {
    const { status, progress, result, stop, rejectedByRule, omissions } = await this.#status(id);
    if (status === "never_run") return { state: "unknown" };
    const told = progress ? { progress } : {};
    if (status !== "ended") return { state: "running", ...told };
    return { state: "ended", ...told, ...(result ? { result } : {}), ...(stop ? { stop } : {}), ...(rejectedByRule ? { rejectedByRule } : {}), ...(omissions ? { omissions } : {}) };
  }

  async cancel(id: string): Promise<void> {
    // One that has ended has nothing to be cancelled.
    await tell(this.#options.bindings, "EXPORTS", id, "cancel");
  }

  async *rejections(id: string): AsyncGenerator<Rejection> {
    const { bindings } = this.#options;
    async function* rows(): AsyncGenerator<Rejection> {
      const response = await ask(bindings, "EXPORTS", id, "rows");
      if (response.body) for await (const line of readLines(response.body)) yield JSON.parse(line) as Rejection;
    }
    const claim = (): never => {
      throw new Error("only to be read");
    };
    yield* sealedStore({ claim, unfinished: async () => false, rejections: rows }, sealing(bindings).box, id).rejections();
  }

  async forget(id: string): Promise<void> {
    const response = await tell(this.#options.bindings, "EXPORTS", id, "forget");
    if (!response.ok) throw new Error(`the part's object answered ${response.status}`);
  }

  /** Of R2 only, and up to a size: reading takes processor time that a request may not have. */
  async count(segment: Segment, definition: ExportDefinition, { account, onRejections }: CountOptions = {}): Promise<Preview | undefined> {
    if ("url" in segment.source) return undefined;
    const { source } = await this.#open(segment);
    if (typeof source !== "object" || !("sizeBytes" in source) || source.sizeBytes === undefined || source.sizeBytes > this.#options.countBytes) return undefined;
    return preview({ definition, source, allowedHosts: definition.host === undefined ? [] : [definition.host], ...(account ? { account } : {}), ...(onRejections ? { onRejections } : {}) });
  }

  async columns(segment: Segment): Promise<string[]> {
    return readColumns((await this.#open(segment)).source);
  }

  async sample(segment: Segment): Promise<Uint8Array<ArrayBuffer>> {
    return firstLines((await this.#open(segment)).source);
  }

  async places(): Promise<SourcePlaces> {
    const bucket = this.#options.bindings.SOURCES;
    if (typeof bucket !== "object") return { kinds: ["url"], names: [] };
    const { objects } = await bucketOf("SOURCES", this.#options.bindings).list({ limit: MOST_NAMES });
    return { kinds: ["r2", "upload", "url"], names: objects.map(({ key }) => key).filter((key) => !key.startsWith(OWN_PREFIX)) };
  }

  #open(segment: Segment): Promise<Opened> {
    return openEdgeSource(this.#source(segment), segment.id, this.#options.bindings, OPEN);
  }

  sourceIssues(source: Segment["source"]): Issue[] {
    if ("url" in source) return urlIssue(source.url, this.#options.sourceHosts) ?? [];
    if ("file" in source) return [{ path: "source", code: "not_here", message: "There is no folder of files here. Use an object in R2, an address or an upload." }];
    if ("r2" in source && (source.r2 === "" || source.r2.startsWith(OWN_PREFIX))) {
      return [{ path: "source.r2", code: "source_r2", message: `This is no key of an object that a segment may be read from. Keys below ${OWN_PREFIX} are the package's own.` }];
    }
    return typeof this.#options.bindings.SOURCES === "object" ? [] : [{ path: "source", code: "not_here", message: "The worker has no bucket (binding SOURCES). Use an address, or ask whoever deploys the worker." }];
  }

  async upload(segment: Segment, body: ReadableStream<Uint8Array>): Promise<{ bytes: number }> {
    const { bindings } = this.#options;
    const isFree = async (): Promise<boolean> => !(await this.#isRead(segment.id));
    const busy = (): ServiceProblem => new ServiceProblem(409, "run_in_progress", "misuse", "A run reads what was uploaded last.", "Wait for it to end, or cancel it.", { retryHelps: true });
    if (!(await isFree())) throw busy();
    // A run may have begun while the file was on its way.
    const bytes = await storeSealed(bucketOf(undefined, bindings), uploadOf(segment.id), body, sealing(bindings).box, MAX_UPLOAD_BYTES, isFree);
    if (bytes === undefined) throw busy();
    return { bytes };
  }

  async forgetUpload(segment: string): Promise<void> {
    await bucketOf(undefined, this.#options.bindings).delete(uploadOf(segment));
  }

  /** Whether a run has begun to read a segment, and has not ended. */
  async #isRead(segment: string): Promise<boolean> {
    for (const { key } of await this.#options.store.list("live/")) {
      const run = (await this.#options.store.get(KEYS.run(key.slice("live/".length))))?.value as unknown as Run | undefined;
      if (run?.startedAt !== undefined && run.parts.some((part) => part.segment === segment && !finished(part))) return true;
    }
    return false;
  }
}

function uploadOf(segment: string): string {
  if (!/^[0-9a-z]{1,64}$/u.test(segment)) throw fault("source_missing", "source", "The segment has no name that an upload could have.", "Make the segment anew.");
  return `${OWN_PREFIX}segments/${segment}`;
}
