import { type Rule, oneOf, wholeNumber } from "./knobs.js";

export type FieldType =
  | "text" | "textarea" | "date" | "datetime" | "dropdown" | "radio" | "checkbox" | "listbox" | "hidden" | "number";

/** Membership of a list, in words; U27 says which number each has on the wire. */
export type MemberStatus = "active" | "unsubscribed" | "unconfirmed" | "bounced";

export interface SeedList {
  id?: number;
  name: string;
}

export interface SeedField {
  id?: number;
  title: string;
  type: FieldType;
  /** Personalisation tag; made from the title when missing. */
  perstag?: string;
  /** Texts of the options, of dropdown, radio, checkbox and listbox. */
  options?: string[];
  /** Lists on which the field is shown; none = all. */
  lists?: number[];
}

export interface SeedContact {
  id?: number;
  email: string;
  firstName?: string;
  lastName?: string;
  phone?: string;
  /** Name of the account (company) it is linked to. */
  account?: string;
  /** Values by field id. */
  fields?: Record<string, string>;
  /** Names; made when missing. */
  tags?: string[];
  /** Status by list id. */
  lists?: Record<string, MemberStatus>;
  bounced?: boolean;
}

/** A contact, or every address with an ending, that may never be added. */
export interface SeedExclusion {
  phrase: string;
  match: "exact" | "end";
}

/** One more key, with fewer rights than the main one. Rights not named are given. */
export interface SeedKey {
  key: string;
  /** Administrators may read `/settings/account`. */
  admin?: boolean;
  viewLists?: boolean;
  createLists?: boolean;
  fields?: boolean;
}

/**
 * The data of an account as plain JSON. A seed replaces the default data as a whole: what it does not name is empty
 * (`key`, `host` and the time zone keep their defaults). To add to the default data, spread `defaultSeed()`.
 */
export interface Seed {
  key?: string;
  keys?: SeedKey[];
  /** Host in the links of answers. */
  host?: string;
  /** Time zone of the account as minutes east of UTC, without daylight saving; default -300. */
  utcOffsetMinutes?: number;
  /** Contacts the plan allows; see knob `contactLimit`. None = no limit. */
  contactLimit?: number;
  lists?: SeedList[];
  fields?: SeedField[];
  tags?: string[];
  contacts?: SeedContact[];
  exclusions?: SeedExclusion[];
  /** Addresses to which mail bounced; made as contacts when missing. */
  bounced?: string[];
  /** Fills the account up with made-up data, for paging. */
  generate?: { lists?: number; fields?: number; tags?: number; contacts?: number };
}

export const DEFAULT_KEY = "sandbox-key";
export const DEFAULT_HOST = "sandbox.api-us1.com";

interface Check {
  (value: unknown, path: string, errors: string[]): void;
}

function leaf(rule: Rule): Check {
  return (value, path, errors) => {
    const complaint = rule(value);
    if (complaint !== undefined) errors.push(`${path}: ${complaint}`);
  };
}

function arrayOf(item: Check): Check {
  return (value, path, errors) => {
    if (!Array.isArray(value)) {
      errors.push(`${path}: must be an array`);
      return;
    }
    for (const [index, each] of value.entries()) item(each, `${path}[${index}]`, errors);
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function recordOf(keyPattern: RegExp, keyName: string, item: Check): Check {
  return (value, path, errors) => {
    if (!isObject(value)) {
      errors.push(`${path}: must be an object`);
      return;
    }
    for (const [key, each] of Object.entries(value)) {
      if (!keyPattern.test(key)) errors.push(`${path}.${key}: the key must be ${keyName}`);
      item(each, `${path}.${key}`, errors);
    }
  };
}

function shape(required: Record<string, Check>, optional: Record<string, Check>): Check {
  return (value, path, errors) => {
    if (!isObject(value)) {
      errors.push(`${path}: must be an object`);
      return;
    }
    for (const key of Object.keys(required)) {
      if (!Object.hasOwn(value, key)) errors.push(`${path}.${key}: is missing`);
    }
    for (const [key, each] of Object.entries(value)) {
      const check = Object.hasOwn(required, key) ? required[key] : Object.hasOwn(optional, key) ? optional[key] : undefined;
      if (check === undefined) errors.push(`${path}.${key}: there is no such key`);
      else if (each !== undefined) check(each, `${path}.${key}`, errors);
    }
  };
}

const words: Check = leaf((value) => (typeof value === "string" && value !== "" ? undefined : "must be a string that is not empty"));
const anyText: Check = leaf((value) => (typeof value === "string" ? undefined : "must be a string"));
const truth: Check = leaf((value) => (typeof value === "boolean" ? undefined : "must be true or false"));
const count: Check = leaf(wholeNumber);
const id: Check = leaf((value) => (wholeNumber(value) === undefined && value !== 0 ? undefined : "must be a whole number of at least 1"));
const wholeSigned: Check = leaf((value) => (Number.isSafeInteger(value) ? undefined : "must be a whole number"));
const address: Check = leaf((value) => (typeof value === "string" && value.includes("@") ? undefined : "must be an e-mail address"));
const fieldType: Check = leaf(
  oneOf("text", "textarea", "date", "datetime", "dropdown", "radio", "checkbox", "listbox", "hidden", "number"),
);
const status: Check = leaf(oneOf("active", "unsubscribed", "unconfirmed", "bounced"));

const seedCheck: Check = shape({}, {
  key: words,
  keys: arrayOf(shape({ key: words }, { admin: truth, viewLists: truth, createLists: truth, fields: truth })),
  host: words,
  utcOffsetMinutes: wholeSigned,
  contactLimit: count,
  lists: arrayOf(shape({ name: words }, { id })),
  fields: arrayOf(shape({ title: words, type: fieldType }, { id, perstag: words, options: arrayOf(words), lists: arrayOf(id) })),
  tags: arrayOf(words),
  contacts: arrayOf(
    shape({ email: address }, {
      id, firstName: anyText, lastName: anyText, phone: anyText, account: anyText, bounced: truth, tags: arrayOf(words),
      fields: recordOf(/^[1-9]\d*$/u, "a field id", anyText),
      lists: recordOf(/^[1-9]\d*$/u, "a list id", status),
    }),
  ),
  exclusions: arrayOf(shape({ phrase: words, match: leaf(oneOf("exact", "end")) }, {})),
  bounced: arrayOf(address),
  generate: shape({}, { lists: count, fields: count, tags: count, contacts: count }),
});

function uniqueIds(items: readonly { id?: number }[] | undefined, path: string, errors: string[]): Set<number> {
  // Items without an id get one later; they cannot be referred to from the seed.
  const seen = new Set<number>();
  for (const [index, item] of (items ?? []).entries()) {
    if (item.id === undefined) continue;
    if (seen.has(item.id)) errors.push(`${path}[${index}].id: ${item.id} is used twice`);
    seen.add(item.id);
  }
  return seen;
}

function checkReferences(seed: Seed, errors: string[]): void {
  const lists = uniqueIds(seed.lists, "seed.lists", errors);
  const fields = uniqueIds(seed.fields, "seed.fields", errors);
  uniqueIds(seed.contacts, "seed.contacts", errors);
  const addresses = new Set<string>();
  for (const [index, contact] of (seed.contacts ?? []).entries()) {
    const path = `seed.contacts[${index}]`;
    if (addresses.has(contact.email.toLowerCase())) errors.push(`${path}.email: ${contact.email} is used twice`);
    addresses.add(contact.email.toLowerCase());
    for (const list of Object.keys(contact.lists ?? {})) {
      if (!lists.has(Number(list))) errors.push(`${path}.lists.${list}: there is no list with this id in the seed`);
    }
    for (const field of Object.keys(contact.fields ?? {})) {
      if (!fields.has(Number(field))) errors.push(`${path}.fields.${field}: there is no field with this id in the seed`);
    }
  }
}

/** Throws one error that names every wrong key by its path. */
export function checkSeed(input: unknown): Seed {
  const errors: string[] = [];
  seedCheck(input, "seed", errors);
  if (errors.length === 0) checkReferences(input as Seed, errors);
  if (errors.length > 0) throw new TypeError(`the seed of the sandbox is wrong:\n${errors.join("\n")}`);
  return input as Seed;
}
