import { AccountView, RequestLog } from "./view.js";
import { toResponse } from "./answer.js";
import { Callbacks } from "./callback.js";
import { type Clock, givenClock, realClock, virtualClock } from "./clock.js";
import { type FaultTarget, FaultScript } from "./faults.js";
import { Importer } from "./importer.js";
import { type Knobs, makeKnobs } from "./knobs.js";
import { control, statusPage } from "./page.js";
import { plant } from "./plant.js";
import { RateLimits } from "./rate.js";
import { type RequestBindings, type World, makeRouter } from "./router.js";
import { DEFAULT_KEY, type Seed, checkSeed } from "./seed.js";
import { defaultSeed } from "./seed-default.js";
import { ConnectionBroken, damaged, replaced } from "./wire.js";
import { Worker } from "./worker.js";

export { DEFAULT_KNOBS, type Knobs } from "./knobs.js";
export type { BatchFaultKind, Fault, FaultTarget, RequestFaultKind } from "./faults.js";
export { DEFAULT_KEY } from "./seed.js";
export type { FieldType, MemberStatus, Seed, SeedContact, SeedExclusion, SeedField, SeedKey, SeedList } from "./seed.js";
export { defaultSeed } from "./seed-default.js";
export type { AccountView, BatchView, ContactView, FieldView, ListView, RequestView, TagView } from "./view.js";
export { VIRTUAL_START } from "./clock.js";

export interface SandboxOptions {
  /** Data of the account; `defaultSeed()` when missing. */
  seed?: Seed;
  /** "real" (default) or "virtual", which only `advance` moves. */
  clock?: "real" | "virtual";
  /** A clock of the caller's own, instead of `clock`. */
  now?: () => number;
  knobs?: Partial<Knobs>;
  /** Waited before each answer; a virtual clock is moved on by it instead. */
  latencyMillis?: number;
  /** How many times faster than the wall the real clock runs, the limits and the importer's work with it. */
  speed?: number;
  /** Sends callbacks; without it only loopback addresses are called. */
  callbackFetch?: typeof fetch;
}

export interface Sandbox {
  /** The whole service: the API, the status page at `/` and `/__sandbox/*`. Rejects with a TypeError where a connection breaks. */
  fetch(request: Request): Promise<Response>;
  /** The value for `Api-Token`. */
  readonly key: string;
  /** Read access for tests. */
  readonly account: AccountView;
  /** May be changed at any time. */
  readonly knobs: Knobs;
  /** Moves the virtual clock on and does the work that falls due. */
  advance(millis: number): void;
}

function chooseClock(options: SandboxOptions): Clock {
  const { speed = 1 } = options;
  if (!(speed > 0 && Number.isFinite(speed))) throw new RangeError(`speed must be a number above 0, not ${String(speed)}`);
  if (options.now !== undefined) return givenClock(options.now);
  if (options.clock !== undefined && options.clock !== "real" && options.clock !== "virtual") {
    throw new TypeError('clock must be "real" or "virtual"');
  }
  return options.clock === "virtual" ? virtualClock() : realClock(speed);
}

function targetOf(method: string, path: string): FaultTarget {
  if (path === "/api/3/import/bulk_import") return method === "POST" ? "import" : "summary";
  return path === "/api/3/import/info" ? "info" : "other";
}

function makeWorld(options: SandboxOptions, seed: Seed): World {
  const clock = chooseClock(options);
  const knobs = makeKnobs(options.knobs);
  const account = plant(seed, knobs, clock.now());
  const rate = new RateLimits(knobs);
  const worker = new Worker(account, knobs, clock);
  return { account, knobs, clock, rate, worker, importer: new Importer(worker, rate), faults: new FaultScript(clock) };
}

/** Waits as `latencyMillis` says. */
async function delay(clock: Clock, millis: number): Promise<void> {
  if (millis <= 0) return;
  if (clock.kind === "virtual") clock.advance(millis);
  else if (clock.kind === "real") await new Promise((done) => setTimeout(done, millis));
}

/**
 * Work is done when somebody looks, but a callback must come by itself: while there are callbacks to make on the real
 * clock, a timer looks.
 */
function makeWaker(world: World, callbacks: Callbacks, speed: number, settle: () => void): () => void {
  let waiting = false;
  const wake = (): void => {
    const at = Math.min(world.worker.nextDue, callbacks.nextDue);
    if (waiting || at === Infinity || world.knobs.callback === "off" || world.clock.kind !== "real") return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      settle();
      wake();
    }, Math.max(10, (at - world.clock.now()) / speed));
  };
  return wake;
}

/** Makes an account to try things on. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const seed = checkSeed(options.seed ?? defaultSeed());
  const world = makeWorld(options, seed);
  const { knobs, clock, worker } = world;
  const key = seed.key ?? DEFAULT_KEY;
  const log = new RequestLog();
  const account = new AccountView(world.account, worker, log);
  const router = makeRouter(world);
  const callbacks = new Callbacks(knobs, clock, options.callbackFetch);
  worker.onEnd = (batch, at) => callbacks.plan(batch, at);

  const settle = (): void => {
    worker.settle();
    callbacks.settle();
  };
  const wake = makeWaker(world, callbacks, options.speed ?? 1, settle);
  const advance = (millis: number): void => {
    clock.advance(millis);
    settle();
  };

  const serve = async (request: Request, url: URL): Promise<Response> => {
    await delay(clock, options.latencyMillis ?? 0);
    settle();
    const fault = world.faults.forRequest(knobs.faults, targetOf(request.method, url.pathname));
    const entry = { time: clock.now(), method: request.method, path: url.pathname + url.search, status: 0 };
    const note = (status: number): void => log.add({ ...entry, status, ...(fault === undefined ? {} : { fault: fault.kind }) });
    if (fault?.kind === "reset") {
      note(0);
      throw new ConnectionBroken();
    }
    const instead = fault === undefined ? undefined : replaced(fault);
    if (instead !== undefined) {
      note(instead.status);
      return toResponse(instead, knobs.era);
    }
    const bindings: RequestBindings = { fault };
    const response = await router.fetch(request, bindings);
    wake();
    const broken = fault?.kind === "lost" || fault?.kind === "late";
    note(broken ? 0 : response.status);
    if (broken) throw new ConnectionBroken();
    return fault === undefined ? response : damaged(response, fault);
  };

  return {
    key,
    account,
    knobs,
    advance,
    fetch: async (request) => {
      const url = new URL(request.url);
      if (request.method === "GET" && url.pathname === "/") return statusPage(account);
      if (url.pathname.startsWith("/__sandbox/")) return control(request, url, { account, knobs, clock, key, advance });
      return serve(request, url);
    },
  };
}
