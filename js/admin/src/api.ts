/** Talks to the service that served the page. */
import type { Issue } from "../../src/types.js";

export interface Problem {
  status: number;
  code: string;
  detail: string;
  remedy: string;
  retryHelps: boolean;
  issues?: Issue[];
  inTheWay?: { id: string; name: string }[];
}

export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

const TOKEN = "activecampaign-export token";

/** Kept in this tab, or on this computer for whoever wishes so. */
export const token = {
  get: (): string | null => sessionStorage.getItem(TOKEN) ?? localStorage.getItem(TOKEN),
  set(value: string, stay: boolean): void {
    token.clear();
    (stay ? localStorage : sessionStorage).setItem(TOKEN, value);
  },
  clear(): void {
    sessionStorage.removeItem(TOKEN);
    localStorage.removeItem(TOKEN);
  },
};

/** A token that an address brings stands behind the #, which no server sees, and is gone from the address at once. */
const brought = /^#token=(acx_[\w-]+)$/u.exec(location.hash)?.[1];
/** Whoever has signed in stays so: a link must not make somebody another user unnoticed. It counts once the own token does not. */
let fallback: string | undefined;
if (brought !== undefined) {
  if (token.get() === null) token.set(brought, false);
  else fallback = brought;
  history.replaceState(undefined, "", location.pathname + location.search);
}

/** Takes the token that an address brought, where there is one left. */
export function takeBrought(): boolean {
  if (fallback === undefined) return false;
  token.set(fallback, false);
  fallback = undefined;
  return true;
}

/** Is told when the caller is not known any more. */
let onUnknown: () => void = () => undefined;
export function whenUnknown(listener: () => void): void {
  onUnknown = listener;
}

export interface Answer<T> {
  value: T;
  etag: string;
}

export interface Asked {
  body?: unknown;
  /** The ETag of the record that is changed. */
  on?: string;
  /** Stands for one creation. */
  once?: string;
  signal?: AbortSignal;
  /** Profiles, as they are. */
  file?: Blob;
}

/** Who calls, as every request says it; nothing where the host knows its callers by itself. */
function authorization(): Record<string, string> {
  const secret = token.get();
  return secret === null ? {} : { authorization: `Bearer ${secret}` };
}

/** Asks; rejects with `Refused`. */
export async function ask<T>(method: string, path: string, { body, on, once, signal, file }: Asked = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = {
    ...authorization(),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(file === undefined ? {} : { "content-type": "text/csv" }),
    ...(on === undefined ? {} : { "if-match": on }),
    ...(once === undefined ? {} : { "idempotency-key": once }),
  };
  const response = await sent(path, { method, headers, ...(signal ? { signal } : {}), ...(file ? { body: file } : body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await response.text();
  if (response.ok) return { value: (text === "" ? undefined : JSON.parse(text)) as T, etag: response.headers.get("etag") ?? "" };
  if (response.status === 401) onUnknown();
  throw new Refused(problemOf(response.status, text));
}

async function sent(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`/api/${path}`, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused({ status: 0, code: "unreachable", detail: "", remedy: "", retryHelps: true });
  }
}

function problemOf(status: number, text: string): Problem {
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return { status, code: "unknown", detail: "", remedy: "", retryHelps: true };
  }
}

/** What there is at a path, as it is; rejects with `Refused`. */
export async function bytesOf(path: string): Promise<ArrayBuffer> {
  return new Response(await streamOf(path)).arrayBuffer();
}

/** The same, as it comes. */
export async function streamOf(path: string, signal?: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const response = await sent(path, { headers: authorization(), ...(signal ? { signal } : {}) });
  if (response.ok && response.body) return response.body;
  if (response.status === 401) onUnknown();
  throw new Refused(problemOf(response.status, await response.text()));
}

/**
 * Changes some settings of a record on whichever version it has: they are not taken from the one that was read, so that
 * nobody's change to others is lost.
 */
export async function patched<T>(path: string, known: Answer<T>, change: (value: T) => unknown): Promise<void> {
  let { value, etag } = known;
  for (let tries = 0; ; tries += 1) {
    try {
      await ask("PATCH", path, { body: change(value), on: etag });
      return;
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.status !== 412 || tries === 2) throw error;
      ({ value, etag } = await ask<T>("GET", path));
    }
  }
}

const identifiers = new WeakMap<object, { body: string; key: string }>();

/** A key for a creation: the same as long as one form says the same, so that a second try after a lost answer makes no second record. */
export function onceFor(form: object, body: unknown): string {
  const text = JSON.stringify(body);
  const before = identifiers.get(form);
  if (before?.body === text) return before.key;
  const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  identifiers.set(form, { body: text, key });
  return key;
}

/** All records of a list. */
export async function every<T>(path: string): Promise<T[]> {
  const items: T[] = [];
  for (let after = ""; ; ) {
    const { value } = await ask<{ items: T[]; next?: string }>("GET", `${path}${path.includes("?") ? "&" : "?"}limit=500${after === "" ? "" : `&after=${after}`}`);
    items.push(...value.items);
    if (value.next === undefined) return items;
    after = value.next;
  }
}

/** What a run is, again whenever it changes; ends with the run or the signal. */
export async function* follow<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
  let text = "";
  const reader = (await streamOf(path, signal)).pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      yield JSON.parse(text.slice("data: ".length, end)) as T;
      text = text.slice(end + 2);
    }
  }
}
