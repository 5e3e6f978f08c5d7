import type { StoredTag } from "./account.js";
import { type Answer, type Call, answer, idOf, notFound, nothing, page, textOf, unshown422, wrapped } from "./answer.js";
import { contactOf } from "./contacts.js";
import { contactTag, longContact, longTag, shortTag } from "./shapes.js";

function tagOf(call: Call): StoredTag | undefined {
  const id = idOf(call.params["id"]);
  return id === undefined ? undefined : call.account.tags.get(id);
}

/** `GET /tags`: `search` is a part of the name, `filters[search][eq]` all of it. */
export function listTags(call: Call): Answer {
  const part = (call.query.get("search") ?? call.query.get("filters[search][contains]"))?.toLowerCase();
  const exact = call.query.get("filters[search][eq]")?.toLowerCase();
  const all = [...call.account.tags.values()].filter((tag) => {
    const name = tag.name.toLowerCase();
    // A tag made without a type is not shown. [live-doc]
    return tag.type !== "" && (part === undefined || name.includes(part)) && (exact === undefined || name === exact);
  });
  const { limit, offset } = page(call.query);
  return answer(200, {
    tags: all.slice(offset, offset + limit).map((tag) => longTag(call.account, tag)),
    meta: { total: String(all.length) },
  });
}

export function getTag(call: Call): Answer {
  const tag = tagOf(call);
  return tag === undefined ? notFound("Tag", call.params["id"] ?? "") : answer(200, { tag: longTag(call.account, tag) });
}

/** `POST /tags` 201 [recording]; a name that exists: U26. */
export function createTag(call: Call): Answer {
  const sent = wrapped(call, "tag");
  const name = textOf(sent?.["tag"]) ?? "";
  if (sent === undefined || name === "") return nothing(400);
  const known = call.account.tagByName(name);
  if (known !== undefined) {
    return call.knobs.duplicateTag === "refuse"
      ? unshown422(call.knobs, "Tag already exists")
      : answer(200, { tag: shortTag(call.account, known) });
  }
  const tag = call.account.addTag(name, textOf(sent["description"]) ?? "", textOf(sent["tagType"]) ?? "", call.now);
  return answer(201, { tag: shortTag(call.account, tag) });
}

export function deleteTag(call: Call): Answer {
  const tag = tagOf(call);
  if (tag === undefined) return notFound("Tag", call.params["id"] ?? "");
  call.account.removeTag(tag);
  return nothing(200);
}

const NO_TAG = "No tag id provided";

/** 400 and this body in 2021 [recording]; 422 in 2026, also for a name instead of an id, body not shown [live-doc]. */
function noTag(call: Call): Answer {
  if (call.knobs.era === 2026 && call.knobs.errorEnvelope !== "array") return unshown422(call.knobs, NO_TAG);
  return answer(call.knobs.era === 2021 ? 400 : 422, {
    errors: [
      { title: "Invalid value for query parameter contactTag.tag", detail: NO_TAG, source: { parameter: "contactTag.tag" } },
    ],
  });
}

/** `POST /contactTags` */
export function applyTag(call: Call): Answer {
  const body = wrapped(call, "contactTag");
  if (body === undefined) return nothing(400);
  const id = idOf(body["tag"]);
  // The recording has neither tag nor contact, and names the tag: so the tag is looked at first.
  if (id === undefined) return noTag(call);
  if (textOf(body["contact"]) === undefined) {
    // [doc S4]
    return answer(422, { errors: [{ status: 422, title: "Missing attribute", source: { pointer: "/data/attributes/contact" } }] });
  }
  const contact = contactOf(call, textOf(body["contact"]));
  // [doc S4]
  if (contact === undefined) return answer(404, { errors: [{ status: 404, title: "Not Found", detail: "Contact not found" }] });
  if (!call.account.tags.has(id)) return notFound("Tag", String(id));
  const applied = call.account.tagContact(contact, id, call.now);
  contact.udate = call.now;
  return answer(call.knobs.era === 2021 ? 201 : 200, {
    contacts: [longContact(call.account, contact, call.knobs.era)],
    contactTag: contactTag(call.account, contact, applied),
  });
}

/** `DELETE /contactTags/:id`; class name of the 404 [recording S8]. */
export function removeContactTag(call: Call): Answer {
  const id = idOf(call.params["id"]);
  for (const contact of call.account.contacts) {
    const found = contact.tags.find((each) => each.id === id);
    if (found === undefined) continue;
    call.account.untagContact(contact, found);
    return nothing(200);
  }
  return notFound("SubscriberTag", call.params["id"] ?? "");
}
