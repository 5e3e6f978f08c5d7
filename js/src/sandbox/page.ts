import { html, raw } from "hono/html";
import { isLoopback } from "./callback.js";
import type { Clock } from "./clock.js";
import { type Knobs, knobErrors } from "./knobs.js";
import type { AccountView } from "./view.js";

const STYLE = `
:root { color-scheme: light dark; --line: #d8dee6; --soft: #5b6675; --back: #fbfcfd; --text: #1d2530 }
@media (prefers-color-scheme: dark) { :root { --line: #323b47; --soft: #9aa7b7; --back: #14181e; --text: #dde4ec } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem; margin-bottom: 0 } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem } p { color: var(--soft) }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% } caption { text-align: left; color: var(--soft) }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap }
th { font-weight: 600; color: var(--soft) } .n { text-align: right; font-variant-numeric: tabular-nums } code { font-size: .9em }`;

type Html = ReturnType<typeof html>;

function listTable(account: AccountView): Html {
  const rows = account.lists.map(
    ({ id, name, counts }) => html`<tr><td class="n">${id}</td><th scope="row">${name}</th><td class="n">${counts.active}</td><td class="n">${counts.unsubscribed}</td><td class="n">${counts.unconfirmed}</td><td class="n">${counts.bounced}</td></tr>`,
  );
  return html`<div class="wide"><table><thead><tr><th class="n">Id</th><th>List</th><th class="n">Active</th><th class="n">Unsubscribed</th><th class="n">Unconfirmed</th><th class="n">Bounced</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function time(millis: number): string {
  return new Date(millis).toISOString().replace("T", " ").slice(0, 19);
}

function batchTable(account: AccountView): Html {
  const batches = account.batches.slice(-20).reverse();
  if (batches.length === 0) return html`<p>None yet.</p>`;
  const rows = batches.map(
    (batch) => html`<tr><td>${time(batch.received)}</td><td><code>${batch.id}</code></td><td>${String(batch.status)}</td><td class="n">${batch.contacts}</td><td class="n">${batch.success}</td><td class="n">${batch.failure.length}</td></tr>`,
  );
  return html`<div class="wide"><table><thead><tr><th>Received (UTC)</th><th>Batch</th><th>Status</th><th class="n">Sent</th><th class="n">Success</th><th class="n">Failure</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function requestTable(account: AccountView): Html {
  const requests = account.requests.slice(-20).reverse();
  if (requests.length === 0) return html`<p>None yet.</p>`;
  const rows = requests.map(
    (each) => html`<tr><td>${time(each.time)}</td><td>${each.method}</td><td><code>${each.path}</code></td><td>${each.status === 0 ? "connection broken" : each.status}</td></tr>`,
  );
  return html`<div class="wide"><table><thead><tr><th>Time (UTC)</th><th>Method</th><th>Path</th><th>Status</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** The status page at `/`: what is in the account, nothing to press. */
export async function statusPage(account: AccountView): Promise<Response> {
  const body = await html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>ActiveCampaign sandbox</title><style>${raw(STYLE)}</style></head>
<body><h1>ActiveCampaign sandbox</h1><p>An account to try things on. Nothing here leaves this machine.</p>
<p>${account.contactCount} contacts, ${account.requestCount} requests so far.</p>
<h2>Lists</h2>${listTable(account)}<h2>Last imports</h2>${batchTable(account)}<h2>Last requests</h2>${requestTable(account)}</body></html>`;
  return new Response(String(body), {
    headers: {
      "Content-Type": "text/html; charset=UTF-8",
      "Cache-Control": "no-store",
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    },
  });
}

function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", "Cache-Control": "no-store" } });
}

const STATE_LIMIT = 10_000;

function whole(text: string | null, otherwise: number): number {
  return text !== null && /^\d{1,9}$/u.test(text) ? Number(text) : otherwise;
}

/**
 * `GET /__sandbox/state`: the whole account as JSON. `?after=<id>&limit=<n>` pages through the contacts
 * (10,000 at once unless told otherwise).
 */
function state(url: URL, account: AccountView, clock: Clock, key: string): Response {
  const { lists, fields, tags, batches, requests, contactCount, requestCount, automationRuns } = account;
  const contacts = account.contactsFrom(whole(url.searchParams.get("after"), 0), whole(url.searchParams.get("limit"), STATE_LIMIT));
  return json(200, { now: clock.now(), key, contactCount, contacts, lists, fields, tags, batches, requestCount, requests, automationRuns });
}

async function posted(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    return undefined;
  }
}

/** Pages of other sites must not turn the knobs: a JSON type cannot be sent without a preflight, and none is answered. */
function isForeign(request: Request): boolean {
  const origin = request.headers.get("Origin");
  if (origin !== null && origin !== new URL(request.url).origin) return true;
  return !(request.headers.get("Content-Type") ?? "").startsWith("application/json");
}

interface Controls {
  account: AccountView;
  knobs: Knobs;
  clock: Clock;
  key: string;
  advance(millis: number): void;
}

/**
 * Requests to the sandbox itself, not to the account. Only on loopback names:
 * - `GET /__sandbox/state`
 * - `GET /__sandbox/knobs`, and `POST` of some of them as JSON; answers all knobs, or 400 with `errors`
 * - `POST /__sandbox/advance` with `{"millis": n}`, for a virtual clock
 */
export async function control(request: Request, url: URL, controls: Controls): Promise<Response> {
  if (!isLoopback(url.hostname)) return json(404, { errors: ["only on a loopback address"] });
  const route = `${request.method} ${url.pathname}`;
  if (route === "GET /__sandbox/state") return state(url, controls.account, controls.clock, controls.key);
  if (route === "GET /__sandbox/knobs") return json(200, controls.knobs);
  if (request.method !== "POST") return json(404, { errors: ["there is no such page"] });
  if (isForeign(request)) return json(403, { errors: ["send JSON, and not from a page of another origin"] });
  const body = await posted(request);
  if (route === "POST /__sandbox/knobs") {
    const errors = knobErrors(body);
    if (errors.length > 0) return json(400, { errors });
    Object.assign(controls.knobs, body);
    return json(200, controls.knobs);
  }
  if (route === "POST /__sandbox/advance") {
    const millis = typeof body === "object" && body !== null && "millis" in body ? Number(body.millis) : Number.NaN;
    try {
      controls.advance(millis);
    } catch (error) {
      return json(400, { errors: [String(error)] });
    }
    return json(200, { now: controls.clock.now() });
  }
  return json(404, { errors: ["there is no such page"] });
}
