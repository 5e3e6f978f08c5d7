// Runs on a page, whose server has a sandbox too.
import * as api from "activecampaign-export";
import * as sandbox from "activecampaign-export/sandbox";
import { indexedDbPlaces, memoryPlaces, runChecks, suite } from "./suite.js";

globalThis.outcomes = runChecks(suite({ api, sandbox, stores: [memoryPlaces(api), indexedDbPlaces(api)], origin: location.origin }));
