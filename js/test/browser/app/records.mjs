// What every driver of the service's records must keep, put to the browser's database: each check in a database of its own.
import { indexedDbRecords } from "activecampaign-export";
import { recordsSuite } from "../../service/records-suite.mjs";

const outcomes = [];
for (const [at, [name, check]] of recordsSuite.entries()) {
  try {
    await check(indexedDbRecords(`records ${at}`));
    outcomes.push({ name });
  } catch (error) {
    outcomes.push({ name, failure: String(error?.stack ?? error) });
  }
}
globalThis.recordOutcomes = outcomes;
