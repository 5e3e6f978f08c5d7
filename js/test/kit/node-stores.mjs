// The stores that run in Node, each with places to be put to the test; and, as a script, the suite of those that need a
// newer Node: `node node-stores.mjs PACKAGE BUNDLE` prints what became of each check as JSON.
import { mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Beyond the two and a half minutes of a claim. */
const EXPIRED_MILLIS = 151_000;

const folder = () => mkdtempSync(join(tmpdir(), "acx-stores-"));

async function all(rejections) {
  const told = [];
  for await (const rejection of rejections) told.push(rejection);
  return told;
}

/** A place whose stores share a clock that can be set forward. */
function clocked(openWith, close = () => undefined) {
  let time = 1_000_000;
  const open = async (options = {}) => openWith({ ...options, now: () => time });
  return {
    open,
    expire: async () => void (time += EXPIRED_MILLIS),
    rejections: async () => all((await open()).rejections()),
    close: async () => close(),
  };
}

export function fileUnderTest({ fileStore }) {
  return {
    name: "fileStore",
    async fresh() {
      const path = folder();
      let fence = 0;
      return {
        async open(options) {
          const store = fileStore(path, options);
          return { claim: async () => store.claim().then((claim) => ((fence = claim.fence), claim)) };
        },
        async expire() {
          const then = new Date(Date.now() - EXPIRED_MILLIS);
          utimesSync(join(path, `owner.${fence}`), then, then);
        },
        rejections: () => all(fileStore(path).rejections()),
        close: async () => rmSync(path, { recursive: true, force: true }),
      };
    },
  };
}

export function memoryUnderTest({ memoryStore }) {
  return {
    name: "memoryStore",
    async fresh() {
      const shares = memoryStore();
      return clocked((options) => memoryStore({ ...options, shares }));
    },
  };
}

/** A file that each owner opens for itself, beside another run's rows. */
export function sqliteUnderTest({ sqliteStore }) {
  return {
    name: "sqliteStore",
    async fresh() {
      const path = folder();
      const file = join(path, "runs.db");
      const other = await sqliteStore(file, "another run").claim();
      await other.commit({ checkpoint: new Uint8Array([1]), log: new Uint8Array(10), logBytes: 10, rejections: [{ row: 99 }] });
      const opened = [];
      const open = (options) => {
        const store = sqliteStore(file, "run", options);
        opened.push(store);
        return store;
      };
      return clocked(open, () => {
        for (const store of opened) store.close();
        rmSync(path, { recursive: true, force: true });
      });
    },
  };
}

/** As a Durable Object gives its rows: bytes as buffers, and a promise for the disk. */
export function buffersUnderTest({ sqlStore }, { DatabaseSync }) {
  return {
    name: "sqlStore over buffers",
    async fresh() {
      const database = new DatabaseSync(":memory:");
      const whole = (value) => (value instanceof Uint8Array ? value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength) : value);
      const sql = {
        exec: (text, ...values) => database.prepare(text).all(...values).map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, whole(value)]))),
        transaction(work) {
          database.exec("BEGIN IMMEDIATE");
          try {
            const result = work();
            database.exec("COMMIT");
            return result;
          } catch (error) {
            database.exec("ROLLBACK");
            throw error;
          }
        },
        sync: async () => undefined,
      };
      return clocked((options) => sqlStore(sql, "run", options), () => database.close());
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const [, , installed, bundled] = process.argv;
  const api = await import(pathToFileURL(join(installed, "dist", "entry", "node.js")).href);
  const { runChecks, storeSuite } = await import(pathToFileURL(bundled).href);
  const sqlite = await import("node:sqlite");
  const stores = [sqliteUnderTest(api), buffersUnderTest(api, sqlite)];
  console.log(JSON.stringify(await runChecks(stores.flatMap((store) => storeSuite(store)))));
}
