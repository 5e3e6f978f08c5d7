/**
 * What the package promises, as a function of the host: the same checks, compiled once, run in every runtime on the
 * packed package. A new host brings its `activecampaign-export`, its stores, and a sandbox over HTTP.
 */
import { config } from "chai";
import { type Check, type Outcome, runChecks } from "./checks.js";
import { storeSuite } from "./store-suite.js";
import { crashChecks } from "./suite/crashes.js";
import { encodeChecks } from "./suite/encode.js";
import { exportChecks } from "./suite/runs.js";
import type { HostUnderTest } from "./suite/world.js";

export type { Check, HostUnderTest, Outcome };
export type { Place, StoreUnderTest } from "./store-suite.js";
export { slimSuite, type SlimHost } from "./suite/slim.js";
export { clockedPlace, indexedDbPlaces, memoryPlaces } from "./suite/stores.js";
export { runChecks, storeSuite };

// What differs must be told in full: it may happen in one host only.
config.truncateThreshold = 0;

/** All checks for a host. */
export function suite(host: HostUnderTest): Check[] {
  return [...encodeChecks(host), ...exportChecks(host), ...crashChecks(host), ...host.stores.flatMap(storeSuite)];
}
