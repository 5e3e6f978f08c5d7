/** Events on their way to whoever iterates; bounded by holding back the source, never by dropping. */

/** Weight of unread events beyond which no more of the source is read. */
const HIGH_WEIGHT = 10_000;

export class EventQueue<T extends { type: string }> {
  #items: { event: T; weight: number }[] = [];
  #weight = 0;
  #listening = false;
  #wake: (() => void) | undefined;
  #roomy: (() => void) | undefined;

  /** Adds an event that must not be lost, once somebody listens. */
  push(event: T, weight: number): void {
    if (!this.#listening) return;
    this.#items.push({ event, weight });
    this.#weight += weight;
    this.#wake?.();
  }

  /** Adds an event of which only the newest matters. */
  replace(event: T): void {
    const last = this.#items.at(-1);
    if (last?.event.type === event.type) last.event = event;
    else this.push(event, 0);
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    if (this.#weight < HIGH_WEIGHT) return;
    await new Promise<void>((resolve) => {
      this.#roomy = resolve;
    });
  }

  /** The events until `end` settles, whose rejection ends the iteration. */
  async *iterate(end: Promise<unknown>): AsyncGenerator<T, void, undefined> {
    this.#listening = true;
    let ended = false;
    const settle = (): void => {
      ended = true;
      this.#wake?.();
    };
    end.then(settle, settle);
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item) {
          this.#weight -= item.weight;
          if (this.#weight < HIGH_WEIGHT) this.#roomy?.();
          yield item.event;
        } else if (ended) {
          await end;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      // Whoever stops listening must not hold the run back.
      this.#listening = false;
      this.#items = [];
      this.#weight = 0;
      this.#roomy?.();
    }
  }
}
