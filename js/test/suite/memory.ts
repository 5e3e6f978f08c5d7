/** The contract in memory, for the tests alone: so that runs over a store are tested where no other store works. */
import type { Claim, Commit, Rejection, RunStore, StoredRun } from "../../src/types.js";
import type { Place, StoreUnderTest } from "../store-suite.js";

class Refused extends Error {
  readonly category = "checkpoint";
  readonly code: string;
  readonly retryHelps: boolean;

  constructor(code: string, retryHelps: boolean) {
    super(code);
    this.code = code;
    this.retryHelps = retryHelps;
  }
}

interface Kept {
  fence: number;
  owned: boolean;
  crashes: number;
  run?: StoredRun;
  last?: Uint8Array;
  rejections: Rejection[];
}

function claimOf(kept: Kept, restart: boolean): Claim {
  if (kept.owned) throw new Refused("run_in_progress", true);
  if (restart) {
    if (kept.run) kept.last = kept.run.checkpoint;
    delete kept.run;
    kept.crashes = 0;
  }
  if (kept.crashes >= 3) throw new Refused("core_crashes", false);
  kept.fence += 1;
  kept.owned = true;
  const { fence } = kept;
  const holds = (): boolean => fence === kept.fence;
  return {
    fence,
    ...(restart ? { givenUp: true } : {}),
    ...(kept.run ? { run: kept.run } : {}),
    ...(kept.last ? { last: kept.last } : {}),
    commit: async (state) => (holds() ? store(kept, state) : "taken_over"),
    async crashed() {
      if (holds()) kept.crashes += 1;
    },
    async end() {
      if (!holds()) return;
      if (kept.run) kept.last = kept.run.checkpoint;
      delete kept.run;
      kept.crashes = 0;
    },
    async release() {
      if (holds()) kept.owned = false;
    },
  };
}

function store(kept: Kept, { checkpoint, log, logBytes, rejections }: Commit): "stored" {
  const before = kept.run?.checkpoint;
  if (before?.length === checkpoint.length && before.every((byte, at) => byte === checkpoint[at])) return "stored";
  const whole = new Uint8Array(logBytes);
  whole.set(kept.run?.log.subarray(0, logBytes - log.length) ?? new Uint8Array());
  whole.set(log, logBytes - log.length);
  const told = structuredClone(rejections);
  kept.rejections = kept.run ? [...kept.rejections, ...told] : [...told];
  kept.run = { checkpoint: checkpoint.slice(), log: whole };
  return "stored";
}

function makePlace(): Place {
  const kept: Kept = { fence: 0, owned: false, crashes: 0, rejections: [] };
  return {
    open: async ({ restart = false } = {}): Promise<RunStore> => ({ claim: async () => claimOf(kept, restart) }),
    async expire() {
      kept.owned = false;
    },
    rejections: async () => [...kept.rejections],
    close: async () => undefined,
  };
}

export const memoryPlaces: StoreUnderTest = { name: "memory of the tests", fresh: async () => makePlace() };
