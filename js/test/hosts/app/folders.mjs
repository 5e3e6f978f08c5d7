// Files as sources and folders as stores, for the suites: on hosts with Node's file system.
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
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

/** A file becomes what its bytes become. */
export const fileCheck = ({ encodeBatches, fileSource }) => ({
  name: "fileSource: a file becomes what its bytes become",
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "acx-suite-"));
    const bytes = new TextEncoder().encode(`EMail\n${Array.from({ length: 40_000 }, (_, row) => `person${row}@example.com\n`).join("")}`);
    const bodies = async (source) => {
      const found = [];
      for await (const { body } of encodeBatches({ definition: { version: 1, list: 4, mapping: { email: "EMail" } }, source })) found.push(new TextDecoder().decode(body));
      return found;
    };
    try {
      writeFileSync(join(folder, "segment.csv"), bytes);
      const [ofFile, ofBytes] = [await bodies(fileSource(join(folder, "segment.csv"))), await bodies(bytes)];
      if (ofFile.length !== 160 || ofFile.some((body, at) => body !== ofBytes[at])) throw new Error(`${ofFile.length} bodies of a file differ from ${ofBytes.length} of its bytes`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
