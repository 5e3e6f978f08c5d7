/** What all parts of the service share. */
import type { KeyConnection } from "../types.js";
import { ExportError } from "../errors.js";
import { hostOf } from "../host.js";
import type { Host } from "../types.js";
import { type Connection, type Export, KEYS, type Run, type Segment, type User, type Webhook } from "./documents.js";
import type { PageFiles } from "./http/page.js";
import type { Authenticate } from "./identity.js";
import { Ledger } from "./ledger.js";
import { changedMeanwhile, notFound } from "./problem.js";
import type { Runner } from "./runner.js";
import { SecretBox, type Secrets } from "./secrets.js";
import { all, type Change, type Json, type ServiceStore } from "./store.js";

/** Where keys are kept that a connection only names. It is read, never written. */
export interface Vault {
  /** Names that may be chosen. */
  list(): Promise<string[]> | string[];
  read(name: string): Promise<string | undefined> | string | undefined;
}

export interface ServiceOptions {
  store: ServiceStore;
  runner: Runner;
  /** What the service seals with. */
  secrets: Secrets;
  /** Who calls; asked before the service's own tokens. */
  authenticate?: Authenticate;
  vault?: Vault;
  host?: Partial<Host>;
  /** Hosts beyond `*.api-us1.com` and `*.activehosted.com` that a connection may have. */
  allowedHosts?: readonly string[];
  /** A sandbox on this machine that stands in for every account. */
  sandbox?: string;
  /** Hosts beyond public ones that webhooks may go to. */
  webhookHosts?: readonly string[];
  /** What webhooks are called with. Default: the host's fetch; on Node one that goes to no private address. */
  callFetch?: Host["fetch"];
  /** Most profiles of one export. Default: 1,000,000. */
  maxProfiles?: number;
  /** The address of the operator's own privacy statement, shown beside the consent. */
  privacyUrl?: string;
  /** Files of the admin page, by their path; without it the service has no page. */
  page?: PageFiles;
  /** Days for which rejected profiles are kept. Default: 30. */
  rejectionsDays?: number;
}

/** A file of the admin page. */
export interface PageFile {
  type: string;
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
}

/** Most profiles of one export, as in the original. */
export const MAX_PROFILES = 1_000_000;

/** Begins the names under which a host keeps keys that a connection only names. */
export const KEY_PREFIX = "ACTIVECAMPAIGN_KEY_";

/** A record with its version. */
export interface Versioned<T> {
  value: T;
  version: number;
}

export class Environment {
  readonly options: ServiceOptions;
  readonly store: ServiceStore;
  readonly runner: Runner;
  readonly box: SecretBox;
  readonly ledger: Ledger;
  readonly host: Host;
  readonly maxProfiles: number;
  readonly rejectionsMillis: number;

  constructor(options: ServiceOptions) {
    this.options = options;
    this.store = options.store;
    this.runner = options.runner;
    this.box = new SecretBox(options.secrets);
    this.host = hostOf(options.host);
    this.ledger = new Ledger(options.store, () => this.host.now(), () => this.box.derived("audit"));
    this.maxProfiles = options.maxProfiles ?? MAX_PROFILES;
    this.rejectionsMillis = (options.rejectionsDays ?? 30) * 86_400_000;
  }

  now(): string {
    return new Date(this.host.now()).toISOString();
  }

  async find<T>(key: string): Promise<Versioned<T> | undefined> {
    const kept = await this.store.get(key);
    return kept && { value: kept.value as unknown as T, version: kept.version };
  }

  /** Throws a problem (404) when there is none. */
  async need<T>(key: string, what: string): Promise<Versioned<T>> {
    const found = await this.find<T>(key);
    if (!found) throw notFound(what);
    return found;
  }

  connection(id: string): Promise<Versioned<Connection>> {
    return this.need<Connection>(KEYS.connection(id), "connection");
  }

  segment(id: string): Promise<Versioned<Segment>> {
    return this.need<Segment>(KEYS.segment(id), "segment");
  }

  export(id: string): Promise<Versioned<Export>> {
    return this.need<Export>(KEYS.export(id), "export");
  }

  run(id: string): Promise<Versioned<Run>> {
    return this.need<Run>(KEYS.run(id), "run");
  }

  user(id: string): Promise<Versioned<User>> {
    return this.need<User>(KEYS.user(id), "user");
  }

  webhook(id: string): Promise<Versioned<Webhook>> {
    return this.need<Webhook>(KEYS.webhook(id), "webhook");
  }

  /** All records below a prefix, as far as a service has them. */
  async every<T>(prefix: string): Promise<Versioned<T>[]> {
    const found: Versioned<T>[] = [];
    for await (const { value, version } of all(this.store, prefix)) found.push({ value: value as unknown as T, version });
    return found;
  }

  /** Commits with an entry of the audit log. Throws a problem (412) when a record has changed meanwhile. */
  async change(user: string, action: string, target: string, changes: readonly Change[]): Promise<void> {
    if (!(await this.ledger.commit({ user, action, target }, changes))) throw changedMeanwhile();
  }

  /** What the package's own calls take to reach the account of a connection. */
  async account(connection: Connection): Promise<KeyConnection> {
    return this.reach(connection.host, await this.key(connection));
  }

  reach(host: string, apiKey: string): KeyConnection {
    const { allowedHosts = [], sandbox } = this.options;
    return { host, apiKey, allowedHosts: [...allowedHosts], ...(sandbox === undefined ? {} : { sandbox }) };
  }

  /** The key of a connection. Throws an `ExportError` when it cannot be had. */
  async key({ id, host, key }: Pick<Connection, "id" | "host" | "key">): Promise<string> {
    if (key.kind === "sealed") return this.box.open(key.sealed, "connection key", `${id} ${host}`);
    return this.keyByName(key.name);
  }

  async keyByName(name: string): Promise<string> {
    const found = await this.options.vault?.read(name);
    if (found !== undefined && found !== "") return found;
    throw new ExportError({
      code: "secret_missing",
      category: "credentials",
      message: `The secret "${name}" is missing, or may not be read.`,
      remedy: "Put the key there under this name, or choose another name for the connection.",
      retryHelps: true,
    });
  }
}

/** A record's value as plain data. */
export function json(value: object): Json {
  return value as unknown as Json;
}
