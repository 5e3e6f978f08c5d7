import type { Account, StoredContact, StoredField } from "./account.js";
import { isAddress } from "./address.js";
import type { Knobs } from "./knobs.js";
import type { ImportContact } from "./validate.js";

/**
 * What the worker did with one contact. "failure" goes into `failure`; "skipped" does so too unless the knob
 * `skipped` hides it; with "limit" the account was full.
 */
export type Outcome =
  | { kind: "created" | "updated"; id: number }
  | { kind: "failure" | "skipped" | "limit" };

const ISO_WITH_OFFSET = /^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:?\d{2})$/u;

/** U16: what is stored of a value of a field with options; nothing = leave the field alone, false = the contact fails. */
function choice(field: StoredField, value: string, knobs: Knobs): string | undefined | false {
  const parts = value.split("||").filter((part) => part !== "");
  const known = parts.filter((part) => field.options.some((option) => option.value === part));
  if (known.length === parts.length || knobs.unknownOption === "store") return value;
  if (knobs.unknownOption === "failure") return false;
  if (known.length === 0) return undefined;
  return `||${known.join("||")}||`;
}

/** A custom value as it is stored, or nothing, or false. Shared by the importer and the contact endpoints. */
export function storable(account: Account, knobs: Knobs, field: StoredField, value: string): string | undefined | false {
  if (value === "") return value;
  switch (field.type) {
    case "dropdown":
    case "radio":
    case "checkbox":
    case "listbox":
      return choice(field, value, knobs);
    case "datetime": {
      // Stored in the time zone of the account. [live-doc]
      const time = ISO_WITH_OFFSET.test(value) ? Date.parse(value) : Number.NaN;
      return Number.isNaN(time) ? value : account.dates.iso(time);
    }
    default:
      return value;
  }
}

/** U18, as far as it changes values. */
function fit(value: string, knobs: Knobs): string {
  let out = value;
  if (knobs.emoji === "strip") out = out.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, "");
  if (knobs.longValues === "truncate" && out.length > knobs.maxLength) out = [...out].slice(0, knobs.maxLength).join("");
  return out;
}

interface Prepared {
  values: { field: number; value: string }[];
  subscribe: number[];
  unsubscribe: number[];
}

/** Applies imported contacts to the account, by the rules of section 3.5. */
export class Upserter {
  private readonly account: Account;
  private readonly knobs: Knobs;

  constructor(account: Account, knobs: Knobs) {
    this.account = account;
    this.knobs = knobs;
  }

  private prepare(contact: ImportContact): Prepared | undefined {
    const { account, knobs } = this;
    const prepared: Prepared = { values: [], subscribe: [], unsubscribe: [] };
    for (const { id, value } of contact.fields) {
      const field = account.fields.get(id);
      if (field === undefined) {
        if (knobs.unknownField === "failure") return undefined;
        continue;
      }
      if (value === "" && knobs.blanks === "ignore") continue;
      const stored = storable(account, knobs, field, fit(value, knobs));
      if (stored === false) return undefined;
      if (stored !== undefined) prepared.values.push({ field: id, value: stored });
    }
    for (const name of ["subscribe", "unsubscribe"] as const) {
      for (const list of contact[name]) {
        if (account.lists.has(list)) prepared[name].push(list);
        else if (knobs.unknownList === "failure") return undefined;
      }
    }
    return prepared;
  }

  private write(stored: StoredContact, contact: ImportContact, prepared: Prepared, now: number): void {
    const { account, knobs } = this;
    const text = (value: string | undefined, before: string): string => {
      if (value === undefined || (value === "" && knobs.blanks === "ignore")) return before;
      return fit(value, knobs);
    };
    stored.firstName = text(contact.texts.first_name, stored.firstName);
    stored.lastName = text(contact.texts.last_name, stored.lastName);
    // Phone numbers are kept as they were sent. [recording]
    stored.phone = text(contact.texts.phone, stored.phone);
    const company = contact.texts.customer_acct_name;
    if (company !== undefined && company !== "") account.linkOrg(stored, company);
    for (const { field, value } of prepared.values) account.setValue(stored, field, value, now);
    for (const tag of contact.tags) account.tagContactByName(stored, tag, now);
    stored.udate = now;
  }

  /** Whether an import may put the contact on the list: not if it once left it. [doc S1] */
  private mayJoin(stored: StoredContact, list: number): boolean {
    return this.account.membership(stored, list)?.status !== "unsubscribed";
  }

  apply(contact: ImportContact, now: number, batchId: string, automations: boolean): Outcome {
    const { account, knobs } = this;
    if (account.isExcluded(contact.email)) return { kind: "skipped" };
    if (!isAddress(contact.email)) return { kind: "failure" };
    const prepared = this.prepare(contact);
    if (prepared === undefined) return { kind: "failure" };
    const known = account.contactByEmail(contact.email);
    if (known?.bounced === true) return { kind: "skipped" };
    if (known === undefined && knobs.contactLimit === "failure" && account.contactCount >= (account.contactLimit ?? Infinity)) {
      return { kind: "limit" };
    }
    const refused = known !== undefined && prepared.subscribe.some((list) => !this.mayJoin(known, list));
    if (refused && !knobs.updateUnsubscribed) return { kind: "skipped" };
    const stored = known ?? account.addContact(contact.email, now);
    this.write(stored, contact, prepared, now);
    for (const list of prepared.subscribe) {
      if (!this.mayJoin(stored, list)) continue;
      // U19: with confirmation mails a new member has to confirm first; who is active stays so.
      const waits = knobs.confirmation === "sent" && account.membership(stored, list)?.status !== "active";
      account.setMembership(stored, list, waits ? "unconfirmed" : "active", now);
    }
    for (const list of prepared.unsubscribe) account.setMembership(stored, list, "unsubscribed", now);
    stored.imports.push({ at: now, batchId });
    if (automations) {
      stored.automations += 1;
      account.automationRuns += 1;
    }
    if (refused) return { kind: "skipped" };
    return { kind: known === undefined ? "created" : "updated", id: stored.id };
  }
}
