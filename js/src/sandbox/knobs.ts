import { type Fault, checkFaults } from "./faults.js";

/**
 * Everything about the service that is unknown, disagreed on or breakable. Each may be changed while the sandbox runs.
 * U-numbers are the register of what is unknown about the service, from U1 to U29. A default is a convenience, not evidence.
 */
export interface Knobs {
  /** Status codes and keys of which time: the recordings (2021) or the newest documents (2026). */
  era: 2021 | 2026;
  /** U1: status of `OPTIONS`. Never with CORS headers. */
  optionsStatus: 404 | 405;
  /** U2: answer to a missing or unknown token. "forbidden" is 403 `{"message":"Forbidden"}`, "empty" is 403 `{}`, "errors" is 403 with `errors[]`, "login" is 200 with an HTML login page. */
  invalidToken: "forbidden" | "empty" | "errors" | "login";
  /** U3: body of the general rate limit. */
  throttleBody: "empty" | "html";
  /** U3: 429 as documented since 2025, or the 503 reported before about 2022. */
  throttleStatus: 429 | 503;
  /** What `Retry-After` says on a 429: the seconds to the next free place, nothing at all, or this text as it is. */
  retryAfter: "computed" | "absent" | (string & {});
  /** U4: what a bulk import beyond the contact limit of the account does. */
  contactLimit: "accept" | "failure" | "batch-failed" | "refuse";
  /** U5: an expired or suspended account, and how it answers. */
  accountState: "active" | "expired-html" | "expired-redirect" | "expired-forbidden";
  /** U6: whether the bulk limits count per account or per key. */
  bulkScope: "account" | "key";
  /** U7: windows aligned to the clock, or sliding ones. Of both limits. */
  rateWindow: "fixed" | "sliding";
  /** General limit, requests per second and account; 0 = none. [doc] 5 */
  generalPerSecond: number;
  /** Bulk requests with two or more contacts per minute; 0 = none. [doc] 100 */
  bulkPerMinute: number;
  /** Bulk requests with one contact per minute; 0 = none. [doc] 20 */
  singlePerMinute: number;
  /** U8: answer to more than 250 contacts or more than 399,999 bytes: 400 with text reasons, or 413 HTML. */
  oversize: 400 | 413;
  /** Bodies above this never reach the importer: 413 HTML from the edge. Invented size. */
  edgeLimitBytes: number;
  /** U9: the number in the text of the limit for single-contact requests. */
  singleLimitText: 20 | 100;
  /** U10: index in `failureReasons`; the last two are faults that a client must survive. */
  failureIndex: "from-1" | "from-0" | "out-of-range" | "not-a-number";
  /** Wording of the validation error: seen live in 2026, or the example in the documentation. */
  failureWording: "live" | "docs";
  /** U11: whether a contact refused for an unsubscribed target list still gets its other values. */
  updateUnsubscribed: boolean;
  /** U12: "rules" refuses at once what the documented rules forbid and fails the rest later; "at-once" refuses all bad addresses at once; "later" fails all of them later. */
  addressCheck: "rules" | "at-once" | "later";
  /** U13: the same address twice in one batch. */
  duplicates: "last-wins" | "first-wins" | "refuse" | "count-twice";
  /** U14: whether `A@x.org` and `a@x.org` are one contact. */
  emailCase: "insensitive" | "sensitive";
  /** U15: blank or null values in a bulk import. */
  blanks: "overwrite" | "ignore" | "refuse";
  /** U16: a text that is no option of the dropdown, radio, checkbox or listbox. */
  unknownOption: "store" | "ignore" | "failure";
  /** U17: unknown field id in bulk. */
  unknownField: "ignore" | "failure" | "refuse";
  /** U17: unknown list id in bulk. */
  unknownList: "ignore" | "failure" | "refuse";
  /** U18: values longer than `maxLength` code points. */
  longValues: "accept" | "truncate" | "refuse";
  /** U18: the length that `longValues` speaks of. */
  maxLength: number;
  /** U18: characters outside the basic plane (emoji). */
  emoji: "accept" | "strip" | "refuse";
  /** U18: most custom fields per contact; 0 = any number. More make the batch a 400. */
  maxFields: number;
  /** U19: whether contacts added through the API must confirm first (membership "unconfirmed"). */
  confirmation: "none" | "sent";
  /** U20: `success` and `failure` of `/import/info` before the end and in failed or interrupted batches. */
  infoArrays: "empty" | "partial" | "absent";
  /** U21: `/import/info` for a batch that is not known. */
  unknownBatch: "false" | 400 | 404;
  /** U22: days for which `/import/info` remembers a batch; 0 = for ever. */
  infoDays: number;
  /** U23: which ids `success` names. */
  infoSuccess: "all" | "created";
  /** U24: content type of `/import/info` and of the status list. */
  importContentType: "html" | "json";
  /** Content type of the bulk 200. [recording] html */
  bulkContentType: "html" | "json";
  /** U25: envelope of the 422s whose body nobody has shown. */
  errorEnvelope: "array" | "string" | "message";
  /** U26: `POST /tags` with a name that exists. */
  duplicateTag: "existing" | "refuse";
  /** U27: meaning of list status 0 and 3: unconfirmed and bounced ("docs"), or not set and unconfirmed ("live"). */
  statusMeaning: "docs" | "live";
  /** U28: body of the callback. Its shape is invented. */
  callback: "off" | "form" | "json";
  /** U28: what becomes of a callback. */
  callbackDelivery: "once" | "lost" | "late" | "twice";
  /** U28: delay of a late callback. */
  callbackDelayMillis: number;
  /** U29: batches worked on at once; 0 = all. */
  concurrentBatches: number;
  /** U29: extra waiting per batch already in the queue. */
  queueDelayMillis: number;
  /** Age of a batch at which its status is no longer `false`. [doc] 1 s */
  waitingAfterMillis: number;
  /** Age at which a batch is claimed. Invented. */
  claimedAfterMillis: number;
  /** Age at which a batch becomes active. Invented. */
  activeAfterMillis: number;
  /** Age at which a batch is completed. [recording] 7 s, about 6 s live */
  completedAfterMillis: number;
  /** Spelling of the key in the bulk 200: recorded, or as in the documentation's example. */
  successKey: "success" | "Success";
  /** Value of that key: the documentation shows 5 for a small batch. */
  successValue: number;
  /** Taken off `queued_contacts`: the documentation's numbers do not add up. */
  queuedShortBy: number;
  /** Where excluded, bounced and unsubscribed contacts show: in `failure` (documented) or nowhere. */
  skipped: "failure" | "neither";
  /** How `failure` spells addresses; the last adds one that was never sent. */
  failureSpelling: "as-sent" | "upper-case" | "unknown-address";
  /** Scripted faults, first match wins. See `Fault`. */
  faults: Fault[];
}

export const DEFAULT_KNOBS: Readonly<Knobs> = Object.freeze<Knobs>({
  era: 2026,
  optionsStatus: 405,
  invalidToken: "forbidden",
  throttleBody: "empty",
  throttleStatus: 429,
  retryAfter: "computed",
  contactLimit: "failure",
  accountState: "active",
  bulkScope: "account",
  rateWindow: "sliding",
  generalPerSecond: 5,
  bulkPerMinute: 100,
  singlePerMinute: 20,
  oversize: 400,
  edgeLimitBytes: 10_000_000,
  singleLimitText: 20,
  failureIndex: "from-1",
  failureWording: "live",
  updateUnsubscribed: false,
  addressCheck: "rules",
  duplicates: "last-wins",
  emailCase: "insensitive",
  blanks: "overwrite",
  unknownOption: "store",
  unknownField: "ignore",
  unknownList: "ignore",
  longValues: "accept",
  maxLength: 255,
  emoji: "accept",
  maxFields: 0,
  confirmation: "none",
  infoArrays: "empty",
  unknownBatch: "false",
  infoDays: 0,
  infoSuccess: "all",
  importContentType: "html",
  bulkContentType: "html",
  errorEnvelope: "array",
  duplicateTag: "existing",
  statusMeaning: "docs",
  callback: "off",
  callbackDelivery: "once",
  callbackDelayMillis: 30_000,
  concurrentBatches: 0,
  queueDelayMillis: 0,
  waitingAfterMillis: 1_000,
  claimedAfterMillis: 2_000,
  activeAfterMillis: 3_000,
  completedAfterMillis: 6_000,
  successKey: "success",
  successValue: 1,
  queuedShortBy: 0,
  skipped: "failure",
  failureSpelling: "as-sent",
  faults: [],
});

/** Says what is wrong with a value, or nothing. */
export type Rule = (value: unknown) => string | undefined;

export function oneOf(...allowed: readonly (string | number)[]): Rule {
  return (value) =>
    allowed.some((each) => each === value) ? undefined : `must be one of ${allowed.map((each) => JSON.stringify(each)).join(", ")}`;
}

export function wholeNumber(value: unknown): string | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? undefined : "must be a whole number of at least 0";
}

function truth(value: unknown): string | undefined {
  return typeof value === "boolean" ? undefined : "must be true or false";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? undefined : "must be a string";
}

const RULES: Readonly<Record<keyof Knobs, Rule>> = {
  era: oneOf(2021, 2026),
  optionsStatus: oneOf(404, 405),
  invalidToken: oneOf("forbidden", "empty", "errors", "login"),
  throttleBody: oneOf("empty", "html"),
  throttleStatus: oneOf(429, 503),
  retryAfter: text,
  contactLimit: oneOf("accept", "failure", "batch-failed", "refuse"),
  accountState: oneOf("active", "expired-html", "expired-redirect", "expired-forbidden"),
  bulkScope: oneOf("account", "key"),
  rateWindow: oneOf("fixed", "sliding"),
  generalPerSecond: wholeNumber,
  bulkPerMinute: wholeNumber,
  singlePerMinute: wholeNumber,
  oversize: oneOf(400, 413),
  edgeLimitBytes: wholeNumber,
  singleLimitText: oneOf(20, 100),
  failureIndex: oneOf("from-1", "from-0", "out-of-range", "not-a-number"),
  failureWording: oneOf("live", "docs"),
  updateUnsubscribed: truth,
  addressCheck: oneOf("rules", "at-once", "later"),
  duplicates: oneOf("last-wins", "first-wins", "refuse", "count-twice"),
  emailCase: oneOf("insensitive", "sensitive"),
  blanks: oneOf("overwrite", "ignore", "refuse"),
  unknownOption: oneOf("store", "ignore", "failure"),
  unknownField: oneOf("ignore", "failure", "refuse"),
  unknownList: oneOf("ignore", "failure", "refuse"),
  longValues: oneOf("accept", "truncate", "refuse"),
  maxLength: wholeNumber,
  emoji: oneOf("accept", "strip", "refuse"),
  maxFields: wholeNumber,
  confirmation: oneOf("none", "sent"),
  infoArrays: oneOf("empty", "partial", "absent"),
  unknownBatch: oneOf("false", 400, 404),
  infoDays: wholeNumber,
  infoSuccess: oneOf("all", "created"),
  importContentType: oneOf("html", "json"),
  bulkContentType: oneOf("html", "json"),
  errorEnvelope: oneOf("array", "string", "message"),
  duplicateTag: oneOf("existing", "refuse"),
  statusMeaning: oneOf("docs", "live"),
  callback: oneOf("off", "form", "json"),
  callbackDelivery: oneOf("once", "lost", "late", "twice"),
  callbackDelayMillis: wholeNumber,
  concurrentBatches: wholeNumber,
  queueDelayMillis: wholeNumber,
  waitingAfterMillis: wholeNumber,
  claimedAfterMillis: wholeNumber,
  activeAfterMillis: wholeNumber,
  completedAfterMillis: wholeNumber,
  successKey: oneOf("success", "Success"),
  successValue: wholeNumber,
  queuedShortBy: wholeNumber,
  skipped: oneOf("failure", "neither"),
  failureSpelling: oneOf("as-sent", "upper-case", "unknown-address"),
  faults: checkFaults,
};

function isKnob(name: string): name is keyof Knobs {
  return Object.hasOwn(RULES, name);
}

/** Every complaint about a set of knobs, each starting with the path of the wrong key. */
export function knobErrors(input: unknown, path = "knobs"): string[] {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return [`${path}: must be an object`];
  const errors: string[] = [];
  for (const [name, value] of Object.entries(input)) {
    if (!isKnob(name)) {
      errors.push(`${path}.${name}: there is no such knob`);
      continue;
    }
    const complaint = RULES[name](value);
    if (complaint !== undefined) errors.push(`${path}.${name}: ${complaint}`);
  }
  return errors;
}

/** Sealed, so that a misspelt knob throws instead of doing nothing. */
export function makeKnobs(input: Partial<Knobs> | undefined): Knobs {
  const errors = knobErrors(input ?? {});
  if (errors.length > 0) throw new TypeError(errors.join("\n"));
  return Object.seal({ ...DEFAULT_KNOBS, faults: [], ...input });
}
