/** Turns of an account that many exports share: asked for together, from the one object that gives them out. */
import type { RequestKind } from "../types.js";
import type { Clock } from "./clock.js";
import type { Slices } from "./slices.js";

/** Turns asked for at once. */
const MOST_TURNS = 10;

/** How much later than its turn a request may go: half of what the windows are longer than the account's. */
const LATE_MILLIS = 25;

/** How long the object that gives out turns may take. */
const TURNS_MILLIS = 10_000;

/** Tries to reach the object that gives out turns; after the last one the run begins again from its checkpoint. Also turns that may be missed. */
const TRIES = 5;

/** Asks for turns of these kinds; gives the time of each. */
export type AskTurns = (kinds: RequestKind[]) => Promise<number[]>;

export class Pacer {
  readonly #slices: Slices;
  readonly #clock: Clock;
  readonly #ask: AskTurns;
  readonly #waiting: { kind: RequestKind; resolve(time: number): void; reject(reason: unknown): void }[] = [];
  #asking = false;

  constructor(slices: Slices, clock: Clock, ask: AskTurns) {
    this.#slices = slices;
    this.#clock = clock;
    this.#ask = ask;
  }

  /**
   * Resolves when a request of this kind may go out. The permit comes first: whoever had to wait for one after its turn
   * had come would go out later than the account's windows count it, and together with others.
   */
  async turn(kind: RequestKind): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const time = await new Promise<number>((resolve, reject) => {
        this.#waiting.push({ kind, resolve, reject });
        void this.#askAll();
      });
      await this.#slices.until(time);
      this.#slices.used();
      // An object that was held up has missed its turn: the next one may be another's.
      if (this.#clock.since(time) <= LATE_MILLIS || attempt === TRIES) return;
    }
  }

  async #askAll(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    while (this.#waiting.length > 0) {
      // One permit to ask, and one for each that is asked for: as many as there are just now.
      await this.#slices.permit();
      await this.#slices.permit();
      let count = 1;
      while (count < MOST_TURNS && count < this.#waiting.length && this.#slices.tryPermit()) count += 1;
      const some = this.#waiting.splice(0, count);
      this.#slices.used();
      try {
        const times = await this.#asked(some.map(({ kind }) => kind));
        for (const [index, { resolve }] of some.entries()) resolve(times[index] ?? this.#clock.now());
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    this.#asking = false;
  }

  async #asked(kinds: RequestKind[]): Promise<number[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#slices.within(TURNS_MILLIS, () => this.#ask(kinds));
      } catch (error) {
        if (attempt === TRIES) throw error;
        await this.#slices.until(this.#clock.now() + attempt * 500);
        await this.#slices.permit();
        this.#slices.used();
      }
    }
  }
}
