/**
 * Keeps runs in a database that speaks SQLite's SQL and answers at once: a Durable Object's own, Node's, and others.
 * One database holds many runs, each by its name.
 *
 * Whoever claims a run raises its fence in the row that also holds the lease; every commit is one transaction that
 * looks at the fence first. So an owner that was only asleep changes nothing once there is another.
 */
import { joined } from "../bytes.js";
import type { Rejection } from "../types.js";
import { damaged, leased, requireFewCrashes, requireName, same, type Terms, termsOf } from "./common.js";
import type { Claim, Commit, LeaseOptions, ReadableStore, StoredRun } from "./contract.js";

/** What is bound to a statement. */
export type SqlValue = string | number | null | Uint8Array;

/** A row that a statement gave; bytes come as a view or as a buffer. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A database, as far as the store needs one. */
export interface SqlDatabase {
  /** Runs one statement, and gives all its rows. */
  exec(sql: string, ...values: SqlValue[]): SqlRow[];
  /** All or nothing, alone: nobody else writes meanwhile. What the work throws undoes it and is thrown. */
  transaction<T>(work: () => T): T;
  /** Resolves once everything is on the disk, where a transaction alone does not say so. */
  sync?(): Promise<void>;
}

/** Far below the 2 MB that a row may take on every host. */
const BLOCK_BYTES = 64 * 1024;

/** Rejected rows read at once. */
const PAGE_ROWS = 500;

const SCHEMA = [
  "CREATE TABLE IF NOT EXISTS activecampaign_claim (name TEXT PRIMARY KEY, fence INTEGER NOT NULL, expires INTEGER NOT NULL)",
  "CREATE TABLE IF NOT EXISTS activecampaign_state (name TEXT PRIMARY KEY, checkpoint BLOB NOT NULL, log_bytes INTEGER NOT NULL, rejected INTEGER NOT NULL)",
  "CREATE TABLE IF NOT EXISTS activecampaign_log (name TEXT NOT NULL, start INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (name, start))",
  "CREATE TABLE IF NOT EXISTS activecampaign_rejected (name TEXT NOT NULL, number INTEGER NOT NULL, rejection TEXT NOT NULL, PRIMARY KEY (name, number))",
  "CREATE TABLE IF NOT EXISTS activecampaign_history (name TEXT PRIMARY KEY, crashes INTEGER NOT NULL, last BLOB)",
];

/**
 * A run in an SQL database. For a Durable Object:
 * `sqlStore({ exec: (sql, ...values) => storage.sql.exec(sql, ...values).toArray(), transaction: (work) => storage.transactionSync(work), sync: () => storage.sync() }, name)`.
 *
 * @param open The database, or what opens it when it is needed.
 * @param name The run's name; no two exports may share one.
 */
export function sqlStore(open: SqlDatabase | (() => Promise<SqlDatabase>), name: string, options: LeaseOptions = {}): ReadableStore {
  const terms = termsOf(options);
  requireName(name);
  let tables: Promise<Tables> | undefined;
  const ready = (): Promise<Tables> => {
    const opened = tables ?? prepared(open, name);
    // One that could not be opened is tried again by the next call.
    tables = opened;
    opened.catch(() => (tables = undefined));
    return opened;
  };
  return {
    claim: async () => SqlClaim.take(await ready(), terms),
    unfinished: async () => (await ready()).state() !== undefined,
    async *rejections() {
      yield* (await ready()).rejections();
    },
  };
}

async function prepared(open: SqlDatabase | (() => Promise<SqlDatabase>), name: string): Promise<Tables> {
  const database = typeof open === "function" ? await open() : open;
  database.transaction(() => {
    for (const statement of SCHEMA) database.exec(statement);
  });
  return new Tables(database, name);
}

interface State {
  checkpoint: Uint8Array;
  logBytes: number;
  rejected: number;
}

/** One run's rows. */
class Tables {
  readonly database: SqlDatabase;
  readonly #name: string;

  constructor(database: SqlDatabase, name: string) {
    this.database = database;
    this.#name = name;
  }

  /** Runs a statement whose first value is the name. */
  run(sql: string, ...values: SqlValue[]): SqlRow[] {
    return this.database.exec(sql, this.#name, ...values);
  }

  claim(): { fence: number; expires: number } | undefined {
    const [row] = this.run("SELECT fence, expires FROM activecampaign_claim WHERE name = ?");
    return row && { fence: count(row.fence), expires: count(row.expires) };
  }

  state(): State | undefined {
    const [row] = this.run("SELECT checkpoint, log_bytes, rejected FROM activecampaign_state WHERE name = ?");
    return row && { checkpoint: bytes(row.checkpoint), logBytes: count(row.log_bytes), rejected: count(row.rejected) };
  }

  history(): { crashes: number; last?: Uint8Array } {
    const [row] = this.run("SELECT crashes, last FROM activecampaign_history WHERE name = ?");
    if (!row) return { crashes: 0 };
    return { crashes: count(row.crashes), ...(row.last === null ? {} : { last: bytes(row.last) }) };
  }

  /** The log up to a length; it must be there without a gap. */
  log(length: number): Uint8Array {
    const blocks: Uint8Array[] = [];
    let at = 0;
    for (const { start, bytes: block } of this.run("SELECT start, bytes FROM activecampaign_log WHERE name = ? ORDER BY start")) {
      if (start !== at) throw damaged("database");
      blocks.push(bytes(block));
      at += bytes(block).byteLength;
    }
    if (at !== length) throw damaged("database");
    return joined(blocks, length);
  }

  /** Cuts the log and adds to it, in blocks that every host takes. */
  append(start: number, log: Uint8Array): void {
    this.run("DELETE FROM activecampaign_log WHERE name = ? AND start >= ?", start);
    const [last] = this.run("SELECT start, bytes FROM activecampaign_log WHERE name = ? ORDER BY start DESC LIMIT 1");
    const [from, block] = last ? [count(last.start), bytes(last.bytes)] : [0, new Uint8Array()];
    if (from + block.byteLength < start) throw new Error("the log has a gap");
    if (from + block.byteLength > start) this.#block(from, block.slice(0, start - from));
    for (let at = 0; at < log.byteLength; at += BLOCK_BYTES) this.#block(start + at, log.slice(at, at + BLOCK_BYTES));
  }

  #block(start: number, block: Uint8Array): void {
    this.run("INSERT OR REPLACE INTO activecampaign_log (name, start, bytes) VALUES (?, ?, ?)", start, block);
  }

  async *rejections(): AsyncGenerator<Rejection> {
    for (let next = 0; ; ) {
      const page = this.run("SELECT number, rejection FROM activecampaign_rejected WHERE name = ? AND number >= ? ORDER BY number LIMIT ?", next, PAGE_ROWS);
      for (const { rejection } of page) yield JSON.parse(String(rejection)) as Rejection;
      if (page.length < PAGE_ROWS) return;
      next = count(page.at(-1)?.number) + 1;
    }
  }

  /** Makes the state the last one of a run that is over. */
  retire(): void {
    const [state] = this.run("SELECT checkpoint FROM activecampaign_state WHERE name = ?");
    // A damaged one has nothing worth keeping, and what is left of the run before says nothing of this one.
    const last = state && (isBytes(state.checkpoint) ? bytes(state.checkpoint) : new Uint8Array());
    this.run("INSERT INTO activecampaign_history (name, crashes, last) VALUES (?, 0, ?) ON CONFLICT (name) DO UPDATE SET crashes = 0, last = coalesce(excluded.last, last)", last ?? null);
    this.run("DELETE FROM activecampaign_state WHERE name = ?");
    this.run("DELETE FROM activecampaign_log WHERE name = ?");
  }
}

class SqlClaim implements Claim {
  readonly fence: number;
  readonly givenUp: boolean;
  readonly run?: StoredRun;
  readonly last?: Uint8Array;
  readonly #tables: Tables;
  readonly #terms: Terms;

  private constructor(tables: Tables, terms: Terms, fence: number) {
    this.#tables = tables;
    this.#terms = terms;
    this.fence = fence;
    this.givenUp = terms.restart;
    const { crashes, last } = tables.history();
    requireFewCrashes(crashes);
    if (last) this.last = last;
    const state = tables.state();
    if (!state) return;
    const [rows] = tables.run("SELECT count(*) AS rejected FROM activecampaign_rejected WHERE name = ?");
    if (rows?.rejected !== state.rejected) throw damaged("database");
    this.run = { checkpoint: state.checkpoint, log: tables.log(state.logBytes) };
  }

  /** Becomes the owner, or leaves everything as it was. */
  static async take(tables: Tables, terms: Terms): Promise<SqlClaim> {
    const claim = tables.database.transaction(() => {
      const now = terms.now();
      const before = tables.claim();
      if (before && before.expires > now) throw leased(before.expires - now);
      // Never deleted: the fence only rises.
      tables.run("INSERT INTO activecampaign_claim (name, fence, expires) VALUES (?, 1, ?) ON CONFLICT (name) DO UPDATE SET fence = fence + 1, expires = excluded.expires", now + terms.leaseMillis);
      if (terms.restart) tables.retire();
      return new SqlClaim(tables, terms, (before?.fence ?? 0) + 1);
    });
    await tables.database.sync?.();
    return claim;
  }

  async commit(commit: Commit): Promise<"stored" | "taken_over"> {
    const outcome = this.#tables.database.transaction(() => this.#commit(commit));
    // Also of a state that was there already: it may be there because this failed the first time.
    if (outcome === "stored") await this.#tables.database.sync?.();
    return outcome;
  }

  #commit({ checkpoint, log, logBytes, rejections }: Commit): "stored" | "taken_over" {
    const tables = this.#tables;
    if (!this.#holds()) return "taken_over";
    this.#expire(this.#terms.now() + this.#terms.leaseMillis);
    const before = tables.state();
    if (before && same(before.checkpoint, checkpoint)) return "stored";
    tables.append(logBytes - log.byteLength, log);
    // The rows of the run before stay until this one has something to say.
    if (!before) tables.run("DELETE FROM activecampaign_rejected WHERE name = ?");
    let number = before?.rejected ?? 0;
    for (const rejection of rejections) {
      tables.run("INSERT INTO activecampaign_rejected (name, number, rejection) VALUES (?, ?, ?)", number, JSON.stringify(rejection));
      number += 1;
    }
    tables.run("INSERT OR REPLACE INTO activecampaign_state (name, checkpoint, log_bytes, rejected) VALUES (?, ?, ?, ?)", checkpoint, logBytes, number);
    return "stored";
  }

  async crashed(): Promise<void> {
    this.#tables.run("INSERT INTO activecampaign_history (name, crashes) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET crashes = crashes + 1");
    await this.#tables.database.sync?.();
  }

  async end(): Promise<void> {
    this.#tables.database.transaction(() => {
      if (this.#holds()) this.#tables.retire();
    });
    await this.#tables.database.sync?.();
  }

  async release(): Promise<void> {
    this.#tables.database.transaction(() => {
      if (this.#holds()) this.#expire(0);
    });
    await this.#tables.database.sync?.();
  }

  #expire(at: number): void {
    this.#tables.run("INSERT INTO activecampaign_claim (name, fence, expires) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET expires = excluded.expires", this.fence, at);
  }

  #holds(): boolean {
    const claim = this.#tables.claim();
    if (!claim || claim.fence < this.fence) throw new Error("the database that kept the run was made anew");
    return claim.fence === this.fence;
  }
}

/** Hosts give bytes as a view or as a buffer. */
function isBytes(value: unknown): value is Uint8Array | ArrayBuffer {
  return value instanceof Uint8Array || value instanceof ArrayBuffer;
}

function bytes(value: unknown): Uint8Array {
  if (!isBytes(value)) throw damaged("database");
  return value instanceof Uint8Array ? value : new Uint8Array(value);
}

function count(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw damaged("database");
}
