/** What a page and its relay tell each other beside the account's own words. */
import type { Stop } from "../types.js";

/** The page names the account's host: a page cannot send this to another origin without being asked first. */
export const HOST_HEADER = "X-ActiveCampaign-Host";

/** The relay says what an answer is: the account's, none, or a refusal of its own. */
export const RELAY_HEADER = "X-ActiveCampaign-Relay";

/** The account's answer follows. */
export const ANSWER = "answer";
/** No answer came, and what became of the request is not known; or the request surely never left. */
export const UNANSWERED = "unanswered";
export const UNSENT = "unsent";

/** A relay's address below its page's origin: `/activecampaign/NAME`. */
export const RELAY_PATH: RegExp = /^(?:\/[A-Za-z0-9_-]{1,64}){1,8}$/u;

/** A request that a relay does not pass on: nothing of it has left. */
export interface Refusal extends Stop {
  status: number;
}

const refusal = (status: number, code: string, category: Stop["category"], message: string, remedy: string): Refusal => ({ status, code, category, message, remedy, retryHelps: false });

export type RefusalName = "caller" | "origin" | "account" | "call" | "host" | "body" | "slow";

/** All refusals, by what the relay's header says. */
export const REFUSALS: Readonly<Record<RefusalName, Refusal>> = {
  caller: refusal(401, "relay_signed_out", "credentials", "The relay does not know who is calling.", "Sign in again, and run the export again."),
  origin: refusal(403, "relay_cross_site", "misuse", "The relay answers only pages of its own origin, over HTTPS.", "Open the page at the relay's own address; behind a proxy, name the page's origin in the relay's `origins`."),
  account: refusal(404, "relay_no_account", "settings", "The relay has no such account, or not for this caller.", "Correct the name at the end of `relay`, or ask whoever runs the relay."),
  call: refusal(405, "relay_call", "misuse", "The relay passes on only the calls that an export makes.", "Use the same version of this package for the page and for the relay."),
  host: refusal(409, "relay_host_differs", "settings", "The relay stands for another account than the one that is named.", "Use the relay of this account, or correct `host` in the definition or the connection."),
  slow: { ...refusal(408, "relay_slow", "misuse", "The body of the request did not reach the relay within a minute.", "Try again; if it happens again, look at what stands between the page and the relay."), retryHelps: true },
  body: refusal(413, "relay_body", "misuse", "The relay passes on only import bodies, of 400,000 bytes at most.", "Use the same version of this package for the page and for the relay."),
};
