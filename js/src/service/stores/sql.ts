/** Records in a database that speaks SQLite's SQL and answers at once: Node's own, libsql, a Durable Object's. */
import type { SqlDatabase, SqlRow } from "../../store/sql.js";
import { after, type Change, type Json, type Kept, type Page, PAGE_RECORDS, type ServiceStore } from "../store.js";

const SCHEMA = "CREATE TABLE IF NOT EXISTS activecampaign_record (key TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL) WITHOUT ROWID";

export function sqlRecords(database: SqlDatabase): ServiceStore {
  let made = false;
  const run = (sql: string, ...values: (string | number)[]): SqlRow[] => {
    if (!made) database.exec(SCHEMA);
    made = true;
    return database.exec(sql, ...values);
  };
  return {
    async get(key) {
      const [row] = run("SELECT key, version, value FROM activecampaign_record WHERE key = ?", key);
      return row && kept(row);
    },
    async list(prefix, page: Page = {}) {
      const { after: from, limit = PAGE_RECORDS, descending = false } = page;
      const [low, high] = descending ? [prefix, from ?? after(prefix)] : [from ?? prefix, after(prefix)];
      const order = descending ? "DESC" : "ASC";
      // The prefix itself is no record's key.
      return run(`SELECT key, version, value FROM activecampaign_record WHERE key > ? AND key < ? ORDER BY key ${order} LIMIT ?`, low, high, limit).map(kept);
    },
    async commit(changes: readonly Change[]) {
      const texts = changes.map(({ value }) => (value === undefined ? undefined : JSON.stringify(value)));
      run("SELECT 1");
      const done = database.transaction(() => {
        const versions = changes.map(({ key }) => Number(run("SELECT version FROM activecampaign_record WHERE key = ?", key)[0]?.version ?? 0));
        if (changes.some(({ version }, at) => version !== undefined && version !== versions[at])) return false;
        for (const [at, { key }] of changes.entries()) {
          const text = texts[at];
          if (text === undefined) run("DELETE FROM activecampaign_record WHERE key = ?", key);
          else run("INSERT OR REPLACE INTO activecampaign_record (key, version, value) VALUES (?, ?, ?)", key, (versions[at] ?? 0) + 1, text);
        }
        return true;
      });
      await database.sync?.();
      return done;
    },
  };
}

function kept({ key, version, value }: SqlRow): Kept {
  return { key: String(key), version: Number(version), value: JSON.parse(String(value)) as Json };
}
