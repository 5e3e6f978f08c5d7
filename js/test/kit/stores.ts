/** The suite of stores, its places, and what runs it, as one bundle. */
export { runChecks } from "../checks.js";
export { storeSuite } from "../store-suite.js";
export { clockedPlace, indexedDbPlaces, memoryPlaces } from "../suite/stores.js";
