// Time for runs over real sockets. Nothing is waited for: when every open request either is done or is held by the
// proxy, the clock jumps to whatever is due next, be it a pause of the run, the release of a held request, or the
// deadline that the package gave a request.

/** One turn of the event loop. Not by a message: workerd delivers those before anything else, and nothing else would happen. */
const turn = () => new Promise((resolve) => (typeof setImmediate === "function" ? setImmediate(resolve) : setTimeout(resolve, 0)));

/** Turns of the event loop in which what has arrived reaches the run, which answers in microtasks. */
const TURNS = 8;

export class VirtualTime {
  now = Date.UTC(2026, 10, 23);
  /** Resolves, with the reason, when nothing is left that could ever happen. */
  stuck;
  #due = new Set();
  #moving = 0;
  #held = 0;
  #check = 0;
  #giveUp;
  #halted = false;

  constructor() {
    this.stuck = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
  }

  /** Plans something; what it gives takes it back. */
  after(millis, happen) {
    if (millis === Infinity) return () => undefined;
    const event = { at: this.now + millis, happen };
    this.#due.add(event);
    this.#look();
    return () => this.#due.delete(event);
  }

  /** Whatever is still planned does not happen. */
  halt() {
    this.#halted = true;
    this.#due.clear();
  }

  /** Something real is on its way: the clock stands. */
  start() {
    this.#moving += 1;
  }

  end() {
    this.#moving -= 1;
    this.#look();
  }

  /** What was on its way waits for the clock, until `resume`. */
  hold() {
    this.#held += 1;
    this.end();
  }

  resume() {
    this.#held -= 1;
    this.start();
  }

  sleep = (millis, signal) =>
    new Promise((resolve) => {
      const cancel = this.after(millis, resolve);
      signal.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });

  async #look() {
    this.#check += 1;
    const mine = this.#check;
    for (let turns = 0; turns < TURNS; turns += 1) {
      await turn();
      if (mine !== this.#check || this.#moving > 0 || this.#halted) return;
    }
    const [next] = [...this.#due].sort((a, b) => a.at - b.at);
    if (next === undefined) {
      if (this.#held > 0) this.#giveUp(`${this.#held} requests are open, and neither has a deadline nor will be answered`);
      return;
    }
    this.#due.delete(next);
    this.now = Math.max(this.now, next.at);
    next.happen();
    this.#look();
  }
}

/** The deadline that the package gives a request, in milliseconds. */
const DEADLINE = 60_000;

/**
 * Puts the deadlines that the package gives its requests on the virtual clock, until `restore` is called. They are timers
 * that are set in the moment in which the request's own controller is made.
 */
export function virtualDeadlines() {
  const { AbortController: Controller, setTimeout: real } = globalThis;
  const known = new WeakMap();
  let made;
  globalThis.AbortController = class extends Controller {
    constructor() {
      super();
      made = this.signal;
      queueMicrotask(() => (made = undefined));
    }
  };
  globalThis.setTimeout = (pass, millis, ...rest) => {
    if (millis !== DEADLINE || made === undefined) return real(pass, millis, ...rest);
    known.set(made, { millis, pass });
    return undefined;
  };
  return {
    of: (signal) => known.get(signal) ?? { millis: Infinity, pass: () => undefined },
    restore: () => {
      globalThis.AbortController = Controller;
      globalThis.setTimeout = real;
    },
  };
}
