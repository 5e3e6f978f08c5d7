/** An account that is reached through a relay on the page's own origin: no key is here. */
import { fault, misuse } from "./errors.js";
import { ANSWER, HOST_HEADER, type RefusalName, REFUSALS, RELAY_HEADER, RELAY_PATH, UNANSWERED, UNSENT } from "./relay/protocol.js";
import type { Host, Stop } from "./types.js";
import { type Answer, inTime, readAnswer, type Send } from "./wire.js";

/** What sends requests to a relay, and what it refused. */
export interface Relayed {
  send: Send;
  /** Why the relay has refused a request. */
  refusal(): Stop | undefined;
}

/** To the core a refusal is an answer that ends every kind of run, and after which nothing was done: a redirect. */
const STOPPING: Answer = { status: 302, body: new Uint8Array() };

const MISSING: Stop = {
  code: "relay_missing",
  category: "settings",
  message: "What answers at the relay's address is no relay.",
  remedy: "Let the server of this page hand requests below `relay` to createRelay, and sign in where it asks for that.",
  retryHelps: false,
};

/** Wraps `fetch` for the relay at a path of this page's origin. */
export function relayed(path: string, host: string, fetch: Host["fetch"]): Relayed {
  const origin = ownOrigin();
  if (typeof path !== "string" || !RELAY_PATH.test(path)) {
    throw fault("relay_path", "settings", "The relay is no path of this page's origin.", "Give a path such as /activecampaign/main, without a host.");
  }
  let refusal: Stop | undefined;
  const send: Send = async (method, call, body) => {
    try {
      return await inTime(method, { [HOST_HEADER]: host, Accept: "application/json" }, body, async (init) => {
        const response = await fetch(`${origin}${path}${call}`, init);
        const said = response.headers.get(RELAY_HEADER);
        if (said === ANSWER) return readAnswer(response);
        await response.body?.cancel();
        if (said === UNSENT || said === UNANSWERED) return { unsent: said === UNSENT };
        const stop = refusalOf(said, response.status);
        // A gateway in between that is in trouble says nothing of the request.
        if (!stop) return { unsent: false };
        refusal ??= stop;
        return STOPPING;
      });
    } catch {
      // A browser does not say why.
      return { unsent: false };
    }
  };
  return { send, refusal: () => refusal };
}

function refusalOf(said: string | null, status: number): Stop | undefined {
  if (said !== null && Object.hasOwn(REFUSALS, said)) {
    const { status: _, ...stop } = REFUSALS[said as RefusalName];
    return stop;
  }
  return status === 408 || status === 429 || status >= 500 ? undefined : MISSING;
}

/** Of a page or of its worker; the address of the document may be changed by the document. */
function ownOrigin(): string {
  const origin = (globalThis as { location?: { origin?: unknown } }).location?.origin;
  if (typeof origin === "string" && /^https?:/u.test(origin)) return origin;
  throw misuse("relay_nowhere", "There is no page here whose origin a relay could stand on.", "Connect with the account's key instead of `relay`; relays are for pages.");
}
