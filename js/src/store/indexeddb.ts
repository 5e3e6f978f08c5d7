/**
 * Keeps runs in the browser's own database, for a page or its worker; one database holds many runs, each by its name.
 *
 * Two things keep a second owner out: a Web Lock, which the browser frees when a tab is closed or has crashed, and the
 * fence, which every commit looks at in its own transaction, and which also holds where there are no locks.
 */
import { joined } from "../bytes.js";
import { misuse } from "../errors.js";
import type { Rejection } from "../types.js";
import { damaged, inProgress, leased, requireFewCrashes, requireName, same, type Terms, termsOf } from "./common.js";
import type { Claim, Commit, LeaseOptions, ReadableStore, StoredRun } from "./contract.js";

const DATABASE = "activecampaign-export";
const RUNS = "runs";
/** Blocks by name and place; rejected rows by name and number. */
const LOG = "log";
const REJECTED = "rejected";

/** Rejected rows read at once. */
const PAGE_ROWS = 500;

/**
 * A run in the browser's database. It may be thrown away with the site's other data: `navigator.storage.persist()` asks
 * the browser to keep it.
 *
 * @param name The run's name; no two exports of an origin may share one.
 * @throws ExportError `indexeddb_missing` (from its methods) where there is no IndexedDB.
 */
export function indexedDbStore(name: string, options: LeaseOptions = {}): ReadableStore {
  const terms = termsOf(options);
  requireName(name);
  return {
    claim: () => claim(name, terms),
    unfinished: () => within("readonly", async (tables) => (await tables.run(name))?.state !== undefined),
    async *rejections() {
      for (let next = 0; ; next += PAGE_ROWS) {
        const page = await within("readonly", (tables) => tables.rejections(name, next));
        for (const row of page) yield JSON.parse(String(row)) as Rejection;
        if (page.length < PAGE_ROWS) return;
      }
    },
  };
}

interface Run {
  fence: number;
  expires: number;
  /** Whether the owner had a lock: then whoever has it now knows that the owner is gone. */
  locked: boolean;
  crashes: number;
  last?: Uint8Array;
  state?: State | undefined;
}

interface State {
  checkpoint: Uint8Array;
  logBytes: number;
  rejected: number;
}

/** The three tables within one transaction. */
class Tables {
  readonly #transaction: IDBTransaction;

  constructor(transaction: IDBTransaction) {
    this.#transaction = transaction;
  }

  async run(name: string): Promise<Run | undefined> {
    const run: unknown = await done(this.#in(RUNS).get(name));
    if (run !== undefined && !isRun(run)) throw damaged();
    return run;
  }

  put(name: string, run: Run): void {
    this.#in(RUNS).put(run, name);
  }

  /** The log up to a length; it must be there without a gap. */
  async log(name: string, length: number): Promise<Uint8Array> {
    const [places, blocks] = await Promise.all([done(this.#in(LOG).getAllKeys(all(name))), done(this.#in(LOG).getAll(all(name)))]);
    let at = 0;
    for (const [index, block] of blocks.entries()) {
      if (!(block instanceof Uint8Array) || indexedDB.cmp(places[index], [name, at]) !== 0) throw damaged();
      at += block.byteLength;
    }
    if (at !== length) throw damaged();
    return joined(blocks as Uint8Array[], length);
  }

  /** Cuts the log and adds to it. */
  async append(name: string, before: number, start: number, log: Uint8Array): Promise<void> {
    if (start < 0 || start > before) throw new Error("the log has a gap");
    if (start < before) await this.#cut(name, start);
    // A copy: a view would take along whatever stands beside it.
    if (log.byteLength > 0) this.#in(LOG).put(log.slice(), [name, start]);
  }

  async #cut(name: string, start: number): Promise<void> {
    this.#in(LOG).delete(all(name, start));
    const cursor = await done(this.#in(LOG).openCursor(all(name), "prev"));
    if (!cursor) return;
    const [, from] = cursor.key as [string, number];
    cursor.update((cursor.value as Uint8Array).slice(0, start - from));
  }

  reject(name: string, first: number, rows: readonly string[]): void {
    for (const [index, row] of rows.entries()) this.#in(REJECTED).put(row, [name, first + index]);
  }

  rejections(name: string, first: number): Promise<unknown[]> {
    return done(this.#in(REJECTED).getAll(all(name, first), PAGE_ROWS));
  }

  countRejected(name: string): Promise<number> {
    return done(this.#in(REJECTED).count(all(name)));
  }

  forgetRejected(name: string): void {
    this.#in(REJECTED).delete(all(name));
  }

  forgetLog(name: string): void {
    this.#in(LOG).delete(all(name));
  }

  #in(table: string): IDBObjectStore {
    return this.#transaction.objectStore(table);
  }
}

/** Becomes the owner, or leaves everything as it was. */
async function claim(name: string, terms: Terms): Promise<Claim> {
  const lock = await takeLock(name);
  try {
    return await within("readwrite", async (tables) => {
      const now = terms.now();
      const before = (await tables.run(name)) ?? { fence: 0, expires: 0, locked: false, crashes: 0 };
      const gone = before.expires <= now || (lock !== undefined && before.locked);
      if (!gone) throw leased(before.expires - now);
      const run = { ...before, fence: before.fence + 1, expires: now + terms.leaseMillis, locked: lock !== undefined };
      if (terms.restart) retire(tables, name, run);
      const claimed = await StoreClaim.open(tables, name, terms, run, lock);
      tables.put(name, run);
      return claimed;
    });
  } catch (error) {
    lock?.();
    throw error;
  }
}

class StoreClaim implements Claim {
  readonly fence: number;
  readonly givenUp: boolean;
  readonly run?: StoredRun;
  readonly last?: Uint8Array;
  readonly #name: string;
  readonly #terms: Terms;
  readonly #lock: (() => void) | undefined;

  private constructor(name: string, terms: Terms, { fence, last }: Run, run: StoredRun | undefined, lock: (() => void) | undefined) {
    this.#name = name;
    this.#terms = terms;
    this.#lock = lock;
    this.fence = fence;
    this.givenUp = terms.restart;
    if (run) this.run = run;
    if (last) this.last = last;
  }

  static async open(tables: Tables, name: string, terms: Terms, run: Run, lock: (() => void) | undefined): Promise<StoreClaim> {
    requireFewCrashes(run.crashes);
    const { state } = run;
    if (!state) return new StoreClaim(name, terms, run, undefined, lock);
    if ((await tables.countRejected(name)) !== state.rejected) throw damaged();
    const log = await tables.log(name, state.logBytes);
    return new StoreClaim(name, terms, run, { checkpoint: state.checkpoint, log }, lock);
  }

  async commit({ checkpoint, log, logBytes, rejections }: Commit): Promise<"stored" | "taken_over"> {
    // All of them, before anything is changed: one of them may be no plain data.
    const rows = rejections.map((rejection) => JSON.stringify(rejection));
    const expires = this.#terms.now() + this.#terms.leaseMillis;
    const outcome = await this.#owned(async (tables, run) => {
      const before = run.state;
      if (before && same(before.checkpoint, checkpoint)) return tables.put(this.#name, { ...run, expires });
      await tables.append(this.#name, before?.logBytes ?? 0, logBytes - log.byteLength, log);
      // The rows of the run before stay until this one has something to say.
      if (!before) tables.forgetRejected(this.#name);
      tables.reject(this.#name, before?.rejected ?? 0, rows);
      const state = { checkpoint: checkpoint.slice(), logBytes, rejected: (before?.rejected ?? 0) + rows.length };
      tables.put(this.#name, { ...run, expires, state });
    });
    return outcome ? "stored" : "taken_over";
  }

  async crashed(): Promise<void> {
    await within("readwrite", async (tables) => {
      const run = await tables.run(this.#name);
      if (run) tables.put(this.#name, { ...run, crashes: run.crashes + 1 });
    });
  }

  async end(): Promise<void> {
    await this.#owned((tables, run) => {
      retire(tables, this.#name, run);
      tables.put(this.#name, run);
    });
  }

  async release(): Promise<void> {
    try {
      await this.#owned((tables, run) => tables.put(this.#name, { ...run, expires: 0 }));
    } finally {
      this.#lock?.();
    }
  }

  /** Changes the run in one transaction, unless another has taken it over. */
  #owned(change: (tables: Tables, run: Run) => Promise<void> | void): Promise<boolean> {
    return within("readwrite", async (tables) => {
      const run = await tables.run(this.#name);
      if (!run || run.fence < this.fence) throw new Error("the browser has thrown away what was kept of the run");
      if (run.fence !== this.fence) return false;
      await change(tables, run);
      return true;
    });
  }
}

/** Makes the state the last one of a run that is over. */
function retire(tables: Tables, name: string, run: Run): void {
  if (run.state) run.last = run.state.checkpoint;
  run.state = undefined;
  run.crashes = 0;
  tables.forgetLog(name);
}

/** Gives what lets the lock go, or nothing where there are no locks. Throws while somebody else has it. */
async function takeLock(name: string): Promise<(() => void) | undefined> {
  const { locks } = (globalThis as { navigator?: { locks?: LockManager } }).navigator ?? {};
  if (!locks) return undefined;
  return new Promise((resolve, reject) => {
    const hold = (lock: Lock | null): Promise<void> | undefined => {
      if (lock) return new Promise<void>((release) => resolve(release));
      reject(inProgress("Another tab or worker of this browser", "as soon as that one is closed"));
      return undefined;
    };
    // Rejects as well when the lock is stolen later: the fence is what counts then.
    locks.request(`${DATABASE} ${name}`, { ifAvailable: true }, hold).catch(reject);
  });
}

/** Runs work in one transaction over all tables: all or nothing, and on the disk once this resolves. */
async function within<T>(mode: "readonly" | "readwrite", work: (tables: Tables) => Promise<T>): Promise<T> {
  const database = await open();
  try {
    const transaction = database.transaction([RUNS, LOG, REJECTED], mode, { durability: "strict" });
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the browser gave the transaction up"));
    });
    // Whoever fails first is told of; the other must not be unhandled.
    ended.catch(() => undefined);
    try {
      const result = await work(new Tables(transaction));
      await ended;
      return result;
    } catch (error) {
      undo(transaction);
      throw error;
    }
  } finally {
    database.close();
  }
}

function undo(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // The browser has undone it.
  }
}

function open(): Promise<IDBDatabase> {
  if (typeof indexedDB === "undefined") {
    const remedy = "Keep runs there in a browser's page or worker; elsewhere take fileStore, sqliteStore or sqlStore.";
    throw misuse("indexeddb_missing", "This runtime has no IndexedDB.", remedy);
  }
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    for (const table of [RUNS, LOG, REJECTED]) request.result.createObjectStore(table);
  };
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's database failed"));
  });
}

/** The keys of a run, from a place or number on. */
function all(name: string, from = 0): IDBKeyRange {
  return IDBKeyRange.bound([name, from], [name, Infinity]);
}

function isRun(value: unknown): value is Run {
  if (typeof value !== "object" || value === null) return false;
  const { fence, expires, crashes, last, state } = value as Partial<Run>;
  const whole = [fence, expires, crashes].every((number) => Number.isSafeInteger(number));
  return whole && (last === undefined || last instanceof Uint8Array) && (state === undefined || isState(state));
}

function isState({ checkpoint, logBytes, rejected }: Partial<State>): boolean {
  return checkpoint instanceof Uint8Array && Number.isSafeInteger(logBytes) && Number.isSafeInteger(rejected);
}
