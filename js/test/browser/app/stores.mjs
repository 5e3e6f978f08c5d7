// The suite of stores on a page.
import * as api from "activecampaign-export";
import { indexedDbPlaces, runChecks, storeSuite } from "../../kit/stores.js";

globalThis.outcomes = runChecks(storeSuite(indexedDbPlaces(api)));
