import type { StoredContact } from "./account.js";
import { type Answer, type Call, answer, idOf, page } from "./answer.js";
import { listedContact, statusWord } from "./shapes.js";

type Test = (contact: StoredContact) => boolean;

/** The filters of `GET /contacts` that are built here. [doc S4] Others are ignored, as unknown parameters are. [invented] */
function filters(call: Call): { tests: Test[]; known: number | undefined } {
  const { query, account, knobs } = call;
  const tests: Test[] = [];
  const list = idOf(query.get("listid") ?? undefined) ?? 0;
  const raw = query.get("status");
  const status = raw === null || raw === "-1" || raw === "" ? undefined : (statusWord(Number(raw), knobs.statusMeaning) ?? "none");
  let known: number | undefined = account.contactCount;
  if (list !== 0 || status !== undefined) {
    tests.push((contact) => contact.lists.some((each) => (list === 0 || each.list === list) && (status === undefined || each.status === status)));
    known = undefined;
    const counts = account.lists.get(list)?.counts;
    if (list !== 0 && counts === undefined) known = 0;
    else if (counts !== undefined && status !== "none") {
      known = status === undefined ? counts.active + counts.unsubscribed + counts.unconfirmed + counts.bounced : counts[status];
    }
  }
  const more: Test[] = [];
  const like = query.get("email_like")?.toLowerCase();
  if (like !== undefined) more.push((contact) => contact.email.toLowerCase().includes(like));
  const search = query.get("search")?.toLowerCase();
  if (search !== undefined && search !== "") {
    more.push((contact) => `${contact.email} ${contact.firstName} ${contact.lastName} ${contact.phone}`.toLowerCase().includes(search));
  }
  const phone = query.get("phone");
  if (phone !== null && phone !== "") more.push((contact) => contact.phone.startsWith(phone));
  const tag = idOf(query.get("tagid") ?? undefined);
  if (tag !== undefined && tag !== 0) more.push((contact) => contact.tags.some((each) => each.tag === tag));
  const ids = new Set(query.getAll("ids[]").map(Number));
  if (ids.size > 0) more.push((contact) => ids.has(contact.id));
  return more.length === 0 ? { tests, known } : { tests: [...tests, ...more], known: undefined };
}

const ORDERS: Readonly<Record<string, (contact: StoredContact) => string | number>> = {
  cdate: (contact) => contact.cdate,
  email: (contact) => contact.email.toLowerCase(),
  first_name: (contact) => contact.firstName.toLowerCase(),
  last_name: (contact) => contact.lastName.toLowerCase(),
  name: (contact) => `${contact.firstName} ${contact.lastName}`.toLowerCase(),
};

interface Found {
  contacts: StoredContact[];
  total: number;
}

/** By id, ascending or descending: reads no further than the page, so that a list of a million can be walked. */
function byId(call: Call, tests: readonly Test[], known: number | undefined, descending: boolean): Found {
  const { account, query } = call;
  const { limit, offset } = page(query);
  const all = account.contacts;
  const above = idOf(query.get("id_greater") ?? undefined);
  const below = idOf(query.get("id_less") ?? undefined);
  const from = above === undefined ? 0 : account.position(above + 1);
  const to = below === undefined ? all.length : account.position(below);
  const contacts: StoredContact[] = [];
  let matched = 0;
  for (let step = 0; step < to - from; step += 1) {
    const contact = all[descending ? to - 1 - step : from + step];
    if (contact === undefined || !tests.every((test) => test(contact))) continue;
    matched += 1;
    if (matched > offset && contacts.length < limit) contacts.push(contact);
    // The total is kept for lists; it does not look at `id_greater` (unknown what the service does).
    if (known !== undefined && contacts.length === limit) break;
  }
  return { contacts, total: known ?? matched };
}

function sorted(call: Call, tests: readonly Test[], name: string, descending: boolean): Found {
  const value = ORDERS[name] ?? ((contact: StoredContact): number => contact.id);
  const matching = call.account.contacts.filter((contact) => tests.every((test) => test(contact)));
  matching.sort((a, b) => {
    const x = value(a);
    const y = value(b);
    return (x < y ? -1 : x > y ? 1 : 0) * (descending ? -1 : 1);
  });
  const { limit, offset } = page(call.query);
  return { contacts: matching.slice(offset, offset + limit), total: matching.length };
}

function find(call: Call): Found {
  const { account, query } = call;
  const { tests, known } = filters(call);
  const email = query.get("email");
  if (email !== null && email !== "") {
    const contact = account.contactByEmail(email);
    const contacts = contact !== undefined && tests.every((test) => test(contact)) ? [contact] : [];
    return { contacts, total: contacts.length };
  }
  for (const [key, direction] of query) {
    const name = /^orders\[(\w+)\]$/u.exec(key)?.[1];
    if (name === undefined) continue;
    const descending = direction.toUpperCase() === "DESC";
    return name === "id" || ORDERS[name] === undefined ? byId(call, tests, known, descending) : sorted(call, tests, name, descending);
  }
  return byId(call, tests, known, false);
}

/** `GET /contacts`. [recording S7: envelope and `page_input`, quoted in the contract] */
export function listContacts(call: Call): Answer {
  const { query } = call;
  const { contacts, total } = find(call);
  const { limit, offset } = page(query);
  const number = (name: string): number => idOf(query.get(name) ?? undefined) ?? 0;
  const status = query.get("status");
  return answer(200, {
    scoreValues: [],
    contacts: contacts.map((contact) => listedContact(call.account, contact, call.knobs.era)),
    meta: {
      total: String(total),
      sortable: true,
      page_input: {
        segmentid: number("segmentid"),
        formid: number("formid"),
        listid: number("listid"),
        tagid: number("tagid"),
        limit,
        offset,
        search: query.get("search"),
        sort: null,
        seriesid: number("seriesid"),
        waitid: number("waitid"),
        status: status === null || status === "" ? -1 : Number(status),
        forceQuery: number("forceQuery"),
        cacheid: "0".repeat(32),
      },
    },
  });
}
