/**
 * Changes that leave a trace: each is one commit with an entry of the audit log, whose hashes are a chain, keyed by the
 * service's secret. An entry has no
 * personal data of profiles and no secret: only who, what, and hashes of the record before and after.
 */
import { type AuditEntry, KEYS } from "./documents.js";
import { base64url, sha256 } from "./ids.js";
import { busy } from "./problem.js";
import type { Change, Json, ServiceStore } from "./store.js";

const HEAD = "ledger/head";

/** Times that a commit is tried over against others that are quicker. */
const MOST_TRIES = 20;

interface Head {
  number: number;
  hash: string;
  mac: string;
}

export interface Deed {
  user: string;
  /** Such as `connection.create`. */
  action: string;
  /** Key of the record that it is about. */
  target: string;
}

/** JSON whose keys are in order, so that equal values have equal texts. */
function canonical(value: Json | undefined): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1))) : part,
  );
}

export class Ledger {
  readonly #store: ServiceStore;
  readonly #now: () => number;
  readonly #secret: () => Promise<string>;
  #key: Promise<CryptoKey> | undefined;

  /** `secret` keys the chain: whoever has the records alone cannot make one that holds. */
  constructor(store: ServiceStore, now: () => number, secret: () => Promise<string>) {
    this.#store = store;
    this.#now = now;
    this.#secret = secret;
  }

  async #mac(what: string, value: unknown): Promise<string> {
    this.#key ??= this.#secret().then((secret) => crypto.subtle.importKey("raw", new TextEncoder().encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]));
    const text = new TextEncoder().encode(`${what} ${canonical(value as Json)}`);
    return base64url(new Uint8Array(await crypto.subtle.sign("HMAC", await this.#key, text)));
  }

  /** What the head must be: with a code of its own, so that a chain that was cut off cannot be given another end. */
  async #headOf({ number, hash }: Pick<AuditEntry, "number" | "hash">): Promise<Head> {
    return { number, hash, mac: await this.#mac("head", [number, hash]) };
  }

  /** Commits the changes with an entry for each deed. Resolves to `false` when a record is not of its version any more. */
  async commit(deeds: Deed | readonly Deed[], changes: readonly Change[]): Promise<boolean> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const kept = await this.#store.get(HEAD);
      let last = (kept?.value ?? { number: 0, hash: "" }) as unknown as Pick<AuditEntry, "number" | "hash">;
      const entries: AuditEntry[] = [];
      for (const deed of [deeds].flat() as Deed[]) {
        const entry = await this.#entry(deed, changes, last);
        entries.push(entry);
        last = entry;
      }
      const next = await this.#headOf(last);
      const all: Change[] = [
        ...changes,
        ...entries.map((entry) => ({ key: KEYS.audit(entry.number), value: entry as unknown as Json, version: 0 })),
        { key: HEAD, value: next as unknown as Json, version: kept?.version ?? 0 },
      ];
      if (await this.#store.commit(all)) return true;
      for (const { key, version } of changes) {
        if (version !== undefined && ((await this.#store.get(key))?.version ?? 0) !== version) return false;
      }
    }
    throw busy();
  }

  async #entry({ user, action, target }: Deed, changes: readonly Change[], head: Pick<AuditEntry, "number" | "hash">): Promise<AuditEntry> {
    const before = (await this.#store.get(target))?.value;
    const change = changes.find(({ key }) => key === target);
    const after = change ? change.value : before;
    const entry = {
      number: head.number + 1,
      at: new Date(this.#now()).toISOString(),
      user, action, target,
      ...(before === undefined ? {} : { before: await sha256(canonical(before)) }),
      ...(after === undefined ? {} : { after: await sha256(canonical(after)) }),
      previous: head.hash,
    };
    return { ...entry, hash: await this.#mac("entry", entry) };
  }

  /** Entries, the newest first. */
  async entries(before: number | undefined, limit: number): Promise<AuditEntry[]> {
    const found = await this.#store.list("audit/", { descending: true, limit, ...(before === undefined ? {} : { after: KEYS.audit(before) }) });
    return found.map(({ value }) => value as unknown as AuditEntry);
  }

  /** Follows the chain from its beginning: the number of the first entry that is missing or was changed. */
  async firstBroken(): Promise<number | undefined> {
    let [number, previous, after] = [0, "", "audit/"];
    for (;;) {
      const page = await this.#store.list("audit/", { after });
      for (const { key, value } of page) {
        const { hash, ...entry } = value as unknown as AuditEntry;
        number += 1;
        if (entry.number !== number || key !== KEYS.audit(number) || entry.previous !== previous || (await this.#mac("entry", entry)) !== hash) return number;
        [previous, after] = [hash, key];
      }
      if (page.length === 0) break;
    }
    const head = (await this.#store.get(HEAD))?.value as unknown as Head | undefined;
    // The newest entries may have been cut off, or all of them: a service that has users has at least the first.
    if (!head && number === 0) return (await this.#store.list("user/", { limit: 1 })).length === 0 ? undefined : 1;
    const whole = head && head.number === number && head.hash === previous && head.mac === (await this.#headOf({ number, hash: previous })).mac;
    return whole ? undefined : number + 1;
  }
}
