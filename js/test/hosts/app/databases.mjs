// A file of SQLite as a store, for the suites: on hosts with `node:sqlite`. Each owner opens it for itself, and another
// run's rows are beside its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const databases = (sqliteStore, clockedPlace) => ({
  name: "sqliteStore",
  async fresh() {
    const folder = mkdtempSync(join(tmpdir(), "acx-suite-"));
    const opened = [];
    const open = (name, options) => {
      const store = sqliteStore(join(folder, "runs.db"), name, options);
      opened.push(store);
      return store;
    };
    const other = await open("another run").claim();
    await other.commit({ checkpoint: new Uint8Array([1]), log: new Uint8Array(10), logBytes: 10, rejections: [{ row: 99 }] });
    return clockedPlace((options) => open("run", options), () => {
      for (const store of opened) store.close();
      rmSync(folder, { recursive: true, force: true });
    });
  },
});
