/**
 * One object an account: it gives out the turns of all exports that send to it, so that together they keep its limits,
 * and knows which of them are at work, so that one that has stalled is found.
 */
import { AccountPace } from "../core.js";
import { Owned } from "../engine.js";
import type { RequestKind } from "../types.js";
import { Clock } from "./clock.js";
import { answer, refusal, tell } from "./messages.js";
import type { Bindings, ObjectState } from "./runtime.js";
import type { StartRequest } from "./status.js";

/** Exports asked or started at once: each is a request of this invocation. */
export const MOST_ASKED = 40;

/** What exports tell. */
export interface TurnsRequest {
  /** Which export asks. */
  name: string;
  kinds: RequestKind[];
}

export class AccountObject {
  /** How many times faster than real time the clock goes; for rehearsals, the same in all objects. */
  protected readonly speed: number = 1;
  /** An export that was not heard of for so long is woken. */
  protected readonly stalledMillis: number = 5 * 60_000;
  readonly #state: ObjectState;
  readonly #bindings: Bindings;
  #pace: Owned<AccountPace> | undefined;

  constructor(state: ObjectState, bindings: Bindings) {
    this.#state = state;
    this.#bindings = bindings;
    const { sql } = state.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS activecampaign_pace (id INTEGER PRIMARY KEY CHECK (id = 1), state BLOB NOT NULL)");
    sql.exec("CREATE TABLE IF NOT EXISTS activecampaign_working (name TEXT PRIMARY KEY, seen INTEGER NOT NULL) WITHOUT ROWID");
  }

  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "POST /turns":
        return answer(this.#turns((await request.json()) as TurnsRequest));
      case "POST /throttled":
        return answer(this.#throttled(((await request.json()) as { retryAfter?: string }).retryAfter));
      case "POST /begun":
        return answer(this.#heard((await request.json()) as { name: string }));
      case "POST /ended":
        return answer(this.#ended(((await request.json()) as { name: string }).name));
      case "POST /start":
        return answer(await this.#start((await request.json()) as StartRequest[]));
      case "POST /sweep":
        return answer(await this.#sweep());
      default:
        return refusal(404, "not_found", "There is nothing here.", "Use the worker of this package.");
    }
  }

  /** An export is at work: if it falls silent, somebody looks. */
  #heard({ name }: { name: string }): true {
    this.#state.storage.sql.exec("INSERT OR REPLACE INTO activecampaign_working (name, seen) VALUES (?, ?)", name, Date.now());
    return true;
  }

  #turns({ name, kinds }: TurnsRequest): number[] {
    this.#heard({ name });
    const now = this.#clock().now();
    return this.#change((pace) => kinds.map((kind) => pace.turn(kind, now)));
  }

  /** The account has had enough: all exports hear of it by their next turns. */
  #throttled(retryAfter: string | undefined): true {
    this.#change((pace) => pace.throttled(retryAfter, this.#clock().now()));
    return true;
  }

  #ended(name: string): true {
    this.#state.storage.sql.exec("DELETE FROM activecampaign_working WHERE name = ?", name);
    return true;
  }

  /** Starts exports, on behalf of a cron event that could not make as many requests itself. */
  async #start(requests: StartRequest[]): Promise<number[]> {
    const started = requests.map(async (request) => (await tell(this.#bindings, "EXPORTS", request.name, "start", request)).status);
    return (await Promise.allSettled(started)).map((result) => (result.status === "fulfilled" ? result.value : 500));
  }

  /** Wakes exports that were not heard of for long: their alarm is lost, or their worker was. */
  async #sweep(): Promise<string[]> {
    const before = Date.now() - this.stalledMillis;
    const rows = this.#state.storage.sql.exec("SELECT name FROM activecampaign_working WHERE seen < ? ORDER BY seen LIMIT ?", before, MOST_ASKED).toArray();
    const names = rows.map(({ name }) => String(name));
    const asked = names.map(async (name) => {
      // One that has ended and could not tell would be asked for ever, in the place of others.
      if ((await (await tell(this.#bindings, "EXPORTS", name, "wake")).json()) === false) this.#ended(name);
    });
    await Promise.allSettled(asked);
    return names;
  }

  #clock(): Clock {
    return new Clock(this.speed);
  }

  /** Changes the windows, and keeps them before anybody hears of it: the answer waits for the write. */
  #change<T>(work: (pace: AccountPace) => T): T {
    const { sql } = this.#state.storage;
    // A crash of the core ends the windows in memory; those that were kept are the same.
    for (let attempt = 1; ; attempt += 1) {
      const pace = (this.#pace ??= this.#open());
      try {
        const result = pace.call(work);
        sql.exec("INSERT OR REPLACE INTO activecampaign_pace (id, state) VALUES (1, ?)", pace.call((windows) => windows.state()));
        return result;
      } catch (error) {
        if (!pace.isLost || attempt > 1) throw error;
        this.#pace = undefined;
      }
    }
  }

  #open(): Owned<AccountPace> {
    const [row] = this.#state.storage.sql.exec("SELECT state FROM activecampaign_pace").toArray();
    const state = row && new Uint8Array(row["state"] as ArrayBuffer);
    return new Owned(() => new AccountPace(state, this.#clock().now()));
  }
}
