import type { Account, ApiKey } from "./account.js";
import type { Clock } from "./clock.js";
import type { Knobs } from "./knobs.js";

/** What a handler says; the router makes the `Response` of it. */
export interface Answer {
  status: number;
  /** JSON body; with `html` or `empty` it is not used. */
  body?: unknown;
  html?: string;
  /** A body of no bytes. */
  empty?: boolean;
  contentType?: string;
  headers?: Record<string, string>;
}

/** One request, authenticated and parsed, as a handler sees it. */
export interface Call {
  account: Account;
  knobs: Knobs;
  clock: Clock;
  now: number;
  key: ApiKey;
  params: Record<string, string>;
  query: URLSearchParams;
  /** Parsed JSON body; undefined when there was none or it was not JSON. */
  body: unknown;
}

export type Handler = (call: Call) => Answer;

export const JSON_TYPE = "application/json";
export const HTML_TYPE = "text/html; charset=UTF-8";

export function answer(status: number, body: unknown): Answer {
  return { status, body };
}

/** `{}`: what most documented 400s and every recorded DELETE say. [doc] [recording] */
export function nothing(status: number): Answer {
  return { status, body: {} };
}

/** A 200 without a body carries this header. [recording: PUT /lists/{id}, DELETE /fieldOptions/{id}] */
export function emptyOk(): Answer {
  return { status: 200, empty: true, headers: { "X-Ac-Error": "Code 9001" } };
}

/** [recording: Tag, Field, FieldRel, SubscriberTag] [doc: the others] */
export function notFound(className: string, id: string): Answer {
  return { status: 404, body: { message: `No Result found for ${className} with id ${id}` } };
}

/** [doc: fields] */
export function forbidden(): Answer {
  return { status: 403, body: { message: "Forbidden" } };
}

/** A 422 whose envelope nobody has shown (U25). */
export function unshown422(knobs: Knobs, detail: string): Answer {
  if (knobs.errorEnvelope === "string") return { status: 422, body: { errors: detail } };
  if (knobs.errorEnvelope === "message") return { status: 422, body: { message: detail } };
  return { status: 422, body: { errors: [{ title: detail, detail }] } };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object under the one key that every write is wrapped in, such as `{"contact":{…}}`. */
export function wrapped(call: Call, name: string): Record<string, unknown> | undefined {
  if (!isObject(call.body)) return undefined;
  const inner = call.body[name];
  return isObject(inner) ? inner : undefined;
}

/** Texts and numbers as text, everything else as nothing. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

/** An id as number, whether it was sent as number or as digits. */
export function idOf(value: unknown): number | undefined {
  const text = textOf(value);
  return text !== undefined && /^\d{1,15}$/u.test(text) ? Number(text) : undefined;
}

/** `limit` and `offset`: default 20, at most 100, from 0. [doc] */
export function page(query: URLSearchParams, defaultLimit = 20): { limit: number; offset: number } {
  const limit = idOf(query.get("limit") ?? undefined);
  const offset = idOf(query.get("offset") ?? undefined);
  return { limit: Math.min(limit === undefined || limit === 0 ? defaultLimit : limit, 100), offset: offset ?? 0 };
}

/** The service writes every `/` in a body as `\/`. [recording: 172 of 172 bodies] */
export function encodeBody(body: unknown): string {
  return JSON.stringify(body).replaceAll("/", "\\/");
}

function hex(digits: number): string {
  let out = "";
  for (let index = 0; index < digits; index += 1) out += Math.floor(Math.random() * 16).toString(16);
  return out;
}

/** Headers that every recorded answer carries. [recording] `Date` is left to the server. */
function commonHeaders(era: Knobs["era"]): Headers {
  const headers = new Headers({
    "Cache-Control": "no-store, no-cache, must-revalidate",
    Expires: "Thu, 19 Nov 1981 08:52:00 GMT",
    Pragma: "no-cache",
    "X-Envoy-Upstream-Service-Time": "120",
    "X-Request-Id": crypto.randomUUID(),
    "CF-Cache-Status": "DYNAMIC",
    Server: "cloudflare",
    "CF-Ray": `${hex(16)}-XXX`,
  });
  if (era === 2021) {
    headers.set("CF-Request-Id", hex(32));
    headers.set("Expect-CT", 'max-age=604800, report-uri="https://report-uri.cloudflare.com/cdn-cgi/beacon/expect-ct"');
  }
  return headers;
}

/** Only five endpoints have them, and `Api-Token` is not among the allowed headers. [recording] */
const CORS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "POST, GET",
  "Access-Control-Allow-Headers": "Content-Type, origin, x-requested-with",
  "X-Content-Type-Options": "nosniff",
};

export function toResponse(said: Answer, era: Knobs["era"], cors = false): Response {
  const headers = commonHeaders(era);
  if (cors) for (const [name, value] of Object.entries(CORS)) headers.set(name, value);
  headers.set("Content-Type", said.contentType ?? (said.html === undefined ? JSON_TYPE : HTML_TYPE));
  for (const [name, value] of Object.entries(said.headers ?? {})) headers.set(name, value);
  const body = said.empty === true ? null : (said.html ?? encodeBody(said.body));
  if (said.empty === true) headers.set("Content-Length", "0");
  return new Response(body, { status: said.status, headers });
}
