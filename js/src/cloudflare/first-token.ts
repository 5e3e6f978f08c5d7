/**
 * The first administrator of a service at the edge: whoever deploys the worker makes the token, and sets it as a secret.
 * Nothing has to be shown, here or in a log. It is kept as a hash, ends after 90 days, and can be revoked like any other;
 * another value of the secret is another token, also for those who have lost theirs.
 */
import { type Identity } from "../service/identity.js";
import { KEYS, type Token, type User } from "../service/documents.js";
import type { Environment } from "../service/environment.js";
import { json } from "../service/environment.js";
import { sameText, sha256 } from "../service/ids.js";
import type { ServiceStore } from "../service/store.js";
import type { Bindings } from "./runtime.js";

/** Name of the secret. */
export const ADMIN_TOKEN = "EXPORT_ADMIN_TOKEN";

/** Who sets secrets, as the audit log calls it. */
export const DEPLOYER = "deployer";

/** Its user. */
const ADMIN = "admin";

/** Shortest token, in characters. */
const SHORTEST = 32;

const DAYS = 90;

/** The token's own record, and which value of the secret was made a token last. */
const ID = "administrator001";
const SEEN = "first/seen";

/** The value of the secret; nothing when there is none, or one that could be guessed. */
export function adminToken(bindings: Bindings): string | undefined {
  const value = bindings[ADMIN_TOKEN];
  return typeof value === "string" && value.trim().length >= SHORTEST ? value.trim() : undefined;
}

/** Makes a token of a value of the secret that was not seen before. */
export async function takeAdminToken(environment: Environment, bindings: Bindings): Promise<void> {
  const secret = adminToken(bindings);
  if (secret === undefined) return;
  const { store, ledger, host } = environment;
  const [hash, seen] = [await sha256(secret), await store.get(SEEN)];
  if (seen && sameText(String(seen.value), hash)) return;
  const createdAt = environment.now();
  const token: Token = { id: ID, user: ADMIN, name: `the secret ${ADMIN_TOKEN}`, hash, createdAt, expiresAt: new Date(host.now() + DAYS * 86_400_000).toISOString() };
  const kept = await environment.find<User>(KEYS.user(ADMIN));
  const user: User = { id: ADMIN, createdAt: kept?.value.createdAt ?? createdAt, role: "administrator", active: true };
  await ledger.commit({ user: DEPLOYER, action: "token.create", target: KEYS.token(ID) }, [
    { key: KEYS.user(ADMIN), value: json(user), version: kept?.version ?? 0 },
    { key: KEYS.token(ID), value: json(token) },
    { key: SEEN, value: hash, version: seen?.version ?? 0 },
  ]);
}

/** Knows a caller by that token. */
export async function knownByAdminToken(store: ServiceStore, request: Request, now: number): Promise<Identity | undefined> {
  const [, given = ""] = /^Bearer ([\x20-\x7e]{32,500})$/u.exec(request.headers.get("authorization") ?? "") ?? [];
  if (given === "") return undefined;
  const token = (await store.get(KEYS.token(ID)))?.value as unknown as Token | undefined;
  if (!token || !sameText(await sha256(given), token.hash) || Date.parse(token.expiresAt ?? "") <= now) return undefined;
  return { user: token.user };
}
