/** Connections: where data may go, and who may send it there. */
import { describeAccount, testConnection } from "../account.js";
import { ExportError } from "../errors.js";
import type { Account, Issue } from "../types.js";
import { type Connection, type Export, KEYS, type SharedWith, type Tested, type User } from "./documents.js";
import { type Environment, json, type Versioned } from "./environment.js";
import { newId } from "./ids.js";
import type { Deed } from "./ledger.js";
import { changedMeanwhile, notAllowed, notFound, notValid, ofAccount, ServiceProblem } from "./problem.js";
import { connectionIssues, isAllowed, sharingOf } from "./rules.js";
import type { Change } from "./store.js";

export interface ConnectionInput {
  name: string;
  host: string;
  /** The key itself; never shown again. */
  apiKey?: string | undefined;
  /** Or the name under which the host keeps it. */
  keyName?: string | undefined;
  sharing?: SharedWith | undefined;
  consent: { agreed: boolean; version: string };
}

export interface ConnectionChange {
  name?: string | undefined;
  host?: string | undefined;
  apiKey?: string | undefined;
  keyName?: string | undefined;
  sharing?: SharedWith | undefined;
  /** Makes the caller the export user. */
  takeOver?: boolean | undefined;
}

/** What becomes of the exports that use a connection when it is removed. */
export interface RemovalPlan {
  all?: "detach" | "remove" | undefined;
  each?: Record<string, "detach" | "remove"> | undefined;
}

export class Connections {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Those that the user may use. */
  async list(user: User): Promise<Versioned<Connection>[]> {
    const every = await this.#environment.every<Connection>("connection/");
    return every.filter(({ value }) => isAllowed(user.role, "use_connection", sharingOf(value, user)));
  }

  /** One that the user may use; others are as good as not there. */
  async usable(user: User, id: string): Promise<Versioned<Connection>> {
    const found = await this.#environment.connection(id);
    if (!isAllowed(user.role, "use_connection", sharingOf(found.value, user))) throw notFound("connection");
    return found;
  }

  #requireManager(user: User, what: string): void {
    if (!isAllowed(user.role, "manage_connections")) throw notAllowed(what);
  }

  async get(user: User, id: string): Promise<Versioned<Connection>> {
    this.#requireManager(user, "see the settings of connections");
    return this.#environment.connection(id);
  }

  /** "Connect": proves that host and key work, and keeps nothing. */
  async test(user: User, { host, apiKey, keyName }: Pick<ConnectionInput, "host" | "apiKey" | "keyName">): Promise<Tested> {
    this.#requireManager(user, "make connections");
    const issues = connectionIssues({ name: "test", host, consent: { agreed: true, version: "" } }, this.#environment.options.allowedHosts ?? []).filter(({ path }) => path === "host");
    if (issues.length > 0) throw notValid(issues);
    return this.#tested(host, await this.#keyOf({ apiKey, keyName }));
  }

  /** Tests a connection that is saved, and keeps the result. */
  async retest(user: User, id: string): Promise<Tested> {
    const { value, version } = await this.get(user, id);
    const tested = await this.#retested(value);
    await this.#environment.store.commit([{ key: KEYS.connection(id), value: json({ ...value, tested }), version }]);
    return tested;
  }

  async #retested(connection: Connection): Promise<Tested> {
    try {
      return await this.#tested(connection.host, await this.#environment.key(connection));
    } catch (error) {
      if (!(error instanceof ExportError)) throw error;
      const { code, category, message, remedy, retryHelps } = error;
      return { at: this.#environment.now(), ok: false, stop: { code, category, message, remedy, retryHelps } };
    }
  }

  async #tested(host: string, key: string): Promise<Tested> {
    const { host: runtime } = this.#environment;
    return { at: this.#environment.now(), ...(await testConnection(this.#environment.reach(host, key), runtime)) };
  }

  async #keyOf({ apiKey, keyName }: Pick<ConnectionInput, "apiKey" | "keyName">): Promise<string> {
    const both = apiKey !== undefined && keyName !== undefined;
    if (both || (apiKey === undefined && keyName === undefined)) {
      const message = both ? "Give the key, or the name of a secret, not both." : "The connection needs the account's key, or the name of a secret.";
      throw notValid([{ path: "apiKey", code: both ? "both" : "missing", message }]);
    }
    if (apiKey !== undefined) return apiKey;
    try {
      return await this.#environment.keyByName(keyName ?? "");
    } catch (error) {
      if (!(error instanceof ExportError)) throw error;
      throw notValid([{ path: "keyName", code: error.code, message: `${error.message} ${error.remedy}` }]);
    }
  }

  async create(user: User, input: ConnectionInput): Promise<Versioned<Connection>> {
    this.#requireManager(user, "make connections");
    const { name, host, apiKey, keyName, sharing = { with: "administrators" }, consent } = input;
    await this.#requireGood({ name, host, sharing, consent });
    const tested = await this.#requireWorks(host, await this.#keyOf(input));
    const id = newId();
    const now = this.#environment.now();
    const connection: Connection = {
      id, type: "activecampaign", name: name.trim(), host, sharing, tested,
      key: await this.#kept(id, host, apiKey, keyName),
      consent: { by: user.id, at: now, version: consent.version },
      exportUser: user.id, createdAt: now, createdBy: user.id, updatedAt: now,
    };
    await this.#environment.change(user.id, "connection.create", KEYS.connection(id), [{ key: KEYS.connection(id), value: json(connection), version: 0 }]);
    return { value: connection, version: 1 };
  }

  async #requireWorks(host: string, key: string): Promise<Tested> {
    const tested = await this.#tested(host, key);
    if (tested.stop) throw ofAccount({ ...tested.stop, issues: tested.stop.issues ?? [] });
    return tested;
  }

  async #kept(id: string, host: string, apiKey: string | undefined, keyName: string | undefined): Promise<Connection["key"]> {
    if (apiKey === undefined) return { kind: "reference", name: keyName ?? "" };
    return { kind: "sealed", sealed: await this.#environment.box.seal(apiKey, "connection key", `${id} ${host}`), lastFour: apiKey.slice(-4) };
  }

  async #requireGood(settings: { name: string; host: string; sharing: SharedWith; consent: { agreed: boolean; version: string } }): Promise<void> {
    const issues = connectionIssues(settings, this.#environment.options.allowedHosts ?? []);
    const others = (await this.#environment.every<Connection>("connection/")).map(({ value }) => value.name);
    issues.push(...(await this.#sharingIssues(settings.sharing)));
    if (issues.length > 0) throw notValid(issues);
    // Two connections of one name could not be told apart by contributors, who see nothing else of them.
    if (others.includes(settings.name.trim())) throw notValid([{ path: "name", code: "name_taken", message: "Another connection has this name. Add its purpose or its target." }]);
  }

  async #sharingIssues(sharing: SharedWith): Promise<Issue[]> {
    if (sharing.with !== "users") return [];
    const issues: Issue[] = [];
    for (const [at, id] of sharing.users.entries()) {
      if (await this.#environment.find(KEYS.user(id))) continue;
      issues.push({ path: `sharing.users[${at}]`, code: "unknown_user", message: "There is no such user here." });
    }
    return issues;
  }

  async update(user: User, id: string, version: number, change: ConnectionChange): Promise<Versioned<Connection>> {
    const found = await this.get(user, id);
    if (found.version !== version) throw changedMeanwhile();
    const before = found.value;
    const host = change.host ?? before.host;
    const renewed = change.apiKey !== undefined || change.keyName !== undefined;
    // A sealed key opens for its host only, and must never go to another one that somebody wrote there.
    if (host !== before.host && !renewed) throw notValid([{ path: "apiKey", code: "key_for_host", message: "The hostname changes: enter the key of the new account." }]);
    if (before.key.kind === "reference" && change.apiKey !== undefined) {
      throw notValid([{ path: "apiKey", code: "by_reference", message: "This connection has its key by name. Choose another name, or make a new connection for a typed key." }]);
    }
    const name = (change.name ?? before.name).trim();
    const sharing = change.sharing ?? before.sharing;
    const issues = connectionIssues({ name, host, sharing, consent: { agreed: true, version: "" } }, this.#environment.options.allowedHosts ?? []).filter(({ path }) => !path.startsWith("consent"));
    issues.push(...(change.sharing ? await this.#sharingIssues(sharing) : []));
    if (issues.length > 0) throw notValid(issues);
    const tested = renewed ? await this.#requireWorks(host, await this.#keyOf(change)) : before.tested;
    const key = renewed ? await this.#kept(id, host, change.apiKey, change.keyName) : before.key;
    const after: Connection = { ...before, name, host, sharing, key, tested, updatedAt: this.#environment.now(), ...(change.takeOver ? { exportUser: user.id } : {}) };
    await this.#environment.change(user.id, renewed ? "connection.rotate_key" : "connection.update", KEYS.connection(id), [{ key: KEYS.connection(id), value: json(after), version }]);
    return { value: after, version: version + 1 };
  }

  /** The exports on a connection. */
  async usedBy(id: string): Promise<Versioned<Export>[]> {
    return (await this.#environment.every<Export>("export/")).filter(({ value }) => value.connection === id);
  }

  /** Removes a connection, when it was said for each export on it what becomes of it. */
  async remove(user: User, id: string, version: number, { all, each = {} }: RemovalPlan): Promise<void> {
    const found = await this.get(user, id);
    if (found.version !== version) throw changedMeanwhile();
    const used = await this.usedBy(id);
    const open = used.filter(({ value }) => (each[value.id] ?? all) === undefined);
    if (open.length > 0) {
      const inTheWay = open.map(({ value }) => ({ id: value.id, name: value.name }));
      throw new ServiceProblem(409, "in_use", "settings", "Exports use this connection.", "Say for each whether it is to be removed or detached; a detached one keeps its configuration and does not run.", { inTheWay });
    }
    const changes: Change[] = [{ key: KEYS.connection(id), value: undefined, version }];
    const deeds: Deed[] = [{ user: user.id, action: "connection.remove", target: KEYS.connection(id) }];
    for (const { value, version: own } of used) {
      const removed = (each[value.id] ?? all) === "remove";
      deeds.push({ user: user.id, action: removed ? "export.remove" : "export.detach", target: KEYS.export(value.id) });
      changes.push({ key: KEYS.export(value.id), value: removed ? undefined : json({ ...value, connection: null, updatedAt: this.#environment.now(), updatedBy: user.id }), version: own });
      changes.push({ key: KEYS.due(value.id), value: undefined });
    }
    if (!(await this.#environment.ledger.commit(deeds, changes))) throw changedMeanwhile();
  }

  /** Lists, fields and tags of the account, all of them. */
  async account(user: User, id: string): Promise<Account> {
    const { value } = await this.usable(user, id);
    return this.describe(value);
  }

  async describe(connection: Connection): Promise<Account> {
    try {
      return await describeAccount(await this.#environment.account(connection), this.#environment.host);
    } catch (error) {
      if (error instanceof ExportError) throw ofAccount(error);
      throw error;
    }
  }

  /** Seals anew what an old version of the secret has sealed; how many there were. */
  async reseal(user: User): Promise<number> {
    this.#requireManager(user, "rotate the service's secret");
    let count = 0;
    for (const { value, version } of await this.#environment.every<Connection>("connection/")) {
      if (value.key.kind !== "sealed") continue;
      const sealed = await this.#environment.box.reseal(value.key.sealed, "connection key", `${value.id} ${value.host}`);
      if (sealed === undefined) continue;
      await this.#environment.change(user.id, "connection.reseal", KEYS.connection(value.id), [{ key: KEYS.connection(value.id), value: json({ ...value, key: { ...value.key, sealed } }), version }]);
      count += 1;
    }
    return count;
  }
}
