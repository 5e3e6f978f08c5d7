// Runs in workerd, which compiles no bytes: it imports the module.
import * as slim from "activecampaign-export/slim";
import module from "activecampaign-export/core.wasm";
import { runChecks, slimSuite } from "./suite.js";

export default {
  async fetch(request) {
    const origin = new URL(request.url).searchParams.get("origin");
    return Response.json(await runChecks(slimSuite({ slim, module, compiles: false, origin })));
  },
};
