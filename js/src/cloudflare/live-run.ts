/** One run while its object is in memory: an export whose host works in slices. */
import { ExportError, fault } from "../errors.js";
import { exportSegment } from "../export.js";
import { sealedStore } from "../service/sealed-store.js";
import { sqlStore } from "../store/sql.js";
import type { Claim, Commit, RunStore } from "../store/contract.js";
import type { ExportDefinition, ExportSummary, Progress, RequestKind, Stop } from "../types.js";
import type { Clock } from "./clock.js";
import { databaseOf } from "./database.js";
import { Pacer } from "./pacer.js";
import type { Bindings, ObjectStorage } from "./runtime.js";
import { keyFromService } from "./service-key.js";
import { sealing } from "./service-secret.js";
import { type SliceLimits, Slices } from "./slices.js";
import { changed, type EdgeSource, inSlices, openEdgeSource } from "./source.js";
import { requireFilledIn } from "./template.js";

/** An export, as a worker is deployed with it: plain data. */
export interface EdgeExport {
  definition: ExportDefinition;
  connection: {
    /** Name of the secret that holds the account's key. */
    key: string;
    /** The account's bare hostname. Default: the definition's `host`. */
    host?: string;
    /** As in `Connection`. */
    allowedHosts?: string[];
    /** As in `Connection`; for rehearsals with `wrangler dev`. */
    sandbox?: string;
  };
  source: EdgeSource;
  /** As in `ExportOptions`. */
  reveal?: boolean;
  /** Where the service runs it: see `ServiceOrder`. */
  service?: ServiceOrder;
}

/**
 * What a part of a service's run has besides. Its key is asked of the service (`connection.key` says nothing), its rejected
 * profiles are kept sealed, and whether it is tried again the service decides.
 */
export interface ServiceOrder {
  /** Id of the connection. */
  connection: string;
  /** Profiles of other parts of the run, which count with these. */
  before: number;
  /** Most profiles of a run. */
  maxProfiles: number;
}

/** Whose limits an export shares: the account's hostname. */
export function hostnameOf({ connection, definition }: EdgeExport): string {
  return connection.host ?? definition.host ?? "";
}

/** How a run ended: with a summary, or by an error of the host or the core. */
export type Outcome = { summary: ExportSummary } | { error: unknown };

/** What a run needs of its object. */
export interface Surroundings {
  name: string;
  order: EdgeExport;
  /** Gives up a run that has not ended, and begins anew. */
  restart: boolean;
  /** Authenticates the run's state. */
  stateKey: string;
  storage: ObjectStorage;
  bindings: Bindings;
  clock: Clock;
  limits: SliceLimits;
  /** Gives the times of turns. */
  turns(kinds: RequestKind[]): Promise<number[]>;
  /** The account said that there were too many. */
  throttled(retryAfter: string | undefined): Promise<void>;
  onProgress(progress: Progress): void;
  /** The run could go on from this time, and no slice was announced. */
  onDue(time: number): void;
  /** The version of the source that the run began with, where it was told. */
  version: string | undefined;
  onOpened(version: string): void;
  /** The rejected rows that were kept so far are those of another run, and gone. */
  onReplaced(): void;
  /** The run is taken up; if one was to be given up, it is. */
  onClaimed(): void;
}

export class LiveRun {
  readonly slices: Slices;
  outcome: Outcome | undefined;
  readonly #around: Surroundings;
  readonly #cancel = new AbortController();
  #cancelled = false;
  #begun = false;
  #tooLarge = false;

  constructor(around: Surroundings) {
    this.#around = around;
    this.slices = new Slices(around.clock, around.limits, around.onDue);
    void this.#run().then((outcome) => {
      this.outcome = outcome;
      this.slices.end();
    });
  }

  /** Nothing new is sent; what the account has taken is followed to its end. */
  cancel(): void {
    this.#cancelled = true;
    // Before its kept state is read, the run would end and know of nothing that the account has taken.
    if (this.#begun) this.#cancel.abort();
  }

  async #run(): Promise<Outcome> {
    const { name, order, bindings, clock, onProgress } = this.#around;
    try {
      requireFilledIn(order.definition);
      const { key, ...connection } = order.connection;
      const { service } = order;
      const apiKey = service ? await this.slices.request(() => keyFromService(bindings, service.connection, hostnameOf(order))) : secret(bindings, key);
      const { source, version } = await openEdgeSource(order.source, name, bindings, this.slices);
      const { version: before } = this.#around;
      if (before !== undefined && version !== before) throw changed();
      if (version !== undefined) this.#around.onOpened(version);
      const pacer = new Pacer(this.slices, clock, (kinds) => this.#around.turns(kinds));
      const run = exportSegment({
        connection: { ...connection, apiKey },
        definition: order.definition,
        source: inSlices(source, this.slices),
        reveal: order.reveal ?? false,
        signal: this.#cancel.signal,
        checkpoints: { store: this.#store(), key: this.#around.stateKey },
        host: {
          now: () => clock.now(),
          sleep: (millis, signal) => this.slices.until(clock.now() + millis, signal),
          turn: (kind) => pacer.turn(kind),
          fetch: (input, init) => this.slices.work(() => this.#fetch(input, init)),
        },
      });
      for await (const event of run) {
        if (event.type !== "progress") continue;
        onProgress(event.progress);
        this.#begun = true;
        this.#tooLarge ||= service !== undefined && service.before + event.progress.read > service.maxProfiles;
        if (this.#cancelled || this.#tooLarge) this.#cancel.abort();
      }
      const summary = await run.summary;
      // One that had sent everything before it could be stopped is told as what it is.
      if (this.#tooLarge && service && summary.result === "cancelled" && !this.#cancelled) return { summary: { ...summary, result: "blocked", stop: tooLarge(service, summary) } };
      // What the source says of itself, rather than that it broke off.
      const { cause } = (summary.stop ?? {}) as { cause?: unknown };
      return { summary: cause instanceof ExportError ? { ...summary, stop: stopOf(cause) } : summary };
    } catch (error) {
      return { error };
    }
  }

  async #fetch(input: string, init: RequestInit): Promise<Response> {
    const response = await fetch(input, init);
    // The others would find out by themselves, each by a refusal of its own.
    if (response.status === 429) await this.#around.throttled(response.headers.get("retry-after") ?? undefined).catch(() => undefined);
    return response;
  }

  /** The object's own database. The object is the lock: a lease would only hold up its own next life; the fence stays. */
  #store(): RunStore {
    const { storage, name, restart, order, bindings } = this.#around;
    const plain = sqlStore(databaseOf(storage), name, { leaseMillis: 1, restart });
    const store = order.service ? sealedStore(plain, sealing(bindings).box, name) : plain;
    const work = <T>(call: () => Promise<T>): Promise<T> => this.slices.work(call);
    let isFirst = true;
    const commit = async (claim: Claim, state: Commit): Promise<"stored" | "taken_over"> => {
      const outcome = await claim.commit(state);
      if (isFirst && !claim.run) this.#around.onReplaced();
      isFirst = false;
      return outcome;
    };
    const claimed = (claim: Claim): Claim => ({
      fence: claim.fence,
      ...(claim.run ? { run: claim.run } : {}),
      ...(claim.last ? { last: claim.last } : {}),
      ...(claim.givenUp === undefined ? {} : { givenUp: claim.givenUp }),
      commit: (state: Commit) => work(() => commit(claim, state)),
      crashed: () => work(() => claim.crashed()),
      end: () => work(() => claim.end()),
      release: () => work(() => claim.release()),
    });
    return {
      claim: () =>
        work(async () => {
          const claim = await store.claim();
          this.#around.onClaimed();
          // Nothing of a new run is on its way: whoever cancels it need not wait until the account can be read.
          if (!claim.run) this.#begun = true;
          if (this.#begun && this.#cancelled) this.#cancel.abort();
          return claimed(claim);
        }),
    };
  }
}

/** Where nobody counted beforehand: the run ends as soon as it is known, and says what went out until then. */
function tooLarge({ before, maxProfiles }: ServiceOrder, { read, delivered }: Progress): Stop {
  const sent = delivered > 0 ? `${delivered} of this segment had been delivered by then` : "None of this segment was delivered";
  return {
    code: "too_large", category: "settings", retryHelps: false,
    message: `The segments have more than ${maxProfiles} profiles, the most that an export carries; ${before + read} were read when that was seen. ${sent}; the rest was not sent.`,
    remedy: "Take segments out, or spread them over several exports. Say how many members a segment has, and such a run is refused before it begins.",
  };
}

function secret(bindings: Bindings, name: string): string {
  const value = bindings[name];
  if (typeof value === "string" && value !== "") return value;
  throw fault("secret_missing", "credentials", `The worker has no secret "${name}".`, `Whoever deploys the worker sets it with \`wrangler secret put ${name}\`, or corrects the name in the export's connection.key, and starts the export again.`);
}

/** What an error says, without what it may hold. */
export function stopOf(error: unknown): Stop {
  if (error instanceof ExportError) {
    const { code, category, message, remedy, retryHelps, issues } = error;
    return { code, category, message, remedy, retryHelps, ...(issues.length > 0 ? { issues: [...issues] } : {}) };
  }
  return {
    code: "host_failed",
    category: "misuse",
    message: `The run ended by an error of its host (${error instanceof Error ? error.name : typeof error}).`,
    remedy: "Nothing yet: the run goes on by itself. If it does not get further, whoever deploys the worker looks into its log.",
    retryHelps: true,
  };
}

/** Why a run has ended, once it does not go on by itself any more. */
export function finalStop(stop: Stop): Stop {
  if (stop.code !== "host_failed") return stop;
  return { ...stop, remedy: "Whoever deploys the worker looks into its log. Started again, the export goes on from where it was." };
}
