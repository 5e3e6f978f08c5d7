import { Dates } from "./clock.js";
import type { Knobs } from "./knobs.js";
import type { FieldType, MemberStatus, SeedExclusion } from "./seed.js";

export interface StoredList {
  id: number;
  name: string;
  /** Keys as they were sent to `POST /lists`, to be shown again. */
  sent: Record<string, unknown>;
  cdate: number;
  udate: number;
  counts: Record<MemberStatus, number>;
}

export interface StoredOption {
  id: number;
  field: number;
  label: string;
  value: string;
  cdate: number;
}

export interface StoredRel {
  id: number;
  field: number;
  /** List id; 0 = every list. [doc] */
  relid: number;
  cdate: number;
}

export interface StoredField {
  id: number;
  title: string;
  type: FieldType | "";
  perstag: string;
  sent: Record<string, unknown>;
  cdate: number;
  udate: number;
  options: StoredOption[];
  rels: StoredRel[];
}

export interface StoredTag {
  id: number;
  name: string;
  description: string;
  /** Without a type a tag exists but is missing from `GET /tags`. [live-doc] */
  type: string;
  cdate: number;
  count: number;
}

export interface FieldValue {
  id: number;
  field: number;
  value: string;
  cdate: number;
  udate: number;
}

export interface ContactTag {
  id: number;
  tag: number;
  cdate: number;
}

export interface Membership {
  id: number;
  list: number;
  status: MemberStatus;
  sdate: number;
}

export interface ImportMark {
  at: number;
  batchId: string;
}

/** Arrays, not maps: a contact has few of each, and a million contacts must fit. */
export interface StoredContact {
  id: number;
  email: string;
  firstName: string;
  lastName: string;
  phone: string;
  /** Id of the linked account (company), 0 = none. */
  orgId: number;
  cdate: number;
  udate: number;
  bounced: boolean;
  automations: number;
  fields: FieldValue[];
  tags: ContactTag[];
  lists: Membership[];
  imports: ImportMark[];
}

/** What a key may do. */
export interface ApiKey {
  key: string;
  admin: boolean;
  viewLists: boolean;
  createLists: boolean;
  fields: boolean;
}

type IdKind =
  | "contact" | "list" | "field" | "tag" | "option" | "rel" | "value" | "contactTag" | "membership" | "org" | "accountContact" | "user" | "group";

/** All data of the account. Handlers and the importer's worker change it only through these methods. */
export class Account {
  readonly dates: Dates;
  readonly host: string;
  readonly contactLimit: number | undefined;
  readonly keys: Map<string, ApiKey> = new Map();
  readonly lists: Map<number, StoredList> = new Map();
  readonly fields: Map<number, StoredField> = new Map();
  readonly tags: Map<number, StoredTag> = new Map();
  readonly orgs: Map<number, string> = new Map();
  readonly users: Map<number, Record<string, unknown>> = new Map();
  readonly groups: Map<number, Record<string, unknown>> = new Map();
  readonly endings: string[] = [];
  readonly exclusions: (SeedExclusion & { id: number })[] = [];
  automationRuns = 0;
  private readonly exact: Set<string> = new Set();
  private readonly tagsByName: Map<string, StoredTag> = new Map();
  private readonly orgsByName: Map<string, number> = new Map();
  private readonly byEmail: Map<string, StoredContact> = new Map();
  /** Ordered by id, for paging with `id_greater`. */
  private readonly ordered: StoredContact[] = [];
  private readonly lastId: Map<IdKind, number> = new Map();
  private readonly knobs: Knobs;
  private indexedCase: Knobs["emailCase"];

  constructor(knobs: Knobs, host: string, utcOffsetMinutes: number, contactLimit: number | undefined) {
    this.knobs = knobs;
    this.host = host;
    this.dates = new Dates(utcOffsetMinutes);
    this.contactLimit = contactLimit;
    this.indexedCase = knobs.emailCase;
  }

  nextId(kind: IdKind): number {
    const next = (this.lastId.get(kind) ?? 0) + 1;
    this.lastId.set(kind, next);
    return next;
  }

  /** Keeps later ids above one that was given. */
  claimId(kind: IdKind, id: number | undefined): number {
    if (id === undefined) return this.nextId(kind);
    this.lastId.set(kind, Math.max(this.lastId.get(kind) ?? 0, id));
    return id;
  }

  // --- contacts ---

  /** The form under which two addresses are one contact (U14). */
  emailKey(email: string): string {
    const trimmed = email.trim();
    return this.knobs.emailCase === "insensitive" ? trimmed.toLowerCase() : trimmed;
  }

  private index(): Map<string, StoredContact> {
    if (this.indexedCase !== this.knobs.emailCase) {
      this.indexedCase = this.knobs.emailCase;
      this.byEmail.clear();
      for (const contact of this.ordered) this.byEmail.set(this.emailKey(contact.email), contact);
    }
    return this.byEmail;
  }

  get contactCount(): number {
    return this.ordered.length;
  }

  /** Every contact, by id. */
  get contacts(): readonly StoredContact[] {
    return this.ordered;
  }

  contactByEmail(email: string): StoredContact | undefined {
    return this.index().get(this.emailKey(email));
  }

  /** Position of the first contact with an id of at least `id`. */
  position(id: number): number {
    let low = 0;
    let high = this.ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ordered[middle]?.id ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  contactById(id: number): StoredContact | undefined {
    const found = this.ordered[this.position(id)];
    return found?.id === id ? found : undefined;
  }

  addContact(email: string, now: number, givenId?: number): StoredContact {
    const contact: StoredContact = {
      id: this.claimId("contact", givenId), email: email.trim(), firstName: "", lastName: "", phone: "", orgId: 0,
      cdate: now, udate: now, bounced: false, automations: 0, fields: [], tags: [], lists: [], imports: [],
    };
    const last = this.ordered[this.ordered.length - 1];
    if (last === undefined || last.id < contact.id) this.ordered.push(contact);
    else this.ordered.splice(this.position(contact.id), 0, contact);
    this.index().set(this.emailKey(email), contact);
    return contact;
  }

  changeEmail(contact: StoredContact, email: string): void {
    this.index().delete(this.emailKey(contact.email));
    contact.email = email.trim();
    this.index().set(this.emailKey(email), contact);
  }

  removeContact(contact: StoredContact): void {
    for (const member of contact.lists) this.countMember(member, -1);
    for (const each of contact.tags) this.countTag(each.tag, -1);
    this.ordered.splice(this.position(contact.id), 1);
    this.index().delete(this.emailKey(contact.email));
  }

  linkOrg(contact: StoredContact, name: string): void {
    let id = this.orgsByName.get(name.toLowerCase());
    if (id === undefined) {
      id = this.nextId("org");
      this.orgsByName.set(name.toLowerCase(), id);
      this.orgs.set(id, name);
    }
    contact.orgId = id;
  }

  isExcluded(email: string): boolean {
    const lower = email.trim().toLowerCase();
    return this.exact.has(lower) || this.endings.some((ending) => lower.endsWith(ending));
  }

  exclude(exclusion: SeedExclusion): void {
    const phrase = exclusion.phrase.toLowerCase();
    if (exclusion.match === "exact") this.exact.add(phrase);
    else this.endings.push(phrase);
    this.exclusions.push({ ...exclusion, id: this.exclusions.length + 1 });
  }

  // --- memberships ---

  private countMember(member: Membership, by: 1 | -1): void {
    const list = this.lists.get(member.list);
    if (list !== undefined) list.counts[member.status] += by;
  }

  membership(contact: StoredContact, list: number): Membership | undefined {
    return contact.lists.find((each) => each.list === list);
  }

  setMembership(contact: StoredContact, list: number, status: MemberStatus, now: number): Membership {
    const known = this.membership(contact, list);
    if (known === undefined) {
      const added: Membership = { id: this.nextId("membership"), list, status, sdate: now };
      contact.lists.push(added);
      this.countMember(added, 1);
      return added;
    }
    if (known.status !== status) {
      this.countMember(known, -1);
      known.status = status;
      known.sdate = now;
      this.countMember(known, 1);
    }
    return known;
  }

  addList(name: string, sent: Record<string, unknown>, now: number, givenId?: number): StoredList {
    const id = this.claimId("list", givenId);
    const list: StoredList = {
      id, name, sent, cdate: now, udate: now, counts: { active: 0, unsubscribed: 0, unconfirmed: 0, bounced: 0 },
    };
    this.lists.set(id, list);
    return list;
  }

  removeList(id: number): void {
    this.lists.delete(id);
    for (const contact of this.ordered) {
      if (this.membership(contact, id) !== undefined) contact.lists = contact.lists.filter((each) => each.list !== id);
    }
  }

  // --- fields ---

  addField(field: { title: string; type: StoredField["type"]; perstag: string; sent: Record<string, unknown> }, now: number, givenId?: number): StoredField {
    const stored: StoredField = { ...field, id: this.claimId("field", givenId), cdate: now, udate: now, options: [], rels: [] };
    this.fields.set(stored.id, stored);
    return stored;
  }

  addOption(field: StoredField, label: string, value: string, now: number): StoredOption {
    const option: StoredOption = { id: this.nextId("option"), field: field.id, label, value, cdate: now };
    field.options.push(option);
    return option;
  }

  addRel(field: StoredField, relid: number, now: number): StoredRel {
    const rel: StoredRel = { id: this.nextId("rel"), field: field.id, relid, cdate: now };
    field.rels.push(rel);
    return rel;
  }

  removeField(id: number): void {
    this.fields.delete(id);
    for (const contact of this.ordered) {
      if (contact.fields.some((each) => each.field === id)) contact.fields = contact.fields.filter((each) => each.field !== id);
    }
  }

  setValue(contact: StoredContact, field: number, value: string, now: number): FieldValue {
    const known = contact.fields.find((each) => each.field === field);
    if (known === undefined) {
      const added: FieldValue = { id: this.nextId("value"), field, value, cdate: now, udate: now };
      contact.fields.push(added);
      return added;
    }
    known.value = value;
    known.udate = now;
    return known;
  }

  // --- tags ---

  private countTag(id: number, by: 1 | -1): void {
    const tag = this.tags.get(id);
    if (tag !== undefined) tag.count += by;
  }

  /** Names of tags are compared without regard to case. [report S21] */
  tagByName(name: string): StoredTag | undefined {
    return this.tagsByName.get(name.toLowerCase());
  }

  addTag(name: string, description: string, type: string, now: number): StoredTag {
    const tag: StoredTag = { id: this.nextId("tag"), name, description, type, cdate: now, count: 0 };
    this.tags.set(tag.id, tag);
    this.tagsByName.set(name.toLowerCase(), tag);
    return tag;
  }

  removeTag(tag: StoredTag): void {
    this.tags.delete(tag.id);
    this.tagsByName.delete(tag.name.toLowerCase());
    for (const contact of this.ordered) {
      if (contact.tags.some((each) => each.tag === tag.id)) contact.tags = contact.tags.filter((each) => each.tag !== tag.id);
    }
  }

  /** Applying a tag again answers the same id. [live-doc] */
  tagContact(contact: StoredContact, tag: number, now: number): ContactTag {
    const known = contact.tags.find((each) => each.tag === tag);
    if (known !== undefined) return known;
    const added: ContactTag = { id: this.nextId("contactTag"), tag, cdate: now };
    contact.tags.push(added);
    this.countTag(tag, 1);
    return added;
  }

  tagContactByName(contact: StoredContact, name: string, now: number): void {
    this.tagContact(contact, (this.tagByName(name) ?? this.addTag(name, "", "contact", now)).id, now);
  }

  untagContact(contact: StoredContact, contactTag: ContactTag): void {
    contact.tags = contact.tags.filter((each) => each !== contactTag);
    this.countTag(contactTag.tag, -1);
  }
}
