/** Users, their roles and their tokens. */
import { type Role, KEYS, type Token, type User } from "./documents.js";
import { type Environment, json, type Versioned } from "./environment.js";
import { newToken } from "./identity.js";
import { changedMeanwhile, notAllowed, notFound, notValid, ServiceProblem } from "./problem.js";
import { isAllowed } from "./rules.js";
import type { Change } from "./store.js";

/** Longest life of a token: a year. Default: 90 days. */
const MOST_DAYS = 366;

export interface TokenInput {
  user: string;
  name: string;
  /** Days until it ends. */
  days?: number | undefined;
}

/** A token as it is shown: never its hash. */
export type ShownToken = Omit<Token, "hash">;

export class Users {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  #requireManager(user: User): void {
    if (!isAllowed(user.role, "manage_users")) throw notAllowed("manage users and tokens");
  }

  async list(user: User): Promise<Versioned<User>[]> {
    this.#requireManager(user);
    return this.#environment.every<User>("user/");
  }

  async create(user: User, id: string, role: Role): Promise<Versioned<User>> {
    this.#requireManager(user);
    const made: User = { id: id.trim(), role, active: true, createdAt: this.#environment.now() };
    // An address cannot end with dots alone: it would be that of the folder, or of the one above.
    if (/^\.*$/u.test(made.id) || made.id.length > 200) throw notValid([{ path: "id", code: "not_a_name", message: "The user needs a name of at most 200 characters, such as an e-mail address." }]);
    if (await this.#environment.find(KEYS.user(made.id))) throw notValid([{ path: "id", code: "name_taken", message: "This user is here already." }]);
    await this.#environment.change(user.id, "user.create", KEYS.user(made.id), [{ key: KEYS.user(made.id), value: json(made), version: 0 }]);
    return { value: made, version: 1 };
  }

  async update(user: User, id: string, version: number, change: { role?: Role | undefined; active?: boolean | undefined }): Promise<Versioned<User>> {
    this.#requireManager(user);
    const found = await this.#environment.user(id);
    if (found.version !== version) throw changedMeanwhile();
    const after: User = { ...found.value, role: change.role ?? found.value.role, active: change.active ?? found.value.active };
    if (isAdministrator(found.value) && !isAdministrator(after)) await this.#requireAnother(id);
    await this.#environment.change(user.id, "user.update", KEYS.user(id), [{ key: KEYS.user(id), value: json(after), version }]);
    return { value: after, version: version + 1 };
  }

  /** Without an administrator nobody could let one in again. */
  async #requireAnother(id: string): Promise<void> {
    const others = (await this.#environment.every<User>("user/")).filter(({ value }) => value.id !== id && isAdministrator(value));
    if (others.length === 0) throw new ServiceProblem(409, "last_administrator", "permission", "This is the only administrator.", "Make another user an administrator first.");
  }

  /** Tokens: all of them for administrators, a user's own for everybody else. */
  async tokens(user: User): Promise<ShownToken[]> {
    const every = await this.#environment.every<Token>("token/");
    const all = isAllowed(user.role, "manage_users");
    return every.filter(({ value }) => all || value.user === user.id).map(({ value: { hash: _hash, ...shown } }) => shown);
  }

  /** A new token; its secret is shown this once. */
  async createToken(user: User, { user: owner, name, days = 90 }: TokenInput): Promise<ShownToken & { secret: string }> {
    this.#requireManager(user);
    if (!(await this.#environment.find(KEYS.user(owner)))) throw notValid([{ path: "user", code: "unknown_user", message: "There is no such user here." }]);
    if (!(days > 0 && days <= MOST_DAYS)) throw notValid([{ path: "days", code: "days", message: `A token lives for 1 to ${MOST_DAYS} days.` }]);
    const expires = new Date(this.#environment.host.now() + days * 86_400_000).toISOString();
    const { token, secret } = await newToken(owner, name, this.#environment.host.now(), expires);
    await this.#environment.change(user.id, "token.create", KEYS.token(token.id), [{ key: KEYS.token(token.id), value: json(token), version: 0 }]);
    const { hash: _hash, ...shown } = token;
    return { ...shown, secret };
  }

  /** Ends a token at once. */
  async revokeToken(user: User, id: string): Promise<void> {
    const found = await this.#environment.find<Token>(KEYS.token(id));
    const own = found?.value.user === user.id;
    if (!found || !(own || isAllowed(user.role, "manage_users"))) throw notFound("token");
    await this.#environment.change(user.id, "token.revoke", KEYS.token(id), [{ key: KEYS.token(id), value: undefined, version: found.version }]);
  }
}

function isAdministrator({ role, active }: User): boolean {
  return role === "administrator" && active;
}

/**
 * A new token for an administrator, for whoever holds the service's data and no token any more. A user that is not there,
 * is no administrator or is shut out becomes one. Without a name: the first active administrator.
 */
export async function administratorToken(environment: Environment, id?: string): Promise<{ user: string; secret: string }> {
  const active = (await environment.every<User>("user/")).map(({ value }) => value).filter(isAdministrator);
  const name = id ?? active.sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1))[0]?.id ?? FIRST;
  const found = await environment.find<User>(KEYS.user(name));
  const user: User = { ...(found?.value ?? { id: name, createdAt: environment.now() }), role: "administrator", active: true };
  const { token, secret } = await newToken(name, "made offline", environment.host.now(), firstEnd(environment));
  const changes: Change[] = [{ key: KEYS.token(token.id), value: json(token), version: 0 }];
  if (!found || !isAdministrator(found.value)) changes.push({ key: KEYS.user(name), value: json(user), version: found?.version ?? 0 });
  await environment.change("service", "token.create_offline", KEYS.token(token.id), changes);
  return { user: name, secret };
}

/** What the first administrator is called. */
const FIRST = "admin";

function firstEnd(environment: Environment): string {
  return new Date(environment.host.now() + 90 * 86_400_000).toISOString();
}

/** Makes the first administrator, where there is no user yet: the secret of its token, to be shown once. */
export async function firstAdministrator(environment: Environment, id = FIRST): Promise<string | undefined> {
  if ((await environment.store.list("user/", { limit: 1 })).length > 0) return undefined;
  const user: User = { id, role: "administrator", active: true, createdAt: environment.now() };
  const { token, secret } = await newToken(id, "first start", environment.host.now(), firstEnd(environment));
  const made = await environment.ledger.commit({ user: "service", action: "user.create", target: KEYS.user(id) }, [
    { key: KEYS.user(id), value: json(user), version: 0 },
    { key: KEYS.token(token.id), value: json(token), version: 0 },
  ]);
  return made ? secret : undefined;
}
