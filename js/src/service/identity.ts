/**
 * Who calls. The host may know its callers by itself; otherwise a bearer token of this service does, or a token that an
 * identity provider has signed. What a caller may do, the service decides: see `rules.ts`.
 */
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from "jose";
import { type Role, KEYS, type Token, type User } from "./documents.js";
import { newId, newSecret, sameText, sha256 } from "./ids.js";
import type { ServiceStore } from "./store.js";

/** A caller as the host knows it. */
export interface Identity {
  /** The user's name, such as an e-mail address: letters that do not change. */
  user: string;
  /** Where the host decides it; otherwise the one that an administrator gave the user. */
  role?: Role;
}

/** The scheme of a token, in letters of either case (RFC 9110, 11.1). */
const SCHEME = /^bearer +/iu;

export type Authenticate = (request: Request) => Promise<Identity | undefined> | Identity | undefined;

export interface OidcOptions {
  /** Who signs, as it stands in `iss`: `https://TEAM.cloudflareaccess.com` for Cloudflare Access. */
  issuer: string;
  /** For whom, as it stands in `aud`. */
  audience: string;
  /** Where its keys are. For Cloudflare Access: `ISSUER/cdn-cgi/access/certs`. */
  jwksUrl?: string;
  /** The keys themselves, instead. */
  keys?: JWTVerifyGetKey;
  /** The claim that names the user. Default: `email`. */
  claim?: string;
  /** The header that carries the token. Default: `authorization`; for Cloudflare Access `cf-access-jwt-assertion`. */
  header?: string;
  /** Default: the asymmetric ones that providers use. */
  algorithms?: string[];
}

/** Knows callers by what an identity provider has signed: issuer, audience, algorithm and time are checked. */
export function oidc({ issuer, audience, jwksUrl, keys, claim = "email", header = "authorization", algorithms = ["RS256", "ES256", "EdDSA"] }: OidcOptions): Authenticate {
  const given = keys ?? createRemoteJWKSet(new URL(jwksUrl ?? `${issuer}/.well-known/jwks.json`));
  return async (request) => {
    const token = (request.headers.get(header) ?? "").replace(SCHEME, "");
    if (token === "" || token.startsWith(TOKEN_PREFIX)) return undefined;
    try {
      const { payload } = await jwtVerify(token, given, { issuer, audience, algorithms, requiredClaims: ["exp"] });
      const user = payload[claim];
      return typeof user === "string" && user !== "" ? { user } : undefined;
    } catch {
      return undefined;
    }
  };
}

/** Tells a token of this service from others, also for scanners of leaked secrets. */
const TOKEN_PREFIX = "acx_";

/** A new token: what is kept, and what is shown once. */
export async function newToken(user: string, name: string, now: number, expiresAt?: string): Promise<{ token: Token; secret: string }> {
  const id = newId();
  const secret = `${TOKEN_PREFIX}${id}_${newSecret()}`;
  const token: Token = { id, user, name, hash: await sha256(secret), createdAt: new Date(now).toISOString(), ...(expiresAt === undefined ? {} : { expiresAt }) };
  return { token, secret };
}

/** Knows callers by the service's own tokens. */
export function bearerTokens(store: ServiceStore, now: () => number): Authenticate {
  return async (request) => {
    const header = request.headers.get("authorization") ?? "";
    const given = SCHEME.test(header) ? /^(acx_([0-9a-z]{16})_[\w-]{43})$/u.exec(header.replace(SCHEME, "")) : null;
    const [, secret = "", id = ""] = given ?? [];
    if (!given) return undefined;
    const token = (await store.get(KEYS.token(id)))?.value as unknown as Token | undefined;
    const hash = await sha256(secret);
    if (!token || !sameText(hash, token.hash)) return undefined;
    if (token.expiresAt !== undefined && Date.parse(token.expiresAt) <= now()) return undefined;
    return { user: token.user };
  };
}

/** The user of an identity, as the service has it. A role that the host states is kept, for runs that start without a caller. */
export async function userOf(store: ServiceStore, { user: id, role }: Identity, now: number): Promise<User | undefined> {
  const kept = await store.get(KEYS.user(id));
  const user = kept?.value as unknown as User | undefined;
  if (role === undefined || user?.role === role) return user;
  const changed: User = user ? { ...user, role } : { id, role, active: true, createdAt: new Date(now).toISOString() };
  await store.commit([{ key: KEYS.user(id), value: { ...changed }, version: kept?.version ?? 0 }]);
  return changed;
}
