/** What is asked of every request before a route sees it: who calls, from where, and whether it was sent before. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { KEYS, type User } from "../documents.js";
import { type Environment, json } from "../environment.js";
import { type Authenticate, userOf } from "../identity.js";
import { sha256 } from "../ids.js";
import { ServiceProblem } from "../problem.js";

export interface Hono {
  Variables: {
    user: User;
    /** Who calls, asked anew: for answers that last. */
    again: () => Promise<User | undefined>;
  };
}

/** Lets in whom the service knows, and nobody else. */
export function knownCallers(environment: Environment, ways: readonly Authenticate[]): MiddlewareHandler<Hono> {
  return async (context, next) => {
    requireOwnPage(context);
    const user = await callerOf(environment, ways, context.req.raw);
    if (!user) throw new ServiceProblem(401, "not_authenticated", "permission", "The request does not say who calls, or its token is not valid any more.", "Send a token of this service as Authorization: Bearer, or sign in.");
    if (!user.active) throw new ServiceProblem(403, "not_active", "permission", "Your user is not active.", "Ask an administrator.");
    context.set("user", user);
    const { url, method, headers } = context.req.raw;
    context.set("again", () => callerOf(environment, ways, new Request(url, { method: method === "GET" ? "GET" : "HEAD", headers })));
    await next();
  };
}

async function callerOf(environment: Environment, ways: readonly Authenticate[], request: Request): Promise<User | undefined> {
  for (const way of ways) {
    // Whoever knows callers gets no body: it is the route's.
    const identity = await way(new Request(request.url, { method: request.method === "GET" ? "GET" : "HEAD", headers: request.headers }));
    if (identity) return userOf(environment.store, identity, environment.host.now());
  }
  return undefined;
}

/** A page of another origin may not act with what its visitor is known by. */
function requireOwnPage(context: Context<Hono>): void {
  if (context.req.method === "GET" || context.req.method === "HEAD") return;
  const origin = context.req.header("origin");
  const site = context.req.header("sec-fetch-site");
  const own = new URL(context.req.url).origin;
  if ((origin === undefined || origin === own) && (site === undefined || site === "same-origin" || site === "none")) return;
  throw new ServiceProblem(403, "other_origin", "permission", "The request comes from a page of another origin.", "Use the service's own page, or a program.");
}

/** A route as it is declared. */
interface Declared {
  method: string;
  path: RegExp;
  /** Whether its path names no record. */
  literal: boolean;
  /** The types of body that it takes; none, for one without a body. */
  types: string[];
}

/** What is declared so far; all routes, once the first request comes. */
function declaredRoutes({ openAPIRegistry }: OpenAPIHono<Hono>): Declared[] {
  return openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== "route") return [];
    const { method, path, request } = definition.route;
    const pattern = path.replaceAll(".", "\\.").replaceAll(/\{[^}]+\}/gu, "[^/]+");
    return [{ method: method.toUpperCase(), literal: !path.includes("{"), path: new RegExp(`^${pattern}$`, "u"), types: Object.keys(request?.body?.content ?? {}) }];
  });
}

/** Refuses methods that a path has not, and bodies that are not said to be what the path takes: those would be taken for empty ones. */
export function asDeclared(app: OpenAPIHono<Hono>): MiddlewareHandler<Hono> {
  let routes: Declared[] | undefined;
  return async (context, next) => {
    routes ??= declaredRoutes(app);
    const matching = routes.filter(({ path }) => path.test(context.req.path));
    // `/api/connections/test` is itself, and no connection of that name.
    const exact = matching.filter(({ literal }) => literal);
    const here = exact.length > 0 ? exact : matching;
    // A HEAD is a GET whose body is left out.
    const method = context.req.method === "HEAD" ? "GET" : context.req.method;
    const route = here.find((each) => each.method === method);
    if (here.length > 0 && !route) {
      context.header("allow", here.map((each) => each.method).join(", "));
      throw new ServiceProblem(405, "method", "misuse", "This path does not take this method.", "Look at /openapi.json.");
    }
    const [type = ""] = (context.req.header("content-type") ?? "").toLowerCase().split(";");
    if (route && route.types.length > 0 && !route.types.includes(type.trim())) {
      throw new ServiceProblem(415, "media_type", "misuse", "The body is missing, or not of the type that is asked for.", `Send it as ${route.types.join(" or ")}.`);
    }
    await next();
  };
}

/** How long a creation is remembered. */
const ONCE_MILLIS = 86_400_000;

/** How long one that was begun and never answered stands in the way. */
const BEGUN_MILLIS = 60_000;

interface Begun {
  request: string;
  at: number;
  /** The answer, sealed: it may hold a secret that is shown once. */
  answer?: string;
}

/** Answers a creation that is sent again with what was answered before. */
export function createdOnce(environment: Environment): MiddlewareHandler<Hono> {
  return async (context, next) => {
    const given = context.req.header("idempotency-key");
    if (context.req.method !== "POST" || given === undefined) return next();
    const key = KEYS.once(context.get("user").id, given);
    const request = await sha256(`${context.req.path} ${await context.req.text()}`);
    const now = environment.host.now();
    const kept = await environment.store.get(key);
    const before = kept?.value as unknown as Begun | undefined;
    if (before && before.at > now - ONCE_MILLIS) {
      if (before.request !== request) throw new ServiceProblem(422, "idempotency_key", "misuse", "This Idempotency-Key was sent with another request.", "Make a new key for each creation.");
      if (before.answer !== undefined) return replayed(await environment.box.open(before.answer, "answer", key));
      if (before.at > now - BEGUN_MILLIS) throw new ServiceProblem(409, "in_progress", "misuse", "The same creation is being worked on.", "Send it again in a moment.", { retryHelps: true });
    }
    const begun: Begun = { request, at: now };
    if (!(await environment.store.commit([{ key, value: json(begun), version: kept?.version ?? 0 }]))) {
      throw new ServiceProblem(409, "in_progress", "misuse", "The same creation is being worked on.", "Send it again in a moment.", { retryHelps: true });
    }
    await next();
    const answer = context.res.clone();
    // What was refused may be sent again, mended.
    const value = answer.ok ? json({ ...begun, answer: await environment.box.seal(JSON.stringify({ status: answer.status, etag: answer.headers.get("etag"), body: await answer.text() }), "answer", key) } satisfies Begun) : undefined;
    await environment.store.commit([{ key, value }]);
  };
}

function replayed(text: string): Response {
  const { status, etag, body } = JSON.parse(text) as { status: number; etag: string | null; body: string };
  return new Response(body, { status, headers: { "content-type": "application/json", "idempotent-replayed": "true", ...(etag === null ? {} : { etag }) } });
}
