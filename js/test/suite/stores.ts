/** Places for the stores that are no host's own, and for those of browsers. */
import type * as Package from "../../src/entry/browser.js";
import type { LeaseOptions, ReadableStore, Rejection } from "../../src/types.js";
import type { Place, StoreUnderTest } from "../store-suite.js";

/** Longer than the lease of an owner that is silent. */
const EXPIRED_MILLIS = 151_000;

async function all(rejections: AsyncIterable<Rejection>): Promise<Rejection[]> {
  const told: Rejection[] = [];
  for await (const rejection of rejections) told.push(rejection);
  return told;
}

/** A place whose stores share a clock: setting it forward lets the lease of every owner expire. */
export function clockedPlace(openWith: (options: LeaseOptions) => ReadableStore, close: () => Promise<void> | void = () => undefined): Place {
  let time = 1_000_000;
  const open = async (options: { restart?: boolean } = {}): Promise<ReadableStore> => openWith({ ...options, now: () => time });
  return {
    open,
    async expire() {
      time += EXPIRED_MILLIS;
    },
    rejections: async () => all((await open()).rejections()),
    close: async () => close(),
  };
}

export function memoryPlaces({ memoryStore }: typeof Package): StoreUnderTest {
  return {
    name: "memoryStore",
    async fresh() {
      const shares = memoryStore();
      return clockedPlace((options) => memoryStore({ ...options, shares }));
    },
  };
}

/** An owner that looks dead is one whose tab is gone, which takes its lock along; or one whose lease expired, without locks. */
export function indexedDbPlaces({ indexedDbStore }: typeof Package): StoreUnderTest {
  const { locks } = navigator as { locks?: LockManager };
  return {
    name: locks ? "indexedDbStore" : "indexedDbStore without locks",
    async fresh() {
      const name = crypto.getRandomValues(new Uint32Array(4)).join("-");
      const place = clockedPlace((options) => indexedDbStore(name, options));
      return locks ? { ...place, expire: async () => locks.request(`activecampaign-export ${name}`, { steal: true }, () => undefined) } : place;
    },
  };
}
