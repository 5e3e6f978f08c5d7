/** The calls that the core makes (src/activecampaign/), and nothing else: what a relay may put a key to. */

interface Call {
  method: "GET" | "POST";
  /** The whole path, in the only form that is taken: neither an encoded slash nor a dot segment fits. */
  path: string;
  /** The whole query, in the form in which the core writes it. */
  query?: RegExp;
}

/** 254 bytes of an address at most, each as itself or as `%XX`. */
const TEXT = "(?:[A-Za-z0-9._~-]|%[0-9A-F]{2}){1,254}";

const PAGE = /^limit=100&offset=\d{1,9}$/u;

export const CALLS: readonly Call[] = [
  { method: "GET", path: "/api/3/users/me" },
  { method: "GET", path: "/api/3/settings/account" },
  { method: "GET", path: "/api/3/lists", query: PAGE },
  { method: "GET", path: "/api/3/fields", query: PAGE },
  { method: "GET", path: "/api/3/tags", query: PAGE },
  { method: "GET", path: "/api/3/contacts", query: new RegExp(`^email=${TEXT}(?:&listid=\\d{1,20}&status=1)?&limit=1$`, "u") },
  { method: "GET", path: "/api/3/import/info", query: new RegExp(`^batchId=${TEXT}$`, "u") },
  { method: "POST", path: "/api/3/import/bulk_import" },
];

/** Whether the core makes such a call. `search` is empty, or begins with its question mark. */
export function isCall(method: string, path: string, search: string): boolean {
  return CALLS.some((call) => call.method === method && call.path === path && (call.query ? search.startsWith("?") && call.query.test(search.slice(1)) : search === ""));
}

/** `MAX_BATCH_CONTACTS` of the core's limits. */
const CONTACTS = 250;

/**
 * An import as the core writes it, `undefined` for any other body. ActiveCampaign's importer takes more: a callback, which
 * would have it call any address, and unsubscribing. What was looked at is written anew: of a key that stands twice, two
 * parsers may see two values.
 */
export function importIn(body: Uint8Array): Uint8Array | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return isImport(value) ? new TextEncoder().encode(JSON.stringify(value)) : undefined;
  } catch {
    return undefined;
  }
}

type Is = (value: unknown) => boolean;

const isText: Is = (value) => typeof value === "string";
const isId: Is = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const isFlag: Is = (value) => typeof value === "boolean";
const listOf = (is: Is, most = Number.POSITIVE_INFINITY): Is => (value) => Array.isArray(value) && value.length > 0 && value.length <= most && value.every(is);

/** An object with these members, each as it must be, and no others. */
function objectOf(required: Readonly<Record<string, Is>>, optional: Readonly<Record<string, Is>> = {}): Is {
  const all = new Map(Object.entries({ ...required, ...optional }));
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const members = Object.entries(value);
    return members.every(([key, member]) => all.get(key)?.(member) === true) && Object.keys(required).every((key) => Object.hasOwn(value, key));
  };
}

/** What the core writes, at every level: `subscribe` names the one list, and can unsubscribe nobody. */
const isContact = objectOf(
  { email: isText },
  {
    first_name: isText, last_name: isText, phone: isText, tags: listOf(isText),
    fields: listOf(objectOf({ id: isId, value: isText })),
    subscribe: listOf(objectOf({ listid: isId }), 1),
  },
);

const isImport = objectOf({ contacts: listOf(isContact, CONTACTS), exclude_automations: isFlag });
