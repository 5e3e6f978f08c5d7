/** Records in memory: for tests and trials. Nothing outlives the process. */
import { after, type Change, type Json, type Kept, type Page, PAGE_RECORDS, type ServiceStore } from "../store.js";

/** Byte by byte, as SQLite and IndexedDB do for ASCII keys. */
const byKey = (one: Kept, other: Kept): number => (one.key < other.key ? -1 : 1);

export function memoryRecords(): ServiceStore {
  const records = new Map<string, { version: number; text: string }>();
  const kept = ([key, { version, text }]: [string, { version: number; text: string }]): Kept => ({ key, version, value: JSON.parse(text) as Json });
  return {
    async get(key) {
      const found = records.get(key);
      return found && kept([key, found]);
    },
    async list(prefix, page: Page = {}) {
      const { after: from, limit = PAGE_RECORDS, descending = false } = page;
      const end = after(prefix);
      const within = (key: string): boolean => key >= prefix && key < end && (from === undefined || (descending ? key < from : key > from));
      const found = [...records].filter(([key]) => within(key)).map(kept).sort(byKey);
      if (descending) found.reverse();
      return found.slice(0, limit);
    },
    async commit(changes: readonly Change[]) {
      if (changes.some(({ key, version }) => version !== undefined && version !== (records.get(key)?.version ?? 0))) return false;
      // All of them, before anything is changed: one may be no plain data.
      const texts = changes.map(({ value }) => (value === undefined ? undefined : JSON.stringify(value)));
      for (const [at, { key }] of changes.entries()) {
        const text = texts[at];
        if (text === undefined) records.delete(key);
        else records.set(key, { version: (records.get(key)?.version ?? 0) + 1, text });
      }
      return true;
    },
  };
}
