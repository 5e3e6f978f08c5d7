/**
 * Lets a run work in slices of so many requests, so many bytes of its source and so much time. The run itself goes on
 * living between them: it waits for a permit, for bytes, or for a time, and the next slice gives it what it waits for.
 * Only an object that the host has put away begins again from its checkpoint.
 */
import type { Clock } from "./clock.js";

export interface SliceLimits {
  /** Requests of any kind that a slice may make. */
  requests: number;
  /** Milliseconds after which a slice ends, whatever is on its way. */
  millis: number;
  /**
   * Bytes of the source that a slice may read: rows that never become a request cost processor time too, and those are in
   * no other count. Default: 32 KiB a request.
   */
  bytes?: number;
}

/** What bulk imports of usual rows carry, spread over all requests of a slice. */
const REQUEST_BYTES = 32 * 1024;

/** A request of the engine's own, its answer included, may take this long; those to the account have their own bound. */
const REQUEST_MILLIS = 60_000;

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
  /** Bytes of the source that are left in this slice, and who waits for more. */
  #bytes = 0;
  #reader: (() => void) | undefined;
  /** Permits that were given and are not used yet. */
  #held = 0;
  #working = 0;
  #close: ((due: number | undefined) => void) | undefined;
  #over = 0;
  /** The one timer: for the nearest time, or for a look at what is left to do. */
  #timer = new AbortController();
  #ended = false;

  constructor(clock: Clock, limits: SliceLimits, onDue: (time: number) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onDue = onDue;
  }

  /** One slice; gives the time from which the next one has something to do, `undefined` when the run has ended. */
  async run(): Promise<number | undefined> {
    if (this.#ended) return undefined;
    const due = await new Promise<number | undefined>((resolve) => {
      this.#close = resolve;
      this.#over = this.#clock.now() + this.#limits.millis;
      // Those held since an earlier slice are used in this one.
      this.#permits = this.#limits.requests - this.#held;
      this.#bytes = this.#limits.bytes ?? this.#limits.requests * REQUEST_BYTES;
      this.#release();
      while (this.#permits > 0 && this.#queue.length > 0) this.#grant();
      this.#look();
    });
    this.#close = undefined;
    // A timer that outlives the event it was set in may never fire, and hold up those set later.
    this.#timer.abort();
    return due;
  }

  /** The run has ended, however: the slice is over, and there is no other. */
  end(): void {
    this.#ended = true;
    this.#release();
    if (this.#close) this.#close(undefined);
    else this.#onDue(this.#clock.now());
  }

  /** Resolves when one more request may be made, in this slice or, after a wait, in a later one. To be `used`. */
  permit(): Promise<void> {
    return new Promise((resolve) => {
      this.#queue.push(resolve);
      if (this.#close && this.#permits > 0) this.#grant();
      else this.#later(this.#clock.now());
    });
  }

  /** Takes a permit if there is one at once. */
  tryPermit(): boolean {
    if (!this.#close || this.#permits <= 0 || this.#queue.length > 0) return false;
    this.#permits -= 1;
    this.#held += 1;
    return true;
  }

  /** The request that a permit was given for is made now. */
  used(): void {
    this.#held -= 1;
  }

  /** Makes a request, as soon as there is a permit for it. */
  async request<T>(make: () => Promise<T>): Promise<T> {
    await this.permit();
    this.used();
    return this.within(REQUEST_MILLIS, make);
  }

  /**
   * Resolves when some of so many bytes of the source may go on into the run, in this slice or in a later one; gives how
   * many, and none once the run is over. One source reads.
   */
  async bytes(most: number): Promise<number> {
    while (!this.#ended && (!this.#close || this.#bytes <= 0)) {
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
        this.#later(this.#clock.now());
      });
    }
    if (this.#ended) return 0;
    const given = Math.min(most, this.#bytes);
    this.#bytes -= given;
    return given;
  }

  /** Does work that a slice waits for, up to its own end. */
  async work<T>(work: () => Promise<T>): Promise<T> {
    this.#working += 1;
    try {
      return await work();
    } finally {
      this.#working -= 1;
      if (this.#close && this.#working === 0) this.#look();
    }
  }

  /** Does work that must be over within so many milliseconds. */
  async within<T>(millis: number, work: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    const late = async (): Promise<never> => {
      await this.until(this.#clock.now() + millis, over.signal);
      throw new Error("no answer in time");
    };
    try {
      return await Promise.race([this.work(work), late()]);
    } finally {
      over.abort();
    }
  }

  /** Resolves at a time, or early when the signal aborts. A slice does not wait for a time that is far. */
  until(time: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || time <= this.#clock.now()) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        if (!this.#sleepers.delete(wake)) return;
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      this.#sleepers.set(wake, time);
      signal?.addEventListener("abort", wake);
      this.#later(time);
    });
  }

  #grant(): void {
    this.#permits -= 1;
    this.#held += 1;
    this.#queue.shift()?.();
  }

  /** Whoever waits for bytes goes on. */
  #release(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.();
  }

  /** Something waits, and could go on from a time. */
  #later(time: number): void {
    if (this.#close) this.#look();
    else this.#onDue(time);
  }

  /** Wakes what is due, ends the slice when nothing is near, and else looks again: at once, when nothing is known to work. */
  #look(): void {
    this.#timer.abort();
    const timer = new AbortController();
    this.#timer = timer;
    const now = this.#clock.now();
    for (const [wake, time] of this.#sleepers) if (time <= now) wake();
    const nearest = Math.min(...this.#sleepers.values(), this.#over);
    // What was resolved just now goes on before the timer fires, and may work or wait again.
    void this.#clock.sleep(this.#working === 0 ? 0 : nearest - now, timer.signal).then(() => {
      if (timer.signal.aborted || !this.#close) return;
      const due = this.#due();
      if (due === undefined) this.#lookAt(timer);
      else this.#close(due);
    });
  }

  /** Stays until the next time that is near. */
  #lookAt(timer: AbortController): void {
    const nearest = Math.min(...this.#sleepers.values(), this.#over);
    const now = this.#clock.now();
    if (nearest <= now) return this.#look();
    void this.#clock.sleep(nearest - now, timer.signal).then(() => {
      if (!timer.signal.aborted && this.#close) this.#look();
    });
  }

  /** When to go on, if this slice is to end. */
  #due(): number | undefined {
    const now = this.#clock.now();
    if (now >= this.#over) return now;
    if (this.#working > 0) return undefined;
    if (this.#queue.length > 0 || this.#reader) return now;
    const nearest = Math.min(...this.#sleepers.values());
    // Nothing at all: the run is in its own code, or in a wait that nobody told of; the limit ends that.
    return Number.isFinite(nearest) && nearest - now > SHORT_MILLIS ? nearest : undefined;
  }
}
