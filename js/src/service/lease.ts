/** One owner at a time: a lease that runs out by itself, and a fence that rises with every owner. */
import type { Change, ServiceStore } from "./store.js";

interface LeaseRecord {
  owner: string;
  fence: number;
  /** Milliseconds since the Unix epoch. */
  expires: number;
}

const keyOf = (name: string): string => `lease/${name}`;

/** A lease that somebody holds. */
export interface Held {
  readonly fence: number;
  /** A change that makes a commit fail once there is another owner: to be among its changes. */
  guard(): Promise<Change | undefined>;
}

/**
 * Takes a lease that is free, has run out or is the owner's own, and renews it so. The record is never removed: the fence only rises.
 *
 * @returns Nothing while somebody else holds it.
 */
export async function takeLease(store: ServiceStore, name: string, owner: string, millis: number, now: number): Promise<Held | undefined> {
  const key = keyOf(name);
  const kept = await store.get(key);
  const before = kept?.value as LeaseRecord | undefined;
  if (before && before.owner !== owner && before.expires > now) return undefined;
  const fence = before?.owner === owner && before.expires > now ? before.fence : (before?.fence ?? 0) + 1;
  if (!(await store.commit([{ key, value: { owner, fence, expires: now + millis }, version: kept?.version ?? 0 }]))) return undefined;
  const guard = async (): Promise<Change | undefined> => {
    const current = await store.get(key);
    const held = current?.value as LeaseRecord | undefined;
    return current && held?.fence === fence ? { key, value: current.value, version: current.version } : undefined;
  };
  return { fence, guard };
}

/** Lets a lease go at once. */
export async function releaseLease(store: ServiceStore, name: string, owner: string): Promise<void> {
  const kept = await store.get(keyOf(name));
  const held = kept?.value as LeaseRecord | undefined;
  if (kept && held?.owner === owner) await store.commit([{ key: kept.key, value: { owner, fence: held.fence, expires: 0 }, version: kept.version }]);
}

/** Ends a lease, whoever holds it: for those who know by other means that the owner is gone. The next fence is higher. */
export async function endLease(store: ServiceStore, name: string): Promise<void> {
  const held = (await store.get(keyOf(name)))?.value as LeaseRecord | undefined;
  if (held) await releaseLease(store, name, held.owner);
}
