/**
 * Lets a run work in slices of so many requests and so much time. The run itself goes on living between them: it waits
 * for a permit, or for a time, and the next slice gives it one. Only an object that the host has put away begins again
 * from its checkpoint.
 */
import type { Clock } from "./clock.js";

export interface SliceLimits {
  /** Requests of any kind that a slice may make. */
  requests: number;
  /** Milliseconds after which a slice ends, whatever is on its way. */
  millis: number;
}

/** A wait of up to this is worth staying for, in milliseconds. */
const SHORT_MILLIS = 1_000;

export class Slices {
  readonly #clock: Clock;
  readonly #limits: SliceLimits;
  /** Called between slices, when the run could go on from a time that no slice was announced for. */
  readonly #onDue: (time: number) => void;
  readonly #sleepers = new Map<() => void, number>();
  readonly #queue: (() => void)[] = [];
  #permits = 0;
  #working = 0;
  #close: ((due: number | undefined) => void) | undefined;
  #checking = false;
  #ended = false;

  constructor(clock: Clock, limits: SliceLimits, onDue: (time: number) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onDue = onDue;
  }

  /** One slice; gives the time from which the next one has something to do, `undefined` when the run has ended. */
  async run(): Promise<number | undefined> {
    if (this.#ended) return undefined;
    const over = new AbortController();
    const due = await new Promise<number | undefined>((resolve) => {
      this.#close = resolve;
      this.#permits = this.#limits.requests;
      void this.#clock.sleep(this.#limits.millis, over.signal).then(() => resolve(this.#clock.now()));
      while (this.#permits > 0 && this.#queue.length > 0) this.#grant();
      const now = this.#clock.now();
      // Timers may have been lost with whatever event they were set in.
      for (const [wake, time] of this.#sleepers) if (time <= now) wake();
      this.#check();
    });
    this.#close = undefined;
    over.abort();
    return due;
  }

  /** The run has ended, however: the slice is over, and there is no other. */
  end(): void {
    this.#ended = true;
    if (this.#close) this.#close(undefined);
    else this.#onDue(this.#clock.now());
  }

  /** Resolves when one more request may be made. */
  permit(): Promise<void> {
    if (this.#close && this.#permits > 0) {
      this.#permits -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#queue.push(resolve);
      if (this.#close) this.#check();
      else this.#onDue(this.#clock.now());
    });
  }

  /** Does work that a slice waits for, up to its own end. */
  async work<T>(work: () => Promise<T>): Promise<T> {
    this.#working += 1;
    try {
      return await work();
    } finally {
      this.#working -= 1;
      this.#check();
    }
  }

  /** Resolves at a time, or early when the signal aborts. A slice does not wait for a time that is far. */
  until(time: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || time <= this.#clock.now()) return Promise.resolve();
    return new Promise((resolve) => {
      const over = new AbortController();
      const wake = (): void => {
        if (!this.#sleepers.delete(wake)) return;
        over.abort();
        signal?.removeEventListener("abort", wake);
        resolve();
        this.#check();
      };
      this.#sleepers.set(wake, time);
      signal?.addEventListener("abort", wake);
      void this.#clock.sleep(time - this.#clock.now(), over.signal).then(wake);
      if (this.#close) this.#check();
      else this.#onDue(time);
    });
  }

  #grant(): void {
    this.#permits -= 1;
    this.#queue.shift()?.();
  }

  /** Ends the slice when there is nothing to wait for that is near. Later: what was resolved just now goes on first. */
  #check(): void {
    if (this.#checking || !this.#close || this.#working > 0) return;
    this.#checking = true;
    setTimeout(() => {
      this.#checking = false;
      if (!this.#close || this.#working > 0) return;
      if (this.#queue.length > 0) return this.#close(this.#clock.now());
      const due = Math.min(...this.#sleepers.values());
      // Nothing at all: the run is in its own code, or in a wait that nobody told of; the limit ends that.
      if (Number.isFinite(due) && due - this.#clock.now() > SHORT_MILLIS) this.#close(due);
    }, 0);
  }
}
