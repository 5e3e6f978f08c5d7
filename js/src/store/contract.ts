/**
 * What keeps the state of a run, so that another process goes on with it. One store keeps one export's run; a second
 * run of it begins when the first has ended.
 *
 * A driver promises: a claim has a fence above every one before it; a commit is all or nothing, and refused once a
 * higher fence exists; what is loaded is the last commit; the same commit twice is one, since an answer may get lost.
 */
import type { Rejection } from "../types.js";

/** One state, to be stored as a whole. */
export interface Commit {
  /** Replaces the one before. Some kilobytes; no key, no address, no value of a profile. */
  checkpoint: Uint8Array;
  /** To be added to the log; often empty, else blocks of 4 KiB of keyed hashes. */
  log: Uint8Array;
  /** Length of the log with it; anything a dead owner left beyond the length before is cut off first. */
  logBytes: number;
  /** Rejected profiles since the last commit. They may hold personal data, when values are revealed. */
  rejections: readonly Rejection[];
}

/** What is stored of a run that has not ended. */
export interface StoredRun {
  checkpoint: Uint8Array;
  log: Uint8Array;
}

/** The right to go on with a run, held by one owner at a time. */
export interface Claim {
  /** Rises with every claim. */
  readonly fence: number;
  /** The run to go on with; absent when there is none. */
  readonly run?: StoredRun;
  /** The last checkpoint of the run before, which has ended. */
  readonly last?: Uint8Array;
  /** The run before was given up by somebody's wish: its last checkpoint need not be readable. */
  readonly givenUp?: boolean;
  /** Stores a state. Resolves to `taken_over` when another owner holds the run; rejects when it could not be stored. */
  commit(state: Commit): Promise<"stored" | "taken_over">;
  /** Notes that the core crashed over this run. */
  crashed(): Promise<void>;
  /** The run has ended: its last checkpoint is kept for the run after, the rest goes. */
  end(): Promise<void>;
  /** Lets the run go, ended or not. */
  release(): Promise<void>;
}

/** Keeps the states of an export's runs. */
export interface RunStore {
  /**
   * Takes the right to go on, at once or not at all.
   *
   * @throws ExportError `run_in_progress` while another owner lives.
   */
  claim(): Promise<Claim>;
}

/** A store that shows what it keeps. */
export interface ReadableStore extends RunStore {
  /** Whether a run is kept that has not ended. */
  unfinished(): Promise<boolean>;
  /** The rejected profiles of the run so far, as they are stored, first to last; of the last run once it has ended. */
  rejections(): AsyncIterable<Rejection>;
}

/** What the stores take whose owners are known by a lease. */
export interface LeaseOptions {
  /**
   * How long an owner that stores nothing counts as alive, in milliseconds. Every state that is stored renews it.
   * Default: 150,000, more than twice as long as a request may take, so that at most one overlaps a takeover.
   */
  leaseMillis?: number;
  /** Gives up a run that has not ended, and begins anew. */
  restart?: boolean;
  /** Milliseconds since the Unix epoch. Default: this host's clock. */
  now?: () => number;
}

/** How a run is kept. */
export interface Checkpoints {
  store: RunStore;
  /** A secret that authenticates the states: at least 16 characters, the same for every process that goes on with a run. */
  key: string;
}
