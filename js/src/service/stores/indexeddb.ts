/** Records in the browser's own database: for a service that lives in a page, and for its rehearsals. */
import { after, type Change, type Json, type Kept, type Page, PAGE_RECORDS, type ServiceStore } from "../store.js";

const RECORDS = "records";

interface Row {
  key: string;
  version: number;
  value: Json;
}

export function indexedDbRecords(name = "activecampaign-export-service"): ServiceStore {
  let opened: Promise<IDBDatabase> | undefined;
  const open = async (): Promise<IDBDatabase> => {
    const opening = (opened ??= opens(name));
    // One that could not be opened is tried again by the next call.
    opening.catch(() => (opened = undefined));
    const database = await opening;
    // Another tab wants a newer shape, or the browser has closed it.
    database.onversionchange = () => database.close();
    database.onclose = () => (opened = undefined);
    return database;
  };
  return {
    async get(key) {
      const row = await settled(((await open()).transaction(RECORDS).objectStore(RECORDS).get(key) as IDBRequest<Row | undefined>));
      return row && { ...row };
    },
    async list(prefix, page: Page = {}) {
      const { after: from, limit = PAGE_RECORDS, descending = false } = page;
      const [low, high] = descending ? [prefix, from ?? after(prefix)] : [from ?? prefix, after(prefix)];
      return rows(await open(), low, high, descending, limit);
    },
    commit: async (changes) => commits(await open(), changes),
  };
}

function opens(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(RECORDS, { keyPath: "key" });
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's database failed"));
  });
}

async function rows(database: IDBDatabase, low: string, high: string, descending: boolean, limit: number): Promise<Kept[]> {
  if (low >= high) return [];
  const range = IDBKeyRange.bound(low, high, true, true);
  const found: Kept[] = [];
  const request = database.transaction(RECORDS).objectStore(RECORDS).openCursor(range, descending ? "prev" : "next");
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(request.error ?? new Error("the browser's database failed"));
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor || found.length === limit) return resolve(found);
      found.push({ ...(cursor.value as Row) });
      cursor.continue();
    };
  });
}

function commits(database: IDBDatabase, changes: readonly Change[]): Promise<boolean> {
  // As text first: one may be no plain data.
  const values = changes.map(({ value }) => (value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as Json)));
  const transaction = database.transaction(RECORDS, "readwrite", { durability: "strict" });
  const records = transaction.objectStore(RECORDS);
  let held = true;
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(held);
    transaction.onabort = () => (held ? reject(transaction.error ?? new Error("the browser's database failed")) : resolve(false));
    const versions: number[] = [];
    // One after another within the transaction, so that nothing is written before everything was looked at.
    const look = (at: number): void => {
      const change = changes[at];
      if (change === undefined) return write();
      const request = records.get(change.key) as IDBRequest<Row | undefined>;
      request.onsuccess = () => {
        const version = request.result?.version ?? 0;
        if (change.version !== undefined && change.version !== version) {
          held = false;
          return transaction.abort();
        }
        versions.push(version);
        look(at + 1);
      };
    };
    const write = (): void => {
      for (const [at, { key }] of changes.entries()) {
        const value = values[at];
        if (value === undefined) records.delete(key);
        else records.put({ key, version: (versions[at] ?? 0) + 1, value } satisfies Row);
      }
    };
    look(0);
  });
}
