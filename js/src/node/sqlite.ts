/** Keeps runs in a file of SQLite, on hosts that have `node:sqlite`: Node 22.13 and newer, Deno, Bun. */
import { closeSync, openSync } from "node:fs";
import { ExportError } from "../errors.js";
import type { LeaseOptions, ReadableStore } from "../store/contract.js";
import { type SqlDatabase, type SqlRow, type SqlValue, sqlStore } from "../store/sql.js";

/** How long a statement waits for another process that writes, in milliseconds. */
const BUSY_MILLIS = 10_000;

/** As far as it is used here; Node 20 does not know the module, so its types are no part of what this is compiled with. */
interface Sqlite {
  DatabaseSync: new (path: string) => Database;
}

interface Database {
  exec(sql: string): void;
  prepare(sql: string): { all(...values: SqlValue[]): SqlRow[] };
  close(): void;
}

/** A file that keeps runs. */
export interface SqliteStore extends ReadableStore {
  /** Closes the file; it is opened again when it is needed. */
  close(): void;
}

/**
 * A run in a file of SQLite; the file is made when it is not there, for its owner only. Several processes may share it.
 *
 * @param name The run's name; no two exports in one file may share one.
 * @throws ExportError `sqlite_missing` (from the store's methods) where there is no `node:sqlite`.
 */
export function sqliteStore(path: string, name: string, options: LeaseOptions = {}): SqliteStore {
  let file: SqliteFile | undefined;
  const open = async (): Promise<SqlDatabase> => (file ??= new SqliteFile(path, (await sqlite()).DatabaseSync));
  return { ...sqlStore(open, name, options), close: () => file?.close() };
}

/** A database in a file. */
export interface OpenDatabase extends SqlDatabase {
  close(): void;
}

/**
 * A file of SQLite by `node:sqlite`, or by `libsql` where the runtime has none of its own.
 *
 * @throws ExportError `sqlite_missing` where there is neither.
 */
export async function openDatabase(path: string): Promise<OpenDatabase> {
  return new SqliteFile(path, (await sqlite().catch(libsql)).DatabaseSync);
}

/** For Node 20: the package of this name speaks the same SQL on the same files. */
async function libsql(missing: unknown): Promise<Sqlite> {
  // Named by a variable: it is there only where somebody has installed it.
  const name = "libsql";
  try {
    const { default: Libsql } = (await import(name)) as { default: new (path: string) => LibsqlDatabase };
    return { DatabaseSync: asDatabase(Libsql) };
  } catch {
    throw new ExportError(
      {
        code: "sqlite_missing",
        category: "misuse",
        message: "This runtime has no SQLite of its own, and the package libsql is not installed.",
        remedy: "Use Node 22.13 or newer, or install libsql beside this package (npm install libsql).",
        retryHelps: false,
      },
      { cause: missing },
    );
  }
}

function asDatabase(Libsql: new (path: string) => LibsqlDatabase): Sqlite["DatabaseSync"] {
  return class implements Database {
    readonly #database: LibsqlDatabase;

    constructor(path: string) {
      this.#database = new Libsql(path);
    }

    exec(sql: string): void {
      this.#database.exec(sql);
    }

    prepare(sql: string): ReturnType<Database["prepare"]> {
      const statement = this.#database.prepare(sql);
      // As one list: it takes down the whole process over bytes that are given alone.
      return { all: (...values) => statement.all(values) };
    }

    close(): void {
      this.#database.close();
    }
  };
}

interface LibsqlDatabase extends Omit<Database, "prepare"> {
  prepare(sql: string): { all(values: SqlValue[]): SqlRow[] };
}

async function sqlite(): Promise<Sqlite> {
  // Named by a variable, for TypeScript and for bundlers, which must not look for it.
  const name = "node:sqlite";
  try {
    return (await import(name)) as Sqlite;
  } catch (error) {
    throw new ExportError(
      {
        code: "sqlite_missing",
        category: "misuse",
        message: "This runtime has no SQLite of its own.",
        remedy: "Use Node 22.13 or newer, or keep the run in a folder with fileStore.",
        retryHelps: false,
      },
      { cause: error },
    );
  }
}

class SqliteFile implements SqlDatabase {
  readonly #path: string;
  readonly #Database: Sqlite["DatabaseSync"];
  #database: Database | undefined;
  readonly #statements = new Map<string, ReturnType<Database["prepare"]>>();

  constructor(path: string, Database: Sqlite["DatabaseSync"]) {
    this.#path = path;
    this.#Database = Database;
  }

  exec(sql: string, ...values: SqlValue[]): SqlRow[] {
    const database = this.#open();
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement.all(...values);
  }

  transaction<T>(work: () => T): T {
    const database = this.#open();
    // Alone from the beginning: a look at the fence must not be followed by somebody else's commit.
    database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      try {
        database.exec("ROLLBACK");
      } catch {
        // On some faults, such as a full disk, SQLite has undone it already.
      }
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database?.close();
    this.#database = undefined;
  }

  #open(): Database {
    if (this.#database) return this.#database;
    closeSync(openSync(this.#path, "a", 0o600));
    const database = new this.#Database(this.#path);
    try {
      database.exec(`PRAGMA busy_timeout = ${BUSY_MILLIS}`);
      database.exec("PRAGMA journal_mode = WAL");
      // A commit is on the disk when it returns, also when the power fails.
      database.exec("PRAGMA synchronous = FULL");
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
    return database;
  }
}
