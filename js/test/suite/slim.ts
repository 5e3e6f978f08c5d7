/** `activecampaign-export/slim`: refuses to work before it is given the module, says what is wrong with what it is given, then works. */
import { assert } from "chai";
import type * as Slim from "../../src/entry/slim.js";
import type { Check } from "../checks.js";
import { definition, failureOf, HOSTNAME, people } from "./world.js";

/** What a runtime brings; nobody may have instantiated the core in it. */
export interface SlimHost {
  slim: typeof Slim;
  /** The module of `activecampaign-export/core.wasm`, or its bytes, as this runtime gets them. */
  module: WebAssembly.Module | Uint8Array<ArrayBuffer>;
  /** Whether this runtime compiles bytes at all. */
  compiles: boolean;
  /** A sandbox over HTTP: an address at which no module is. */
  origin: string;
}

const early = ({ slim }: SlimHost): Check => ({
  name: "slim: before init, every call says to call it",
  async run() {
    const parts = { connection: { host: HOSTNAME, apiKey: "k" }, definition: definition(), source: people(1) };
    const calls: Record<string, () => unknown> = {
      exportSegment: () => slim.exportSegment(parts),
      encodeBatches: () => slim.encodeBatches(parts),
      preview: () => slim.preview(parts),
      checkDefinition: () => slim.checkDefinition({}),
      suggestMapping: () => slim.suggestMapping(["a"]),
      readColumns: () => slim.readColumns(people(1)),
      rules: () => slim.rules(),
      testConnection: () => slim.testConnection(parts.connection),
      describeAccount: () => slim.describeAccount(parts.connection),
    };
    // Stores, of runs and of records, do without the core.
    const others = Object.keys(slim).filter((name) => !(name in calls) && !/(?:Store|Records)$/u.test(name) && !["init", "initSync", "ExportError", "default"].includes(name));
    assert.deepEqual(others, [], "every function of the package is asked");
    for (const [name, call] of Object.entries(calls)) {
      const { code, category, remedy } = await failureOf(slim, call);
      assert.deepEqual([name, code, category], [name, "not_initialized", "misuse"]);
      assert.include(remedy, "init()");
    }
  },
});

const wrong = ({ slim, module, compiles, origin }: SlimHost): Check => ({
  name: "slim: what is no module is refused with what to do",
  async run() {
    const expect = async (code: string, part: string, work: () => unknown): Promise<void> => {
      const failure = await failureOf(slim, work);
      assert.deepInclude(failure, { code, category: "misuse" }, part);
      assert.include(failure.message, part);
      assert.isAbove(failure.remedy.length, 40);
    };
    await expect("wasm_missing", "no module, no bytes and no address", () => slim.init(7 as never));
    await expect("wasm_missing", "no WebAssembly.Module", () => slim.initSync("core.wasm" as never));
    await expect("wasm_missing", "something else than WebAssembly", () => slim.init(new TextEncoder().encode("<!doctype html>")));
    await expect("wasm_missing", `${origin}/nowhere.wasm answered`, () => slim.init(`${origin}/nowhere.wasm?secret=1`));
    await expect("wasm_missing", `something else than WebAssembly at ${origin}/`, () => slim.init(new URL(origin)));
    // No service is on this port; its answer could only be none.
    await expect("wasm_missing", "could not be fetched", () => slim.init("http://127.0.0.1:9/core_bg.wasm"));
    const cut = module instanceof Uint8Array ? module.slice(0, 1_000) : Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 9, 9);
    await expect(compiles ? "wasm_unsupported" : "wasm_blocked", compiles ? "damaged" : "forbids", () => slim.init(cut));
    await expect(compiles ? "wasm_unsupported" : "wasm_blocked", compiles ? "damaged" : "forbids", () => slim.initSync(cut));
    // A module it is, and another one: nothing of it stays.
    const other = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const what = compiles ? "another WebAssembly module" : "forbids";
    for (const work of [() => slim.init(other), () => slim.initSync(other)]) await expect(compiles ? "wasm_missing" : "wasm_blocked", what, work);
    assert.equal((await failureOf(slim, () => slim.rules())).code, "not_initialized");
  },
});

const right = ({ slim, module }: SlimHost): Check => ({
  name: "slim: once it has its module it works, and a second init changes nothing",
  async run() {
    await slim.init(Promise.resolve(module));
    const beside = slim.encodeBatches({ definition: definition(), source: people(600) })[Symbol.asyncIterator]();
    assert.equal((await beside.next()).value?.contacts, 250);
    await Promise.all([slim.init(), slim.init(module)]);
    slim.initSync(module);
    assert.equal((await beside.next()).value?.firstOrdinal, 251);
    assert.equal((await slim.preview({ definition: definition(), source: people(600) })).accepted, 600);
  },
});

/** To be run alone, in this order. */
export const slimSuite = (host: SlimHost): Check[] => [early(host), wrong(host), right(host)];
