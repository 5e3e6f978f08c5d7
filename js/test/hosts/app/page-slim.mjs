// Runs on a page: the module is fetched by whoever uses the package.
import * as slim from "activecampaign-export/slim";
import { runChecks, slimSuite } from "./suite.js";

globalThis.outcomes = fetch("/core.wasm")
  .then((response) => response.arrayBuffer())
  .then((bytes) => runChecks(slimSuite({ slim, module: new Uint8Array(bytes), compiles: true, origin: location.origin })));
