/**
 * The page's way to an account: ActiveCampaign answers no page of another origin, and a key has no place in a page. The
 * relay stands on the page's own origin, knows its callers, adds the key, and passes on the calls that an export makes.
 *
 * A refusal is decided before anything is sent, in this order: who calls, from where, for which account, what, and with
 * which body.
 */
import { fault, misuse } from "../errors.js";
import type { Host } from "../types.js";
import { type Answer, BODY_BYTES, readBody, sendWithKey } from "../wire.js";
import { type CheckedAccount, checkAccount, type RelayAccount } from "./account.js";
import { importIn, isCall } from "./calls.js";
import { ANSWER, HOST_HEADER, REFUSALS, type RefusalName, RELAY_HEADER, RELAY_PATH, UNANSWERED, UNSENT } from "./protocol.js";

export type { RelayAccount } from "./account.js";

/** What `authenticate` knows of a caller: handed on to `accounts`, which may depend on it. */
export type Identity = Readonly<Record<string, unknown>>;

type Found = RelayAccount | undefined;

export interface RelayOptions {
  /** The accounts by name; or who gives one, or nothing, for a name and a caller (`{}` where only "yes" is known of it). */
  accounts: Readonly<Record<string, RelayAccount>> | ((name: string, identity: Identity) => Found | Promise<Found>);
  /** Who calls: by cookie, by token, as the page's other requests. It gets the request without its body. */
  authenticate: (request: Request) => Promise<boolean | Identity | undefined> | boolean | Identity | undefined;
  /** Where the relay stands; an account is at `PATH/NAME`. Default: `/activecampaign`. */
  path?: string;
  /** Origins of its pages, where a proxy in front of the relay changes the address. Default: the request's own. */
  origins?: readonly string[];
  /** Hosts beyond `*.api-us1.com` and `*.activehosted.com` that an account may have. */
  allowedHosts?: readonly string[];
  /** Sends a request. Default: this runtime's own. */
  fetch?: Host["fetch"];
}

export interface Relay {
  /** Answers one request; never rejects. */
  fetch(request: Request): Promise<Response>;
}

/** Makes a relay. Throws an `ExportError` when a stated account or path cannot be one. */
export function createRelay(options: RelayOptions): Relay {
  const { path = "/activecampaign", accounts, allowedHosts = [] } = options;
  if (!RELAY_PATH.test(path)) throw fault("relay_path", "settings", "The path of the relay is none.", "Give one such as /activecampaign: letters, digits, - and _ between slashes.");
  if (typeof options.authenticate !== "function") throw misuse("relay_open", "The relay has nothing to know its callers by.", "Pass `authenticate`: whoever it lets in uses the account's key.");
  if (typeof accounts !== "function") for (const account of Object.values(accounts)) checkAccount(account, allowedHosts);
  const relay = new Relaying(options, path);
  return { fetch: (request) => relay.answer(request) };
}

/** Thrown inside only. */
class Refused extends Error {
  readonly refusal: RefusalName;

  constructor(refusal: RefusalName) {
    super(refusal);
    this.refusal = refusal;
  }
}

class Relaying {
  readonly #options: RelayOptions;
  readonly #path: string;
  readonly #fetch: Host["fetch"];

  constructor(options: RelayOptions, path: string) {
    this.#options = options;
    this.#path = path;
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  async answer(request: Request): Promise<Response> {
    try {
      return passedOn(await this.#pass(request));
    } catch (error) {
      if (error instanceof Refused) return refused(error.refusal);
      // What failed is the relay's own (its accounts, its caller's body), and may hold secrets.
      return passedOn({ unsent: true });
    }
  }

  async #pass(request: Request): Promise<Answer> {
    const identity = await this.#caller(request);
    const url = new URL(request.url);
    this.#requireOwnPage(request, url);
    const account = await this.#account(url, identity);
    const path = this.#callOf(request, url);
    if (request.headers.get(HOST_HEADER) !== account.host) throw new Refused("host");
    const body = request.method === "POST" ? await importOf(request) : undefined;
    return sendWithKey(account.origin, account.key, this.#fetch)(request.method, path, body);
  }

  async #caller(request: Request): Promise<Identity> {
    const identity = await this.#options.authenticate(new Request(request.url, { method: request.method, headers: request.headers }));
    if (identity === true) return {};
    // Anything but a plain yes or an identity is a no; so is an answer, which other frameworks give for one.
    if (typeof identity !== "object" || identity === null || Array.isArray(identity) || identity instanceof Error || "status" in identity) throw new Refused("caller");
    return identity;
  }

  /**
   * Every browser that runs the core (WebAssembly with SIMD) says on whose behalf it asks, over HTTPS or on this machine;
   * a page cannot. Whatever says nothing is no page of this origin.
   */
  #requireOwnPage(request: Request, url: URL): void {
    const origin = request.headers.get("origin");
    const own = this.#options.origins ?? [url.origin];
    const fromOwn = request.headers.get("sec-fetch-site") === "same-origin" && (origin === null || own.includes(origin));
    if (!fromOwn || request.headers.get(HOST_HEADER) === null) throw new Refused("origin");
  }

  async #account(url: URL, identity: Identity): Promise<CheckedAccount> {
    const { accounts, allowedHosts = [] } = this.#options;
    const [name = "", ...more] = url.pathname.startsWith(`${this.#path}/`) ? url.pathname.slice(this.#path.length + 1).split("/") : [];
    if (!/^[A-Za-z0-9_-]{1,64}$/u.test(name) || more.length === 0) throw new Refused("account");
    // Own names only: `constructor` is no account.
    const stated = typeof accounts === "function" ? await accounts(name, identity) : Object.hasOwn(accounts, name) ? accounts[name] : undefined;
    if (!stated) throw new Refused("account");
    return checkAccount(stated, allowedHosts);
  }

  /** The call's path with its query, made of what was compared and of nothing else. */
  #callOf(request: Request, url: URL): string {
    const path = url.pathname.slice(url.pathname.indexOf("/", this.#path.length + 1));
    if (!isCall(request.method, path, url.search)) throw new Refused("call");
    return `${path}${url.search}`;
  }
}

/** How long a caller's body may take, as long as a request may that goes out. */
const BODY_MILLIS = 60_000;

async function readInTime(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array | undefined> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Refused("slow")), BODY_MILLIS);
  try {
    return await readBody(body?.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal: late.signal }) ?? null, BODY_BYTES);
  } finally {
    clearTimeout(timer);
  }
}

/** The body of an import, within its bound: as it was checked, not as it came. */
async function importOf(request: Request): Promise<Uint8Array> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json" || Number(request.headers.get("content-length") ?? 0) > BODY_BYTES) throw new Refused("body");
  const body = await readInTime(request.body);
  const checked = body && importIn(body);
  if (!checked || checked.byteLength > BODY_BYTES) throw new Refused("body");
  return checked;
}

/** Nothing of what the account says passes but its status, its wish to wait, and its body. */
function passedOn({ status, retryAfter, body, unsent }: Answer): Response {
  if (status === undefined) return respond(unsent ? UNSENT : UNANSWERED, 502);
  // In a browser's worker a redirect has the status 0; without its address it leads nowhere.
  const known = status === 0 ? 302 : status;
  if (known < 200 || known > 599) return respond(UNANSWERED, 502);
  const empty = known === 204 || known === 205 || known === 304;
  const wait = retryAfter !== undefined && /^[A-Za-z0-9 ,:]{1,40}$/u.test(retryAfter) ? { "Retry-After": retryAfter } : {};
  return respond(ANSWER, known, empty ? undefined : body, wait);
}

function refused(name: RefusalName): Response {
  const { status, message, remedy } = REFUSALS[name];
  return respond(name, status, new TextEncoder().encode(JSON.stringify({ message, remedy })));
}

function respond(what: string, status: number, body?: Uint8Array, more: Record<string, string> = {}): Response {
  const headers = { [RELAY_HEADER]: what, "Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", ...more };
  return new Response((body ?? null) as Uint8Array<ArrayBuffer> | null, { status, headers });
}
