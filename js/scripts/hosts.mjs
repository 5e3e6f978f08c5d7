// Builds the package, installs it as a customer does, and runs the suite in every host.
//   node scripts/hosts.mjs [NAME ...]     only the hosts whose names begin so, such as node, deno, workerd, chromium
import { join } from "node:path";
import { checkMachine, installPacked, js, run, testHosts } from "./tools.mjs";

checkMachine();
run(process.execPath, [join(js, "scripts", "build.mjs")]);
testHosts(installPacked("host-app"), process.argv.slice(2));
