import type { StoredList } from "./account.js";
import { type Answer, type Call, answer, emptyOk, idOf, notFound, nothing, page, textOf, unshown422, wrapped } from "./answer.js";
import { contactOf } from "./contacts.js";
import { contactList, longContact, longList, shortList, statusWord } from "./shapes.js";

/** [doc S4: body, and `text/plain` as content type] */
function noListRight(action: "view" | "create"): Answer {
  const detail = `You do not have permission to ${action} lists.`;
  return { ...answer(403, { errors: [{ status: 403, title: "Forbidden", detail }] }), contentType: "text/plain" };
}

function listOf(call: Call): StoredList | undefined {
  const id = idOf(call.params["id"]);
  return id === undefined ? undefined : call.account.lists.get(id);
}

/** `GET /lists`. `filters[name]` matches a part of the name (unknown whether the service does). */
export function listLists(call: Call): Answer {
  if (!call.key.viewLists) return noListRight("view");
  const name = call.query.get("filters[name]")?.toLowerCase();
  const all = [...call.account.lists.values()].filter((list) => name === undefined || list.name.toLowerCase().includes(name));
  const { limit, offset } = page(call.query);
  return answer(200, {
    lists: all.slice(offset, offset + limit).map((list) => longList(call.account, list, call.knobs.era)),
    meta: { total: String(all.length) },
  });
}

export function getList(call: Call): Answer {
  if (!call.key.viewLists) return noListRight("view");
  const list = listOf(call);
  if (list === undefined) return notFound("_List", call.params["id"] ?? "");
  return answer(200, { list: longList(call.account, list, call.knobs.era) });
}

/** `POST /lists` [recording]; 200 by the documents of 2026 (table 5.8). */
export function createList(call: Call): Answer {
  if (!call.key.createLists) return noListRight("create");
  const sent = wrapped(call, "list");
  const name = textOf(sent?.["name"]) ?? "";
  if (sent === undefined || name === "") return nothing(400);
  const list = call.account.addList(name, sent, call.now);
  return answer(call.knobs.era === 2021 ? 201 : 200, { list: shortList(call.account, list) });
}

/** `PUT /lists/:id` answers a 200 without a body. [recording S7] */
export function updateList(call: Call): Answer {
  const list = listOf(call);
  if (list === undefined) return notFound("_List", call.params["id"] ?? "");
  const sent = wrapped(call, "list");
  if (sent === undefined) return nothing(400);
  list.name = textOf(sent["name"]) ?? list.name;
  list.sent = { ...list.sent, ...sent };
  list.udate = call.now;
  return emptyOk();
}

export function deleteList(call: Call): Answer {
  const list = listOf(call);
  if (list === undefined) return notFound("_List", call.params["id"] ?? "");
  call.account.removeList(list.id);
  return nothing(200);
}

/** `GET /lists/exclusions`; the only collection whose total is shown as a number. [doc S4] */
export function listExclusions(call: Call): Answer {
  const { exclusions } = call.account;
  const { limit, offset } = page(call.query);
  return answer(200, {
    exclusions: exclusions.slice(offset, offset + limit).map((each) => ({
      id: String(each.id), matchPhrase: each.phrase, matchType: each.match, channel: "email", hidden: "0", lists: [],
    })),
    meta: { total: exclusions.length },
  });
}

/** `POST /contactLists`: subscribes, unsubscribes and, unlike the importer, re-subscribes. [live-doc] */
export function setContactList(call: Call): Answer {
  const body = wrapped(call, "contactList");
  if (body === undefined) return nothing(400);
  const contact = contactOf(call, textOf(body["contact"]));
  if (contact === undefined) return notFound("Subscriber", textOf(body["contact"]) ?? "");
  const list = idOf(body["list"]);
  if (list === undefined || !call.account.lists.has(list)) return notFound("_List", textOf(body["list"]) ?? "");
  const number = idOf(body["status"]);
  const status = number === undefined ? undefined : statusWord(number, call.knobs.statusMeaning);
  if (status === undefined) return unshown422(call.knobs, "The value you selected is not a valid choice.");
  const member = call.account.setMembership(contact, list, status, call.now);
  return answer(call.knobs.era === 2021 ? 201 : 200, {
    contacts: [longContact(call.account, contact, call.knobs.era)],
    contactList: contactList(call.account, contact, member, call.knobs),
  });
}
