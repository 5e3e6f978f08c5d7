// Builds the package and runs every test: native Rust, then the packed package as a customer installs it, last in every host.
//   node scripts/test.mjs [--native | --package]
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkMachine, glob, installPacked, js, root, run, say, target, testHosts } from "./tools.mjs";

const only = process.argv[2];
checkMachine();

if (only !== "--package") {
  say("testing the core (native Rust)");
  run("cargo", ["test", "--locked", "--quiet"], { failure: "A native test failed: see the lines above." });
}

if (only !== "--native") {
  run(process.execPath, [join(js, "scripts", "build.mjs")]);
  const app = installPacked("test-app");
  // The service's database on Node 20; apart, since the package must do without it everywhere else.
  const { libsql } = JSON.parse(readFileSync(join(js, "package.json"), "utf8")).devDependencies;
  const serviceApp = installPacked("service-app", [`libsql@${libsql}`]);
  // Those of this run and no others: several tests write some.
  rmSync(join(target, "screenshots"), { recursive: true, force: true });
  say("testing the package");
  const tests = glob(join(js, "test"), ".test.mjs").concat(glob(join(js, "bench"), ".test.mjs"));
  const version = JSON.parse(readFileSync(join(app, "node_modules", "activecampaign-export", "package.json"), "utf8")).version;
  // `spec` on every Node and terminal: it repeats what failed at the end, where a cut log still shows it.
  run(process.execPath, ["--test", "--test-reporter=spec", ...tests], {
    cwd: root,
    env: {
      ACTIVECAMPAIGN_EXPORT_APP: app,
      ACTIVECAMPAIGN_EXPORT_SERVICE_APP: serviceApp,
      ACTIVECAMPAIGN_EXPORT_DIST: join(app, "node_modules", "activecampaign-export", "dist"),
      ACTIVECAMPAIGN_EXPORT_VERSION: version,
    },
    failure: "A test of the package failed: see \"failing tests\" above.",
  });
  testHosts(app);
}
