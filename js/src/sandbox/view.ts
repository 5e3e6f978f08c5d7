import type { Account, StoredContact } from "./account.js";
import type { FieldType, MemberStatus } from "./seed.js";
import type { Batch, Worker } from "./worker.js";

export interface ContactView {
  id: number;
  email: string;
  firstName: string;
  lastName: string;
  phone: string;
  /** Name of the linked account (company), or empty. */
  account: string;
  bounced: boolean;
  /** Values by field id. */
  fields: Record<string, string>;
  tags: string[];
  /** Status by list id. */
  lists: Record<string, MemberStatus>;
  /** Each time an import wrote the contact. */
  imports: { at: number; batchId: string }[];
  /** How often an import let automations run. */
  automations: number;
}

export interface ListView {
  id: number;
  name: string;
  counts: Record<MemberStatus, number>;
}

export interface FieldView {
  id: number;
  title: string;
  type: FieldType | "";
  perstag: string;
  options: string[];
}

export interface TagView {
  id: number;
  name: string;
  contacts: number;
}

export interface BatchView {
  id: string;
  received: number;
  status: string | false;
  /** Contacts sent. */
  contacts: number;
  success: number;
  created: number;
  failure: string[];
  excludeAutomations: boolean;
}

export interface RequestView {
  time: number;
  method: string;
  /** With the query. */
  path: string;
  /** 0 = the connection broke. */
  status: number;
  fault?: string;
}

const LOG_SIZE = 1_000;

/** The last requests, and how many there were in all. */
export class RequestLog {
  count = 0;
  private entries: RequestView[] = [];

  add(entry: RequestView): void {
    this.count += 1;
    this.entries.push(entry);
    if (this.entries.length >= 2 * LOG_SIZE) this.entries = this.entries.slice(-LOG_SIZE);
  }

  last(): RequestView[] {
    return this.entries.slice(-LOG_SIZE);
  }
}

/** The account as tests see it. Everything read is a copy, as of the moment of reading. */
export class AccountView {
  private readonly account: Account;
  private readonly worker: Worker;
  private readonly log: RequestLog;

  constructor(account: Account, worker: Worker, log: RequestLog) {
    this.account = account;
    this.worker = worker;
    this.log = log;
  }

  private seen(): Account {
    this.worker.settle();
    return this.account;
  }

  private view(contact: StoredContact): ContactView {
    const { account } = this;
    return {
      id: contact.id,
      email: contact.email,
      firstName: contact.firstName,
      lastName: contact.lastName,
      phone: contact.phone,
      account: account.orgs.get(contact.orgId) ?? "",
      bounced: contact.bounced,
      fields: Object.fromEntries(contact.fields.map((each) => [String(each.field), each.value])),
      tags: contact.tags.map((each) => account.tags.get(each.tag)?.name ?? ""),
      lists: Object.fromEntries(contact.lists.map((each) => [String(each.list), each.status])),
      imports: contact.imports.map((each) => ({ ...each })),
      automations: contact.automations,
    };
  }

  /** Every contact, by id. Copies them all: for a large account use `contact` or `contactsFrom`. */
  get contacts(): ContactView[] {
    return this.seen().contacts.map((contact) => this.view(contact));
  }

  get contactCount(): number {
    return this.seen().contactCount;
  }

  contact(email: string): ContactView | undefined {
    const found = this.seen().contactByEmail(email);
    return found === undefined ? undefined : this.view(found);
  }

  /** At most `limit` contacts with an id above `after`. */
  contactsFrom(after: number, limit: number): ContactView[] {
    const account = this.seen();
    const from = account.position(after + 1);
    return account.contacts.slice(from, from + limit).map((contact) => this.view(contact));
  }

  get lists(): ListView[] {
    return [...this.seen().lists.values()].map(({ id, name, counts }) => ({ id, name, counts: { ...counts } }));
  }

  get fields(): FieldView[] {
    return [...this.seen().fields.values()].map(({ id, title, type, perstag, options }) => ({
      id, title, type, perstag, options: options.map((option) => option.value),
    }));
  }

  get tags(): TagView[] {
    return [...this.seen().tags.values()].map(({ id, name, count }) => ({ id, name, contacts: count }));
  }

  private batchView(batch: Batch): BatchView {
    return {
      id: batch.id,
      received: batch.received,
      status: this.worker.status(batch),
      contacts: batch.contactCount,
      success: batch.success.length,
      created: batch.created.length,
      failure: [...batch.failure],
      excludeAutomations: batch.excludeAutomations,
    };
  }

  get batches(): BatchView[] {
    this.seen();
    return [...this.worker.batches.values()].map((batch) => this.batchView(batch));
  }

  /** Imports that let automations run, contacts counted one by one. */
  get automationRuns(): number {
    return this.seen().automationRuns;
  }

  /** The last 1,000 or so. */
  get requests(): RequestView[] {
    return this.log.last();
  }

  /** Of all requests to the API since the start. */
  get requestCount(): number {
    return this.log.count;
  }
}
