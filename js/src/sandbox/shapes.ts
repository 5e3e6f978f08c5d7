import type { Account, ContactTag, FieldValue, Membership, StoredContact, StoredField, StoredList, StoredOption, StoredRel, StoredTag } from "./account.js";
import type { Knobs } from "./knobs.js";
import type { MemberStatus } from "./seed.js";

/** Bodies as the service writes them: keys, key order and JSON types are those of the recordings unless said otherwise. */
export type Json = Record<string, unknown>;

function links(account: Account, path: string, names: readonly string[]): Json {
  const out: Json = {};
  for (const name of names) {
    const query = name === "contactAutomations" ? "?limit=1000&orders%5Blastdate%5D=DESC" : "";
    out[name] = `https://${account.host}/api/3/${path}/${name}${query}`;
  }
  return out;
}

const CONTACT_LINKS: readonly string[] = [
  "bounceLogs", "contactAutomations", "contactData", "contactGoals", "contactLists", "contactLogs", "contactTags", "contactDeals",
  "deals", "fieldValues", "geoIps", "notes", "organization", "plusAppend", "trackingLogs", "scoreValues", "accountContacts",
  "automationEntryCounts",
];

/** The service answers an MD5; here 32 digits made of the id, so that equal contacts keep equal hashes. */
function hash(contact: StoredContact): string {
  return String(contact.id).padStart(32, "0");
}

/** The form of a contact just created: 13 keys. [recording contact-sync-201, contact-create-201] */
export function shortContact(account: Account, contact: StoredContact): Json {
  const { dates } = account;
  return {
    email: contact.email,
    phone: contact.phone,
    firstName: contact.firstName,
    lastName: contact.lastName,
    email_empty: false,
    cdate: dates.iso(contact.cdate),
    udate: dates.iso(contact.udate),
    orgid: "",
    orgname: "",
    links: links(account, `contacts/${contact.id}`, CONTACT_LINKS),
    hash: hash(contact),
    id: String(contact.id),
    organization: "",
  };
}

/** Keys that the long form gained until 2026. Names [live-doc S12], values invented. */
const CONTACT_2026: Readonly<Json> = {
  mpp_tracking: "0", last_click_date: null, last_open_date: null, last_mpp_open_date: null, best_send_hour: null,
  sms_consent: "0", sms_consent_updated_at: null, whatsapp_id: null, whatsapp_username: null,
};

/** The form of a contact that existed before: 36 keys. [recording contact-update-200] */
export function longContact(account: Account, contact: StoredContact, era: Knobs["era"]): Json {
  const { dates } = account;
  const created = dates.stamp(contact.cdate);
  const updated = dates.stamp(contact.udate);
  return {
    cdate: dates.iso(contact.cdate),
    email: contact.email,
    phone: contact.phone,
    firstName: contact.firstName,
    lastName: contact.lastName,
    orgid: String(contact.orgId),
    orgname: account.orgs.get(contact.orgId) ?? "",
    segmentio_id: "",
    bounced_hard: contact.bounced ? "1" : "0",
    bounced_soft: "0",
    bounced_date: null,
    ip: "0",
    ua: null,
    hash: hash(contact),
    socialdata_lastcheck: null,
    email_local: "",
    email_domain: "",
    sentcnt: "0",
    rating_tstamp: null,
    gravatar: "0",
    deleted: "0",
    anonymized: "0",
    adate: null,
    udate: dates.iso(contact.udate),
    edate: null,
    deleted_at: null,
    created_utc_timestamp: created,
    updated_utc_timestamp: updated,
    created_timestamp: created,
    updated_timestamp: updated,
    created_by: null,
    updated_by: null,
    ...(era === 2026 ? CONTACT_2026 : {}),
    email_empty: false,
    links: links(account, `contacts/${contact.id}`, CONTACT_LINKS),
    id: String(contact.id),
    organization: null,
  };
}

/** A contact in `GET /contacts`: two keys more. [recording S7, S8: counts and names only] */
export function listedContact(account: Account, contact: StoredContact, era: Knobs["era"]): Json {
  // The recorded contact with an account has `accountContacts:["6"]`; here the contact's own id stands for it.
  const accountContacts = contact.orgId === 0 ? [] : [String(contact.id)];
  return { scoreValues: [], accountContacts, ...longContact(account, contact, era) };
}

/** U27. In the reading of the live document 0 is "not set", which is what a bounced membership is shown as (invented). */
export function statusNumber(status: MemberStatus, meaning: Knobs["statusMeaning"]): number {
  if (status === "active") return 1;
  if (status === "unsubscribed") return 2;
  if (meaning === "docs") return status === "unconfirmed" ? 0 : 3;
  return status === "unconfirmed" ? 3 : 0;
}

export function statusWord(number: number, meaning: Knobs["statusMeaning"]): MemberStatus | undefined {
  const words: readonly MemberStatus[] = ["active", "unsubscribed", "unconfirmed", "bounced"];
  return words.find((word) => statusNumber(word, meaning) === number);
}

const MEMBERSHIP_LINKS: readonly string[] = [
  "automation", "list", "contact", "form", "autosyncLog", "campaign", "unsubscribeAutomation", "message",
];

/** [recording contact-list-subscribe-201]; integers and `sourceid` 4 in 2026 [live-doc]. */
export function contactList(account: Account, contact: StoredContact, member: Membership, knobs: Knobs): Json {
  const id = (value: number): string | number => (knobs.era === 2021 ? String(value) : value);
  return {
    status: statusNumber(member.status, knobs.statusMeaning),
    list: id(member.list),
    contact: id(contact.id),
    sdate: account.dates.iso(member.sdate),
    udate: null,
    unsubreason: "",
    campaign: null,
    message: null,
    first_name: contact.firstName,
    last_name: contact.lastName,
    sourceid: knobs.era === 2021 ? 3 : 4,
    unsubscribeAutomation: null,
    links: links(account, `contactLists/${member.id}`, MEMBERSHIP_LINKS),
    id: String(member.id),
  };
}

/** [recording contact-tag-create-201] */
export function contactTag(account: Account, contact: StoredContact, applied: ContactTag): Json {
  return {
    contact: String(contact.id),
    tag: String(applied.tag),
    cdate: account.dates.iso(applied.cdate),
    links: links(account, `contactTags/${applied.id}`, ["tag", "contact"]),
    id: String(applied.id),
  };
}

/** Keys and order [recording S7, quoted in the contract]; names of the links [doc S4]. */
export function fieldValue(account: Account, contact: StoredContact, value: FieldValue): Json {
  return {
    contact: String(contact.id),
    field: String(value.field),
    value: value.value,
    cdate: account.dates.iso(value.cdate),
    udate: account.dates.iso(value.udate),
    links: links(account, `fieldValues/${value.id}`, ["owner", "field"]),
    owner: String(contact.id),
    id: String(value.id),
  };
}

const LIST_LINKS: readonly string[] = ["contactGoalLists", "user", "addressLists"];

/** What `POST /lists` answers: the keys that were sent, then four. [recording] */
export function shortList(account: Account, list: StoredList): Json {
  return {
    ...list.sent,
    cdate: account.dates.iso(list.cdate),
    udate: account.dates.iso(list.udate),
    links: links(account, `lists/${list.id}`, LIST_LINKS),
    id: String(list.id),
  };
}

function sentText(sent: Json, name: string, otherwise: string): string {
  const value = sent[name];
  return typeof value === "string" ? value : otherwise;
}

/** Keys that lists gained until 2026. [live-doc S12: names; values as text, like all counts] */
function list2026(list: StoredList): Json {
  const { active, unsubscribed, unconfirmed, bounced } = list.counts;
  return { active_subscribers: String(active), non_deleted_subscribers: String(active + unsubscribed + unconfirmed + bounced), channel: "email" };
}

/** [recording lists-list-200, list-get-200] */
export function longList(account: Account, list: StoredList, era: Knobs["era"]): Json {
  const { dates } = account;
  const slug = list.name.toLowerCase().replaceAll(/[^a-z0-9]+/gu, "-");
  return {
    stringid: sentText(list.sent, "stringid", slug),
    userid: "0", name: list.name, cdate: dates.iso(list.cdate),
    p_use_tracking: "1", p_use_analytics_read: "0", p_use_analytics_link: "0", p_use_twitter: "0", p_use_facebook: "0",
    p_embed_image: "1", p_use_captcha: "1", send_last_broadcast: "0", private: "0",
    analytics_domains: null, analytics_source: "", analytics_ua: "", twitter_token: "", twitter_token_secret: "",
    facebook_session: null, carboncopy: null, subscription_notify: null, unsubscription_notify: null,
    require_name: "0", get_unsubscribe_reason: "0", to_name: "Subscriber", optinoptout: "1",
    sender_name: "", sender_addr1: "", sender_addr2: "", sender_city: "", sender_state: "", sender_zip: "",
    sender_country: "", sender_phone: "",
    sender_url: sentText(list.sent, "sender_url", ""),
    sender_reminder: sentText(list.sent, "sender_reminder", ""),
    fulladdress: null, optinmessageid: "0", optoutconf: "0", deletestamp: null,
    udate: dates.iso(list.udate), created_timestamp: dates.stamp(list.cdate), updated_timestamp: dates.stamp(list.udate),
    created_by: null, updated_by: null,
    ...(era === 2026 ? list2026(list) : {}),
    links: links(account, `lists/${list.id}`, LIST_LINKS),
    id: String(list.id),
    user: null,
  };
}

/** What `POST /fields` answers. `ordernum` is an integer here and text in the list. [recording] */
export function shortField(account: Account, field: StoredField): Json {
  return {
    ...field.sent,
    perstag: field.perstag,
    created_by: "1",
    updated_by: "1",
    cdate: account.dates.iso(field.cdate),
    udate: account.dates.iso(field.udate),
    ordernum: 1,
    links: links(account, `fields/${field.id}`, ["options", "relations"]),
    id: String(field.id),
  };
}

/** [recording fields-list-200] */
export function longField(account: Account, field: StoredField): Json {
  const { dates } = account;
  return {
    title: field.title,
    descript: sentText(field.sent, "descript", ""),
    type: field.type,
    isrequired: sentText(field.sent, "isrequired", "0"),
    perstag: field.perstag,
    defval: sentText(field.sent, "defval", ""),
    show_in_list: "0",
    rows: "0",
    cols: "0",
    visible: sentText(field.sent, "visible", "1"),
    service: "",
    ordernum: "1",
    cdate: dates.iso(field.cdate),
    udate: dates.iso(field.udate),
    created_timestamp: dates.stamp(field.cdate),
    updated_timestamp: dates.stamp(field.udate),
    created_by: "1",
    updated_by: "1",
    options: field.options.map((option) => String(option.id)),
    relations: field.rels.map((rel) => String(rel.id)),
    links: links(account, `fields/${field.id}`, ["options", "relations"]),
    id: String(field.id),
  };
}

/** [recording field-options-create-201] */
export function fieldOption(account: Account, option: StoredOption): Json {
  return {
    label: option.label,
    value: option.value,
    field: String(option.field),
    cdate: account.dates.iso(option.cdate),
    udate: account.dates.iso(option.cdate),
    links: links(account, `fieldOptions/${option.id}`, ["field"]),
    id: String(option.id),
  };
}

/** [recording S7, quoted in the contract] */
export function fieldRel(account: Account, rel: StoredRel): Json {
  return { relid: String(rel.relid), field: String(rel.field), cdate: account.dates.iso(rel.cdate), links: [], id: String(rel.id) };
}

/** What `POST /tags` answers. [recording contact-tag-create-201] */
export function shortTag(account: Account, tag: StoredTag): Json {
  return {
    tag: tag.name,
    description: tag.description,
    tagType: tag.type,
    cdate: account.dates.iso(tag.cdate),
    links: links(account, `tags/${tag.id}`, ["contactGoalTags"]),
    id: String(tag.id),
  };
}

/** [recording tags-list-200] */
export function longTag(account: Account, tag: StoredTag): Json {
  const { dates } = account;
  return {
    tagType: tag.type,
    tag: tag.name,
    description: tag.description,
    subscriber_count: String(tag.count),
    cdate: dates.iso(tag.cdate),
    created_timestamp: dates.stamp(tag.cdate),
    updated_timestamp: dates.stamp(tag.cdate),
    created_by: null,
    updated_by: null,
    links: links(account, `tags/${tag.id}`, ["contactGoalTags"]),
    id: String(tag.id),
  };
}

const USER_LINKS: readonly string[] = [
  "lists", "userGroup", "dealGroupTotals", "dealGroupUsers", "configs", "dealConnection", "userConversationsPermission", "seatUser",
];

export function userLinks(account: Account, id: number): Json {
  return links(account, `users/${id}`, USER_LINKS);
}

export function groupLinks(account: Account, id: number): Json {
  return links(account, `groups/${id}`, [
    "userGroups", "groupLimit", "dealGroupGroups", "listGroups", "addressGroups", "automationGroups",
  ]);
}
