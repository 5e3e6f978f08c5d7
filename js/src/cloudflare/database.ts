/** A Durable Object's SQLite, as the stores take it. */
import type { SqlDatabase } from "../store/sql.js";
import type { ObjectStorage } from "./runtime.js";

export function databaseOf(storage: ObjectStorage): SqlDatabase {
  return {
    exec: (sql, ...values) => storage.sql.exec(sql, ...values).toArray(),
    transaction: (work) => storage.transactionSync(work),
    sync: () => storage.sync(),
  };
}

/** One value that an object keeps, as JSON. */
export class Kept<T> {
  readonly #storage: ObjectStorage;
  readonly #name: string;

  constructor(storage: ObjectStorage, name: string) {
    this.#storage = storage;
    this.#name = name;
    this.#make();
  }

  #make(): void {
    // An index of its own would be a second row for each that is written.
    this.#storage.sql.exec("CREATE TABLE IF NOT EXISTS activecampaign_kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
  }

  get(): T | undefined {
    const [row] = this.#storage.sql.exec("SELECT value FROM activecampaign_kept WHERE name = ?", this.#name).toArray();
    return row === undefined ? undefined : (JSON.parse(String(row["value"])) as T);
  }

  set(value: T): void {
    // All that is kept may have been removed.
    this.#make();
    this.#storage.sql.exec("INSERT OR REPLACE INTO activecampaign_kept (name, value) VALUES (?, ?)", this.#name, JSON.stringify(value));
  }
}
