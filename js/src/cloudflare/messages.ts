/** What worker and objects say to each other: answers in JSON, refusals in the form of RFC 9457 with the package's codes. */
import type { Bindings, ObjectNamespace } from "./runtime.js";

/** Asks the object of an export or of an account, by its name. */
export function ask(bindings: Bindings, binding: "EXPORTS" | "ACCOUNTS", name: string, path: string, init?: RequestInit): Promise<Response> {
  const objects = bindings[binding] as ObjectNamespace;
  return objects.get(objects.idFromName(name)).fetch(`https://object/${path}`, init);
}

/** The same with something to tell. */
export function tell(bindings: Bindings, binding: "EXPORTS" | "ACCOUNTS", name: string, path: string, body?: unknown): Promise<Response> {
  return ask(bindings, binding, name, path, { method: "POST", ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

export function answer(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", "cache-control": "no-store" } });
}

/** What could not be done, and what to do. */
export function refusal(status: number, code: string, detail: string, remedy: string): Response {
  const body = JSON.stringify({ type: "about:blank", title: code, status, code, detail, remedy });
  return new Response(body, { status, headers: { "content-type": "application/problem+json", "cache-control": "no-store" } });
}
