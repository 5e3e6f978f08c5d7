/** This runtime's own functions, and the one timer of a run. */
import type { Answer, Send } from "./wire.js";
import type { Host, RequestKind } from "./types.js";

/** Fills in what a caller left out. */
export function hostOf(given: Partial<Host> = {}): Host {
  return {
    // A closure, not a bare reference: some hosts check `this`.
    fetch: given.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    now: given.now ?? (() => Date.now()),
    sleep: given.sleep ?? sleep,
    seed: given.seed ?? (() => crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n),
    ...(given.turn ? { turn: given.turn } : {}),
  };
}

/** Sends each request in its turn. The wait is no part of the request's own deadline. */
export function inTurn({ turn }: Host, send: Send): (method: string, path: string, kind: RequestKind, body: Uint8Array | undefined) => Promise<Answer> {
  return async (method, path, kind, body) => {
    await turn?.(kind);
    return send(method, path, body);
  };
}

/** Resolves after so many milliseconds, or early when the signal aborts. */
export function sleep(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, millis);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}

/** One timer: a new sleep ends the one before it, so that no timer outlives its run. */
export class Timer {
  #controller = new AbortController();
  readonly #sleep: Host["sleep"];

  constructor(sleep: Host["sleep"]) {
    this.#sleep = sleep;
  }

  async sleep(millis: number): Promise<void> {
    this.stop();
    this.#controller = new AbortController();
    await this.#sleep(millis, this.#controller.signal);
  }

  stop(): void {
    this.#controller.abort();
  }
}
