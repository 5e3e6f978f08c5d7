/**
 * One request with the key, for whoever holds it: a connection of this process, or a relay. What comes of it is a plain
 * answer in which neither host nor key occurs.
 */
import { joined } from "./bytes.js";
import { fault } from "./errors.js";
import type { Host } from "./types.js";

/** An answer as the core takes it; without a status, none came. */
export interface Answer {
  status?: number;
  retryAfter?: string;
  body?: Uint8Array;
  /** Whether a request without an answer surely never left. */
  unsent?: boolean;
}

/** Sends a request below the account's host. */
export type Send = (method: string, path: string, body: Uint8Array | undefined) => Promise<Answer>;

/** The whole of a request, its answer included, may take this long. */
export const REQUEST_MILLIS = 60_000;

/** The largest request: `MAX_BATCH_BYTES` of the core's limits, rounded up. */
export const BODY_BYTES = 400_000;

/** Bytes read of one answer: `MAX_ANSWER_BYTES` of the core's limits. */
const ANSWER_BYTES = 2 * 1024 * 1024;

/** Failures of Node's sockets and name look-ups before a byte of the request could leave. */
const UNSENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** What sends requests to an account, with its key. */
export function sendWithKey(origin: string, key: string, fetch: Host["fetch"]): Send {
  return async (method, path, body) => {
    const url = new URL(path, origin);
    // The path comes from the core; the check costs nothing and the key is worth it.
    if (url.origin !== origin) throw new TypeError("a path led away from the account's host");
    const headers: Record<string, string> = { "Api-Token": key, Accept: "application/json" };
    try {
      return await inTime(method, headers, body, async (init) => withoutKey(await readAnswer(await fetch(url.href, init)), key));
    } catch (error) {
      // Neither the request nor the error goes any further: both may hold the key.
      return { unsent: surelyUnsent(error) };
    }
  };
}

/**
 * An exchange that follows no redirect and does not take for ever, its answer included. Its timer ends with it: one left
 * behind, as by `AbortSignal.timeout`, holds the request in memory until it fires.
 */
export async function inTime<T>(
  method: string,
  headers: Record<string, string>,
  body: Uint8Array | undefined,
  exchange: (init: RequestInit) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), REQUEST_MILLIS);
  const init: RequestInit = { method, headers, redirect: "manual", signal: late.signal };
  if (body) {
    headers["Content-Type"] = "application/json";
    init.body = body as Uint8Array<ArrayBuffer>;
  }
  try {
    return await exchange(init);
  } finally {
    clearTimeout(timer);
  }
}

/** A sandbox is reached without encryption, so it must be on this machine. */
export function sandboxOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const loopback = url && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  const bare = url && url.protocol === "http:" && !url.username && !url.password && ["", "/"].includes(url.pathname) && !url.search && !url.hash;
  if (!url || !loopback || !bare) {
    throw fault("sandbox", "settings", "The sandbox must be an address on this machine, such as http://127.0.0.1:8080.", "Copy the address that `activecampaign-export sandbox` prints.");
  }
  return url.origin;
}

/** A key that can be one. Throws an `ExportError` otherwise. */
export function checkKey(key: unknown): string {
  if (typeof key !== "string" || key.trim() === "") {
    throw fault("key_missing", "credentials", "No key is given.", "Copy the key from Settings > Developer of the account.");
  }
  // A line break would end the header; anything beyond printable ASCII is no key.
  if (!/^[\x21-\x7e]+$/.test(key.trim())) {
    throw fault("key_malformed", "credentials", "The key holds characters that no key has.", "Copy the key again, without blanks or line breaks.");
  }
  return key.trim();
}

/** Reads a body up to a bound; `undefined` when there is more. */
export async function readBody(body: ReadableStream<Uint8Array> | null, most: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > most) {
      await reader.cancel();
      return undefined;
    }
    parts.push(value);
  }
  return joined(parts, size);
}

/** Reads an answer up to its bound. Beyond it, nothing can be told from the answer. */
export async function readAnswer(response: Response): Promise<Answer> {
  const body = await readBody(response.body, ANSWER_BYTES);
  if (!body) return { unsent: false };
  const retryAfter = response.headers.get("retry-after");
  return { status: response.status, body, ...(retryAfter === null ? {} : { retryAfter }) };
}

/** An account may repeat the key in what it says; it must not reach the core, which puts reasons into words. */
function withoutKey({ retryAfter, ...answer }: Answer, key: string): Answer {
  const kept: Answer = { ...answer, ...(retryAfter === undefined ? {} : { retryAfter: retryAfter.replaceAll(key, "[key]") }) };
  if (!answer.body) return kept;
  // One letter a byte: the key is ASCII, and whatever else there is stays as it was.
  const text = new TextDecoder("latin1").decode(answer.body);
  if (!text.includes(key)) return kept;
  const bytes = Uint8Array.from(asLatin1(answer.body).replaceAll(key, "[key]"), (letter) => letter.charCodeAt(0));
  return { ...kept, body: bytes };
}

/** `latin1` of `TextDecoder` is windows-1252, which moves some bytes; this keeps each. */
function asLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.byteLength; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return text;
}

/** Only Node-like hosts say why a fetch failed; elsewhere a failed one is unknown. */
function surelyUnsent(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; typeof at === "object" && at !== null && depth < 4; depth += 1) {
    const { code, cause } = at as { code?: unknown; cause?: unknown };
    if (typeof code === "string" && UNSENT.has(code)) return true;
    at = cause;
  }
  return false;
}
