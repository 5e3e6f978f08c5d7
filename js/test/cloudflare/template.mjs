// The settings of a folder to deploy, as wrangler and Miniflare take them.
import assert from "node:assert/strict";
import { execSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "jsonc-parser";

/** The settings of a folder. */
export function settingsOf(folder) {
  const errors = [];
  // Wrangler allows a comma before a closing bracket.
  const settings = parse(readFileSync(join(folder, "wrangler.jsonc"), "utf8"), errors, { allowTrailingComma: true });
  assert.deepEqual(errors, []);
  return settings;
}

/** The same in Miniflare's words; a setting that this does not know would go untested. */
export function inMiniflare({ $schema, name, main, compatibility_date, durable_objects, migrations, r2_buckets, triggers, observability, assets, build, ...rest }, folder) {
  assert.deepEqual(rest, {});
  assert.deepEqual([typeof $schema, typeof name, main, observability.enabled], ["string", "string", "worker.js", true]);
  assert.ok(triggers.crons.length <= 5, "a free plan has five triggers");
  const withSqlite = migrations.flatMap(({ new_sqlite_classes }) => new_sqlite_classes);
  const objects = durable_objects.bindings.map((binding) => [binding.name, { className: binding.class_name, useSQLite: withSqlite.includes(binding.class_name) }]);
  if (build) execSync(build.command, { cwd: folder });
  return {
    ...(assets ? { assets: { directory: join(folder, assets.directory), binding: assets.binding, routerConfig: { invoke_user_worker_ahead_of_assets: assets.run_worker_first, has_user_worker: true } } } : {}),
    compatibilityDate: compatibility_date,
    durableObjects: Object.fromEntries(objects),
    r2Buckets: Object.fromEntries(r2_buckets.map(({ binding, bucket_name }) => [binding, bucket_name])),
  };
}
