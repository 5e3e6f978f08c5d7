/**
 * What keeps the service's records: connections, exports, runs, users, audit. Small documents by key, each with a version.
 *
 * A driver promises: a commit is all or nothing, alone, and on the disk when it resolves; a version rises with every
 * change of its record; a list is in the order of its keys, byte by byte.
 */

/** Plain data, as JSON has it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** A record. */
export interface Kept {
  key: string;
  /** From 1, rises with every change. */
  version: number;
  value: Json;
}

/** One change of a commit. */
export interface Change {
  key: string;
  /** The new value; `undefined` removes the record. */
  value: Json | undefined;
  /** The version that it must have, 0 for one that must not be there. Left out: whatever is there. */
  version?: number;
}

/** A part of a list. */
export interface Page {
  /** Only keys after this one (before it, when descending). */
  after?: string;
  /** At most so many. Default: 1,000. */
  limit?: number;
  descending?: boolean;
}

export interface ServiceStore {
  get(key: string): Promise<Kept | undefined>;
  /** Records whose keys begin with `prefix`, which ends with `/`. */
  list(prefix: string, page?: Page): Promise<Kept[]>;
  /** Resolves to `false`, and changes nothing, when a record is not of the stated version. */
  commit(changes: readonly Change[]): Promise<boolean>;
}

/** Records that a list gives when it is not told how many. */
export const PAGE_RECORDS = 1_000;

/** The first key that does not begin with `prefix`. Throws for a prefix that does not end with `/`. */
export function after(prefix: string): string {
  if (!prefix.endsWith("/")) throw new RangeError(`the prefix ${JSON.stringify(prefix)} does not end with /`);
  // The character that follows the slash.
  return `${prefix.slice(0, -1)}0`;
}

/** All records below a prefix. */
export async function* all(store: ServiceStore, prefix: string): AsyncGenerator<Kept> {
  for (let last: string | undefined; ; ) {
    const page = await store.list(prefix, last === undefined ? {} : { after: last });
    yield* page;
    if (page.length < PAGE_RECORDS) return;
    last = page.at(-1)?.key;
  }
}
