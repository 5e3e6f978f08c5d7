/** Keeps a run in memory: for tests, and for hosts that live as long as the run. Nothing outlives the process. */
import { joined } from "../bytes.js";
import { misuse } from "../errors.js";
import type { Rejection } from "../types.js";
import type { Claim, Commit, LeaseOptions, ReadableStore, StoredRun } from "./contract.js";
import { leased, requireFewCrashes, same, type Terms, termsOf } from "./common.js";

export interface MemoryStoreOptions extends LeaseOptions {
  /** A store whose memory this one shares, as two processes share a folder. Default: a memory of its own. */
  shares?: ReadableStore;
}

const memories = new WeakMap<ReadableStore, Kept>();

/** A store in memory, for one run at a time. */
export function memoryStore(options: MemoryStoreOptions = {}): ReadableStore {
  const shared = options.shares && memories.get(options.shares);
  if (options.shares && !shared) throw misuse("store_shares", "What the store is to share is no store in memory.", "Pass what memoryStore gave.");
  const kept: Kept = shared ?? { fence: 0, expires: 0, rejections: [], crashes: 0 };
  const terms = termsOf(options);
  const store: ReadableStore = {
    claim: async () => new MemoryClaim(kept, terms),
    unfinished: async () => kept.state !== undefined,
    async *rejections() {
      // Later states must not change what is being read.
      for (const row of kept.rejections.slice()) yield JSON.parse(row) as Rejection;
    },
  };
  memories.set(store, kept);
  return store;
}

interface Kept {
  fence: number;
  expires: number;
  state?: State | undefined;
  /** As text: whoever told them may change them afterwards. */
  rejections: string[];
  crashes: number;
  last?: Uint8Array;
}

interface State {
  checkpoint: Uint8Array;
  /** In the pieces in which it came: joining it at every commit would copy megabytes each time. */
  log: Uint8Array[];
  logBytes: number;
}

class MemoryClaim implements Claim {
  readonly fence: number;
  readonly run?: StoredRun;
  readonly last?: Uint8Array;
  readonly givenUp: boolean;
  readonly #kept: Kept;
  readonly #terms: Terms;

  constructor(kept: Kept, terms: Terms) {
    const now = terms.now();
    if (kept.expires > now) throw leased(kept.expires - now);
    this.#kept = kept;
    this.#terms = terms;
    this.givenUp = terms.restart;
    if (terms.restart) retire(kept);
    requireFewCrashes(kept.crashes);
    kept.fence += 1;
    kept.expires = now + terms.leaseMillis;
    this.fence = kept.fence;
    if (kept.state) this.run = runOf(kept.state);
    if (kept.last) this.last = kept.last.slice();
  }

  async commit({ checkpoint, log, logBytes, rejections }: Commit): Promise<"stored" | "taken_over"> {
    const kept = this.#kept;
    if (!this.#holds()) return "taken_over";
    kept.expires = this.#terms.now() + this.#terms.leaseMillis;
    const before = kept.state;
    if (before && same(before.checkpoint, checkpoint)) return "stored";
    const blocks = cut(before, logBytes - log.byteLength);
    // All of them, before anything is changed: one of them may be no plain data.
    const rows = rejections.map((rejection) => JSON.stringify(rejection));
    // The rows of the run before stay until this one has something to say.
    if (!before) kept.rejections = [];
    for (const row of rows) kept.rejections.push(row);
    kept.state = { checkpoint: checkpoint.slice(), log: log.byteLength > 0 ? [...blocks, log.slice()] : blocks, logBytes };
    return "stored";
  }

  async crashed(): Promise<void> {
    this.#kept.crashes += 1;
  }

  async end(): Promise<void> {
    if (this.#holds()) retire(this.#kept);
  }

  async release(): Promise<void> {
    if (this.#holds()) this.#kept.expires = 0;
  }

  #holds(): boolean {
    return this.#kept.fence === this.fence;
  }
}

/** Makes the state the last one of a run that is over. */
function retire(kept: Kept): void {
  if (kept.state) kept.last = kept.state.checkpoint;
  kept.state = undefined;
  kept.crashes = 0;
}

/** The log's pieces up to a length. */
function cut(state: State | undefined, length: number): Uint8Array[] {
  if (length === (state?.logBytes ?? 0)) return state?.log ?? [];
  if (length < 0 || length > (state?.logBytes ?? 0)) throw new Error("the log has a gap");
  let at = 0;
  const blocks: Uint8Array[] = [];
  for (const block of state?.log ?? []) {
    if (at < length) blocks.push(block.subarray(0, length - at));
    at += block.byteLength;
  }
  return blocks;
}

function runOf({ checkpoint, log, logBytes }: State): StoredRun {
  return { checkpoint: checkpoint.slice(), log: joined(log, logBytes) };
}
