/** The clock of a run. Rehearsals may let it go faster than real time, as the sandbox's does. */

import { sleep } from "../host.js";

/** A clock that starts anew with each process must go on where it was: it is real time, stretched from this moment. */
const ANCHOR = Date.UTC(2026, 0, 1);

export class Clock {
  readonly #speed: number;

  constructor(speed = 1) {
    this.#speed = speed;
  }

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return ANCHOR + (Date.now() - ANCHOR) * this.#speed;
  }

  /** Real time for a time of this clock; never in the past. */
  real(time: number): number {
    return Date.now() + Math.max(0, (time - this.now()) / this.#speed);
  }

  /** Real milliseconds since a time of this clock; below 0 before it. */
  since(time: number): number {
    return (this.now() - time) / this.#speed;
  }

  /** Resolves after so many milliseconds, or early when the signal aborts. */
  sleep(millis: number, signal: AbortSignal): Promise<void> {
    return sleep(Math.max(0, millis) / this.#speed, signal);
  }
}
