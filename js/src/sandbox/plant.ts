import { Account } from "./account.js";
import type { Knobs } from "./knobs.js";
import { DEFAULT_HOST, DEFAULT_KEY, type FieldType, type Seed } from "./seed.js";

/** `"Personalized Tag"` becomes `"PERSONALIZEDTAG"`. [recording] That `_` survives is the custom of the service's docs. */
export function normalisePerstag(perstag: string): string {
  return perstag.replaceAll(/[^A-Za-z0-9_]/gu, "").toUpperCase();
}

const CHOICES: readonly FieldType[] = ["dropdown", "radio", "checkbox", "listbox"];

function plantFields(account: Account, seed: Seed, now: number): void {
  for (const field of seed.fields ?? []) {
    const perstag = normalisePerstag(field.perstag ?? field.title);
    const stored = account.addField({ title: field.title, type: field.type, perstag, sent: {} }, now, field.id);
    for (const option of field.options ?? []) account.addOption(stored, option, option, now);
    for (const list of field.lists ?? [0]) account.addRel(stored, list, now);
  }
  const types: readonly FieldType[] = ["text", "number", "date", "dropdown", "textarea", "checkbox"];
  for (let index = 1; index <= (seed.generate?.fields ?? 0); index += 1) {
    const type = types[index % types.length] ?? "text";
    const stored = account.addField({ title: `Generated field ${index}`, type, perstag: `GENERATED_FIELD_${index}`, sent: {} }, now);
    account.addRel(stored, 0, now);
    if (CHOICES.includes(type)) for (const option of ["one", "two"]) account.addOption(stored, option, option, now);
  }
}

function plantContacts(account: Account, seed: Seed, now: number): void {
  for (const each of seed.contacts ?? []) {
    const contact = account.addContact(each.email, now, each.id);
    contact.firstName = each.firstName ?? "";
    contact.lastName = each.lastName ?? "";
    contact.phone = each.phone ?? "";
    contact.bounced = each.bounced ?? false;
    if (each.account !== undefined) account.linkOrg(contact, each.account);
    for (const [field, value] of Object.entries(each.fields ?? {})) account.setValue(contact, Number(field), value, now);
    for (const tag of each.tags ?? []) account.tagContactByName(contact, tag, now);
    for (const [list, status] of Object.entries(each.lists ?? {})) account.setMembership(contact, Number(list), status, now);
  }
  for (const email of seed.bounced ?? []) (account.contactByEmail(email) ?? account.addContact(email, now)).bounced = true;
  const firstList = account.lists.keys().next().value;
  for (let index = 1; index <= (seed.generate?.contacts ?? 0); index += 1) {
    const contact = account.addContact(`generated${index}@example.org`, now);
    contact.firstName = "Generated";
    contact.lastName = String(index);
    if (firstList !== undefined) account.setMembership(contact, firstList, "active", now);
  }
}

/** Makes the account that a checked seed describes. */
export function plant(seed: Seed, knobs: Knobs, now: number): Account {
  const account = new Account(knobs, seed.host ?? DEFAULT_HOST, seed.utcOffsetMinutes ?? -300, seed.contactLimit);
  // Ids that are given come first, so that an item without one never takes an id named further down.
  for (const list of seed.lists ?? []) if (list.id !== undefined) account.claimId("list", list.id);
  for (const field of seed.fields ?? []) if (field.id !== undefined) account.claimId("field", field.id);
  for (const contact of seed.contacts ?? []) if (contact.id !== undefined) account.claimId("contact", contact.id);
  const key = seed.key ?? DEFAULT_KEY;
  account.keys.set(key, { key, admin: true, viewLists: true, createLists: true, fields: true });
  for (const each of seed.keys ?? []) {
    account.keys.set(each.key, { admin: true, viewLists: true, createLists: true, fields: true, ...each });
  }
  for (const list of seed.lists ?? []) account.addList(list.name, {}, now, list.id);
  for (let index = 1; index <= (seed.generate?.lists ?? 0); index += 1) account.addList(`Generated list ${index}`, {}, now);
  plantFields(account, seed, now);
  for (const tag of seed.tags ?? []) {
    if (account.tagByName(tag) === undefined) account.addTag(tag, "", "contact", now);
  }
  for (let index = 1; index <= (seed.generate?.tags ?? 0); index += 1) account.addTag(`generated tag ${index}`, "", "contact", now);
  for (const exclusion of seed.exclusions ?? []) account.exclude(exclusion);
  account.claimId("user", 1);
  account.claimId("group", 3);
  plantContacts(account, seed, now);
  return account;
}
