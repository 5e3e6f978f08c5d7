/**
 * Polls the core's runs, and recovers when the core crashes.
 *
 * A panic, an exhausted memory or a stack overflow leaves the instance tainted. Every call into a run goes
 * through `pump`, so that such a crash is caught, the instance is replaced, and every live run is rejected with
 * one typed error instead of hanging. Host promises that outlive an instance are never delivered to the next.
 */
import { __wbg_reset_state, installPanicHook, poll } from "./core.js";
import { ExportError, misuse } from "./errors.js";

interface Live {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

const runs = new Map<number, Live>();
let generation = 0;
let ready = false;
let crashPlace: string | undefined;
/** What ended the instance before this one. */
let lastCrash: ExportError | undefined;

/** Called by an entry once the module is instantiated. */
export function coreReady(): void {
  ready = true;
  installPanicHook((place: string) => {
    crashPlace = place;
  });
}

/** Whether there is an instance. */
export function isReady(): boolean {
  return ready;
}

/** Refuses to work before `init`. */
export function requireCore(): void {
  if (!ready) {
    throw misuse("not_initialized", "The core is not instantiated yet.", "Await init() from activecampaign-export/slim first.");
  }
}

/** Starts a run and resolves with its value. */
export function run<T>(start: (wake: (id: number) => void) => number): Promise<T> {
  requireCore();
  return new Promise<T>((resolve, reject) => {
    const id = start(schedule);
    runs.set(id, { resolve: resolve as (value: unknown) => void, reject });
    pump(id);
  });
}

/** Asks for one more poll, after whatever is running now. */
export function schedule(id: number): void {
  const of = generation;
  queueMicrotask(() => {
    if (of === generation) pump(id);
  });
}

function pump(id: number): void {
  const live = runs.get(id);
  if (!live) return;
  let done: unknown[] | undefined;
  try {
    done = poll(id) as unknown[] | undefined;
  } catch (error) {
    if (isCrash(error)) {
      crash(error);
      return;
    }
    runs.delete(id);
    return live.reject(error);
  }
  if (done) {
    runs.delete(id);
    live.resolve(done[0]);
  }
}

function isCrash(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

function crash(cause: unknown): ExportError {
  generation += 1;
  __wbg_reset_state();
  const error = crashError(cause);
  lastCrash = error;
  coreReady();
  const dead = [...runs.values()];
  runs.clear();
  for (const live of dead) live.reject(error);
  return error;
}

/**
 * Runs a synchronous call into the core; a crash resets the instance like one in a run. Nothing but the core's own code
 * may run in the call: whatever a caller's code throws there would pass for a crash.
 */
export function guarded<T>(call: () => T): T {
  requireCore();
  try {
    return call();
  } catch (error) {
    if (!isCrash(error)) throw error;
    throw crash(error);
  }
}

/**
 * An object that lives in the core. It ends with the instance that it was made in: its number may stand for another
 * object in the next one.
 */
export class Owned<T extends { free(): void }> {
  readonly #object: T;
  readonly #generation: number;

  constructor(make: () => T) {
    this.#object = guarded(make);
    this.#generation = generation;
  }

  /** Calls into the object. Throws the crash that ended it, when one did. */
  call<R>(use: (object: T) => R): R {
    if (this.isLost) throw lastCrash;
    return guarded(() => use(this.#object));
  }

  /** Whether a crash has ended it. */
  get isLost(): boolean {
    return this.#generation !== generation;
  }

  free(): void {
    if (!this.isLost) this.#object.free();
  }
}

function crashError(cause: unknown): ExportError {
  const place = crashPlace ? ` at ${crashPlace}` : "";
  crashPlace = undefined;
  return new ExportError(
    {
      code: "core_crash",
      category: "misuse",
      message: `The core stopped${place}.`,
      remedy: "Run the export again; if it stops at the same place, report this place.",
      retryHelps: true,
    },
    { cause },
  );
}

/** Delivers a host promise only to the instance that asked for it. */
export function gate<A extends unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return (...args) => {
    const of = generation;
    return new Promise<R>((resolve, reject) => {
      call(...args).then(
        (value) => {
          if (of === generation) resolve(value);
        },
        (error: unknown) => {
          if (of === generation) reject(error);
        },
      );
    });
  };
}
