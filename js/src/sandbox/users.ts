import { type Answer, type Call, answer, forbidden, idOf, notFound, nothing, textOf, wrapped } from "./answer.js";
import { groupLinks, userLinks } from "./shapes.js";

/** `GET /users/me`: needs no administrator. [recording user-me-200] */
export function getMe(call: Call): Answer {
  return answer(200, {
    user: {
      username: "admin",
      firstName: "Sandy",
      lastName: "Box",
      email: "sandbox@example.com",
      phone: "",
      signature: "",
      localZoneid: "America/Chicago",
      password_updated_utc_timestamp: "0000-00-00 00:00:00",
      cdate: null,
      udate: call.account.dates.iso(call.now),
      mfaEnabled: "0",
      links: userLinks(call.account, 1),
      id: "1",
    },
  });
}

/** `GET /settings/account`: flat, administrators only. [doc S14: keys and the types named there; values invented] */
export function getSettings(call: Call): Answer {
  if (!call.key.admin) return forbidden();
  return answer(200, {
    account: call.account.host,
    email: "sandbox@example.com",
    first_name: "Sandy",
    last_name: "Box",
    cname: "",
    status: call.knobs.accountState === "active" ? "active" : "suspend",
    subscriber_limit: call.account.contactLimit ?? 0,
    subscriber_total: call.account.contactCount,
    trial: false,
    credits: null,
    branding: false,
  });
}

/** `POST /groups` [recording user-me-200] */
export function createGroup(call: Call): Answer {
  const sent = wrapped(call, "group");
  if (sent === undefined) return nothing(400);
  const id = call.account.nextId("group");
  const group = { ...sent, p_admin: 1, links: groupLinks(call.account, id), id: String(id) };
  call.account.groups.set(id, group);
  return answer(201, { group });
}

/** `POST /users` [recording user-me-200]: group and password are not shown again. */
export function createUser(call: Call): Answer {
  const sent = wrapped(call, "user");
  if (sent === undefined) return nothing(400);
  const id = call.account.nextId("user");
  const date = call.account.dates.iso(call.now);
  const user = {
    username: textOf(sent["username"]) ?? "",
    email: textOf(sent["email"]) ?? "",
    firstName: textOf(sent["firstName"]) ?? "",
    lastName: textOf(sent["lastName"]) ?? "",
    localZoneid: "America/Chicago",
    cdate: date,
    udate: date,
    links: userLinks(call.account, id),
    id: String(id),
  };
  call.account.users.set(id, user);
  return answer(201, { user });
}

export function deleteUser(call: Call): Answer {
  const id = idOf(call.params["id"]) ?? -1;
  return call.account.users.delete(id) ? nothing(200) : notFound("User", call.params["id"] ?? "");
}

export function deleteGroup(call: Call): Answer {
  const id = idOf(call.params["id"]) ?? -1;
  return call.account.groups.delete(id) ? nothing(200) : notFound("Group", call.params["id"] ?? "");
}
