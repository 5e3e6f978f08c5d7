// Runs in workerd: GET /?origin=ORIGIN answers with what became of the checks.
import * as api from "activecampaign-export";
import * as sandbox from "activecampaign-export/sandbox";
import { memoryPlaces, runChecks, suite } from "./suite.js";

export default {
  async fetch(request) {
    const origin = new URL(request.url).searchParams.get("origin");
    return Response.json(await runChecks(suite({ api, sandbox, stores: [memoryPlaces(api)], origin })));
  },
};
