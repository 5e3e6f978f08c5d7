import type { Account } from "./account.js";
import { refusedAtOnce } from "./address.js";
import { type Answer, answer, idOf, isObject } from "./answer.js";
import type { Knobs } from "./knobs.js";

export interface ImportContact {
  email: string;
  /** Only the keys that were sent. A blank is the empty string. */
  texts: Partial<Record<"first_name" | "last_name" | "phone" | "customer_acct_name", string>>;
  tags: string[];
  fields: { id: number; value: string }[];
  subscribe: number[];
  unsubscribe: number[];
}

export interface ImportCallback {
  url: string;
  requestType: "GET" | "POST";
  detailed: boolean;
  params: { key: string; value: string }[];
  headers: { key: string; value: string }[];
}

export interface ImportOrder {
  contacts: ImportContact[];
  excludeAutomations: boolean;
  callback: ImportCallback | undefined;
}

export const MAX_CONTACTS = 250;
export const MAX_BYTES = 399_999;

/** Errors of the request as a whole have texts as reasons. [live-doc] */
export function generalError(knobs: Knobs, reason: string): Answer {
  return answer(400, { success: 0, message: validationMessage(knobs), failureReasons: [reason] });
}

function validationMessage(knobs: Knobs): string {
  // [live-doc S6] and [doc S1], which has a blank in the word.
  const word = knobs.failureWording === "docs" ? "failure Reasons" : "failureReasons";
  return `JSON payload did not pass validation. Please fix ${word} and retry. The import was not queued for processing.`;
}

function missing(field: string): string {
  return `Field '${field}' not found`;
}

function malformed(field: string, knobs: Knobs): string {
  return knobs.failureWording === "docs" ? `Field‘ ${field}’ incorrect format` : `Field '${field}' incorrect format`;
}

const TEXTS = ["first_name", "last_name", "phone", "customer_acct_name"] as const;
const OUTSIDE_BASIC_PLANE = /[\u{10000}-\u{10FFFF}]/u;

/** Reads one contact; a string is the reason why it is refused. */
class ContactReader {
  private readonly account: Account;
  private readonly knobs: Knobs;
  private readonly seen: Set<string> = new Set();

  constructor(account: Account, knobs: Knobs) {
    this.account = account;
    this.knobs = knobs;
  }

  /** U15 and U18, as far as they make the batch a 400. */
  private refusesText(value: string): boolean {
    const { knobs } = this;
    if (value === "") return knobs.blanks === "refuse";
    if (knobs.longValues === "refuse" && value.length > knobs.maxLength && [...value].length > knobs.maxLength) return true;
    return knobs.emoji === "refuse" && OUTSIDE_BASIC_PLANE.test(value);
  }

  private texts(raw: Record<string, unknown>, into: ImportContact): string | undefined {
    for (const name of TEXTS) {
      const value = raw[name];
      if (value === undefined) continue;
      if (value !== null && typeof value !== "string") return malformed(name, this.knobs);
      const text = value ?? "";
      if (this.refusesText(text)) return malformed(name, this.knobs);
      into.texts[name] = text;
    }
    return undefined;
  }

  private fields(raw: unknown, into: ImportContact): string | undefined {
    if (raw === undefined) return undefined;
    const bad = malformed("fields", this.knobs);
    if (!Array.isArray(raw) || (this.knobs.maxFields > 0 && raw.length > this.knobs.maxFields)) return bad;
    for (const each of raw) {
      if (!isObject(each)) return bad;
      if (each["id"] === undefined) return missing("id");
      if (each["value"] === undefined) return missing("value");
      const id = idOf(each["id"]);
      const value = each["value"] ?? "";
      if (id === undefined || typeof value !== "string" || this.refusesText(value)) return bad;
      if (this.knobs.unknownField === "refuse" && !this.account.fields.has(id)) return bad;
      into.fields.push({ id, value });
    }
    return undefined;
  }

  private lists(raw: unknown, name: "subscribe" | "unsubscribe", into: ImportContact): string | undefined {
    if (raw === undefined) return undefined;
    if (!Array.isArray(raw)) return malformed(name, this.knobs);
    for (const each of raw) {
      if (!isObject(each) || each["listid"] === undefined) return missing("listid");
      // The schema says string, every example integer: both are taken. [doc]
      const id = idOf(each["listid"]);
      if (id === undefined || (this.knobs.unknownList === "refuse" && !this.account.lists.has(id))) return malformed("listid", this.knobs);
      into[name].push(id);
    }
    return undefined;
  }

  private tags(raw: unknown, into: ImportContact): string | undefined {
    if (raw === undefined) return undefined;
    if (!Array.isArray(raw)) return malformed("tags", this.knobs);
    for (const each of raw) {
      if (typeof each !== "string") return malformed("tags", this.knobs);
      if (each.trim() !== "") into.tags.push(each);
    }
    return undefined;
  }

  read(raw: unknown): ImportContact | string {
    if (!isObject(raw) || raw["email"] === undefined || raw["email"] === null || raw["email"] === "") return missing("email");
    const email = raw["email"];
    if (typeof email !== "string" || refusedAtOnce(email, this.knobs.addressCheck)) return malformed("email", this.knobs);
    if (this.knobs.duplicates === "refuse") {
      const key = this.account.emailKey(email);
      if (this.seen.has(key)) return malformed("email", this.knobs);
      this.seen.add(key);
    }
    const contact: ImportContact = { email, texts: {}, tags: [], fields: [], subscribe: [], unsubscribe: [] };
    const complaint =
      this.texts(raw, contact) ??
      this.tags(raw["tags"], contact) ??
      this.fields(raw["fields"], contact) ??
      this.lists(raw["subscribe"], "subscribe", contact) ??
      this.lists(raw["unsubscribe"], "unsubscribe", contact);
    return complaint ?? contact;
  }
}

function pairs(raw: unknown): { key: string; value: string }[] | undefined {
  if (raw === undefined) return [];
  if (!Array.isArray(raw)) return undefined;
  const out: { key: string; value: string }[] = [];
  for (const each of raw) {
    if (!isObject(each) || typeof each["key"] !== "string" || typeof each["value"] !== "string") return undefined;
    out.push({ key: each["key"], value: each["value"] });
  }
  return out;
}

function readCallback(raw: unknown, knobs: Knobs): ImportCallback | undefined | string {
  if (raw === undefined || raw === null) return undefined;
  if (!isObject(raw)) return malformed("callback", knobs);
  if (typeof raw["url"] !== "string" || raw["url"] === "") return missing("callback.url");
  // Both are required inside `callback`. [doc]
  const type = raw["requestType"];
  if (type === undefined) return missing("callback.requestType");
  if (type !== "GET" && type !== "POST") return malformed("callback.requestType", knobs);
  const params = pairs(raw["params"]);
  const headers = pairs(raw["headers"]);
  if (params === undefined || headers === undefined) return malformed("callback", knobs);
  // The documents send the text "true", one client a boolean. [client-code]
  const detailed = raw["detailed_results"] === "true" || raw["detailed_results"] === true;
  return { url: raw["url"], requestType: type, detailed, params, headers };
}

function shownIndex(index: number, total: number, knobs: Knobs): number | string {
  if (knobs.failureIndex === "from-0") return index;
  if (knobs.failureIndex === "out-of-range") return total + index + 1;
  return knobs.failureIndex === "not-a-number" ? "unknown" : index + 1;
}

/** All or nothing: one refused contact refuses the batch, and every refused contact is named. [live-doc] */
export function readImport(body: unknown, account: Account, knobs: Knobs): ImportOrder | Answer {
  if (!isObject(body)) return generalError(knobs, "Invalid or unparsable json");
  const raw = body["contacts"];
  if (raw === undefined) return generalError(knobs, missing("contacts"));
  if (!Array.isArray(raw) || raw.length === 0) return generalError(knobs, malformed("contacts", knobs));
  const callback = readCallback(body["callback"], knobs);
  if (typeof callback === "string") return generalError(knobs, callback);
  const reader = new ContactReader(account, knobs);
  const contacts: ImportContact[] = [];
  const failureReasons: { contact: number | string; failureReason: string }[] = [];
  for (const [index, each] of raw.entries()) {
    const read = reader.read(each);
    if (typeof read === "string") failureReasons.push({ contact: shownIndex(index, raw.length, knobs), failureReason: read });
    else contacts.push(read);
  }
  if (failureReasons.length > 0) return answer(400, { success: 0, message: validationMessage(knobs), failureReasons });
  // Only the top level counts: inside a contact it is an unknown key. [doc, live-doc]
  return { contacts, excludeAutomations: body["exclude_automations"] === true, callback };
}
