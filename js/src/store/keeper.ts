/** Keeps the states of one run: what the core hands out goes to the store, a few times if need be. */
import { ExportError, misuse } from "../errors.js";
import type { Rejection } from "../types.js";
import type { Checkpoints, Claim } from "./contract.js";

/** Pauses before the second and later tries to store a state, in milliseconds. */
const PAUSES = [200, 1_000, 4_000];

/** As the core takes it. */
export interface Kept {
  key: Uint8Array;
  checkpoint?: Uint8Array;
  log?: Uint8Array;
  last?: Uint8Array;
  givenUp: boolean;
}

/** A store that takes longer has failed; should it store the state after all, the same one again changes nothing. */
const COMMIT_MILLIS = 60_000;

async function claimed({ store }: Checkpoints): Promise<Claim> {
  let claim: Claim | undefined;
  try {
    claim = await store.claim();
  } catch (error) {
    if (error instanceof ExportError) throw error;
    // What a driver says may hold its own secrets.
    throw new ExportError({
      code: "state_not_loaded",
      category: "checkpoint",
      message: "The store of this run's state could not be read.",
      remedy: "Restore access to it, and run the export again.",
      retryHelps: true,
    });
  }
  if (typeof claim?.commit !== "function" || typeof claim.release !== "function") {
    throw misuse("checkpoints", "The store gave no claim.", "Let claim() resolve to a claim as the contract describes it.");
  }
  return claim;
}

/** Real time: a store is no part of the run's world. */
function within<T>(millis: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the store does not answer")), millis);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

export class Keeper {
  readonly #checkpoints: Checkpoints;
  readonly #sleep: (millis: number) => Promise<void>;
  #claim: Claim | undefined;
  /** Rejections that no stored state counts yet. */
  #told: Rejection[] = [];

  constructor(checkpoints: Checkpoints, sleep: (millis: number) => Promise<void>) {
    if (typeof checkpoints !== "object" || checkpoints === null || typeof checkpoints.store?.claim !== "function") {
      throw misuse("checkpoints", "The checkpoints name no store.", "Pass { store, key }, such as a fileStore.");
    }
    if (typeof checkpoints.key !== "string" || checkpoints.key.trim().length < 16) {
      throw misuse("state_key", "The key of the checkpoints is missing, or shorter than 16 characters.", "Pass a secret of 16 characters or more.");
    }
    this.#checkpoints = checkpoints;
    this.#sleep = sleep;
  }

  /** Claims the run. Throws an `ExportError` while another owner lives. */
  async load(): Promise<Kept> {
    const secret = new TextEncoder().encode(`activecampaign-export checkpoint ${this.#checkpoints.key}`);
    const key = new Uint8Array(await crypto.subtle.digest("SHA-256", secret)).subarray(0, 16);
    const claim = await claimed(this.#checkpoints);
    this.#claim = claim;
    return { key, givenUp: claim.givenUp === true, ...claim.run, ...(claim.last ? { last: claim.last } : {}) };
  }

  reject(rejections: readonly Rejection[]): void {
    this.#told.push(...rejections);
  }

  async store(checkpoint: Uint8Array, log: Uint8Array, logBytes: number): Promise<"stored" | "failed" | "taken_over"> {
    const claim = this.#claim;
    if (!claim) return "failed";
    const rejections = this.#told.slice();
    for (const pause of [...PAUSES, undefined]) {
      try {
        const outcome = await within(COMMIT_MILLIS, claim.commit({ checkpoint, log, logBytes, rejections }));
        // Those told meanwhile belong to the next state.
        if (outcome === "stored") this.#told = this.#told.slice(rejections.length);
        return outcome;
      } catch {
        // Why is the driver's to know; that nothing is sent without a stored state is the core's.
        if (pause === undefined) return "failed";
        await this.#sleep(pause);
      }
    }
    return "failed";
  }

  async crashed(): Promise<void> {
    await this.#claim?.crashed();
  }

  /**
   * Lets the run go; `ended` says that nothing is left to go on with. A store that fails here costs nothing: a run that is
   * still kept is found to be at its end by the next call, and a claim that is not let go expires.
   */
  async close(ended: boolean): Promise<void> {
    const claim = this.#claim;
    this.#claim = undefined;
    if (!claim) return;
    if (ended) await claim.end().catch(() => undefined);
    await claim.release().catch(() => undefined);
  }
}
