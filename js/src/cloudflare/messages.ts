/** What worker and objects say to each other: answers in JSON, refusals in the form of RFC 9457 with the package's codes. */
import { fault } from "../errors.js";
import type { Issue } from "../types.js";
import type { Bindings, ObjectNamespace } from "./runtime.js";

/** The bindings of the objects, and the classes behind them. */
const CLASSES = { EXPORTS: "ExportObject", ACCOUNTS: "AccountObject", SERVICE: "ServiceObject" } as const;

export type ObjectBinding = keyof typeof CLASSES;

/** Without a service there are two. */
const NEEDED: readonly ObjectBinding[] = ["EXPORTS", "ACCOUNTS"];

/** Throws an `ExportError` when the worker was deployed without one of its objects: no run could come to an end. */
export function requireObjects(bindings: Bindings, needed: readonly ObjectBinding[] = NEEDED): void {
  for (const binding of needed) objectsOf(bindings, binding);
}

export function objectsOf(bindings: Bindings, binding: ObjectBinding): ObjectNamespace {
  const objects = bindings[binding] as Partial<ObjectNamespace> | undefined;
  if (typeof objects?.idFromName === "function") return objects as ObjectNamespace;
  const name = CLASSES[binding];
  throw fault("binding_missing", "settings", `The worker has no Durable Object binding "${binding}".`,
    `Whoever deploys the worker adds { "name": "${binding}", "class_name": "${name}" } to durable_objects.bindings in wrangler.jsonc, names "${name}" in new_sqlite_classes of its migrations, and deploys.`);
}

/** Asks the object of an export or of an account, by its name. */
export async function ask(bindings: Bindings, binding: ObjectBinding, name: string, path: string, init?: RequestInit): Promise<Response> {
  const objects = objectsOf(bindings, binding);
  return objects.get(objects.idFromName(name)).fetch(`https://object/${path}`, init);
}

/** The same with something to tell. What cannot be told rejects: a throw would take along what is told to others. */
export async function tell(bindings: Bindings, binding: ObjectBinding, name: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return ask(bindings, binding, name, path, { method: "POST", headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

export function answer(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", "cache-control": "no-store" } });
}

/** Each status in words. */
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request", 401: "Not authenticated", 404: "Not found", 409: "Conflict", 422: "Not valid", 429: "Too many requests", 500: "Internal error", 503: "Not available",
};

/** What could not be done, and what to do. */
export function refusal(status: number, code: string, detail: string, remedy: string, issues: readonly Issue[] = []): Response {
  const body = JSON.stringify({ type: "about:blank", title: TITLES[status] ?? "Refused", status, code, detail, remedy, ...(issues.length > 0 ? { issues } : {}) });
  return new Response(body, { status, headers: { "content-type": "application/problem+json", "cache-control": "no-store" } });
}
