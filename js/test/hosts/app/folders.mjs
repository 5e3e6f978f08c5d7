// The folder as a store, for the suites: on hosts with Node's file system.
import { mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longer than an owner may be silent. */
const SILENT_SECONDS = 160;

export const folders = (fileStore) => ({
  name: "fileStore",
  async fresh() {
    const above = mkdtempSync(join(tmpdir(), "acx-suite-"));
    const path = join(above, "run");
    return {
      open: async (options) => fileStore(path, options),
      async expire() {
        const [newest] = readdirSync(path).map((name) => /^owner\.(\d+)$/u.exec(name)?.[1]).filter(Boolean).map(Number).sort((one, other) => other - one);
        const then = new Date(Date.now() - SILENT_SECONDS * 1_000);
        utimesSync(join(path, `owner.${newest}`), then, then);
      },
      async rejections() {
        const rows = [];
        for await (const row of fileStore(path).rejections()) rows.push(row);
        return rows;
      },
      close: async () => rmSync(above, { recursive: true, force: true }),
    };
  },
});
