/** Turns of an account that many exports share: asked for together, from the one object that gives them out. */
import type { RequestKind } from "../types.js";
import type { Clock } from "./clock.js";
import type { Slices } from "./slices.js";

/** Turns asked for at once. */
const MOST_TURNS = 10;

/** Tries to reach the object that gives out turns; after the last one the run begins again from its checkpoint. */
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

  /** Resolves when a request of this kind may go out, within this slice's number. */
  async turn(kind: RequestKind): Promise<void> {
    const time = await new Promise<number>((resolve, reject) => {
      this.#waiting.push({ kind, resolve, reject });
      void this.#askAll();
    });
    await this.#slices.until(time);
    await this.#slices.permit();
  }

  async #askAll(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    while (this.#waiting.length > 0) {
      await this.#slices.permit();
      const some = this.#waiting.splice(0, MOST_TURNS);
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
        return await this.#slices.work(() => this.#ask(kinds));
      } catch (error) {
        if (attempt === TRIES) throw error;
        await this.#slices.until(this.#clock.now() + attempt * 500);
        await this.#slices.permit();
      }
    }
  }
}
