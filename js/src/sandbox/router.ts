import { type Context, Hono } from "hono";
import type { Account, ApiKey } from "./account.js";
import { type Answer, type Call, type Handler, answer, forbidden, nothing, toResponse } from "./answer.js";
import type { Clock } from "./clock.js";
import { listContacts } from "./contact-search.js";
import {
  createContact, deleteContact, getContact, getContactPart, getFieldValue, setFieldValue, syncContact, updateContact,
} from "./contacts.js";
import type { Fault, FaultScript } from "./faults.js";
import { createField, createOptions, createRel, deleteField, deleteOption, deleteRel, getField, listFields } from "./fields.js";
import { type Importer, tooLarge } from "./importer.js";
import type { Knobs } from "./knobs.js";
import { createList, deleteList, getList, listExclusions, listLists, setContactList, updateList } from "./lists.js";
import type { RateLimits } from "./rate.js";
import { applyTag, createTag, deleteTag, getTag, listTags, removeContactTag } from "./tags.js";
import { createGroup, createUser, deleteGroup, deleteUser, getMe, getSettings } from "./users.js";
import { LOGIN_PAGE, expired } from "./wire.js";
import type { Worker } from "./worker.js";

/** Everything the routes work on. */
export interface World {
  account: Account;
  knobs: Knobs;
  clock: Clock;
  rate: RateLimits;
  worker: Worker;
  importer: Importer;
  faults: FaultScript;
}

/** Handed to each request: the fault that acts on it, if it lets the request through. */
export interface RequestBindings {
  fault: Fault | undefined;
}

type Env = { Bindings: RequestBindings };
type Http = Context<Env>;

/** U2. [doc S14: 403; every body is invented but the login page, which is reported] */
function refusedKey(knobs: Knobs): Answer {
  switch (knobs.invalidToken) {
    case "login":
      return { status: 200, html: LOGIN_PAGE };
    case "empty":
      return nothing(403);
    case "errors":
      return answer(403, { errors: [{ status: 403, title: "Forbidden", detail: "Invalid API token." }] });
    default:
      return forbidden();
  }
}

/** The key of a request, or why it gets no further. */
function admitted(world: World, http: Http): ApiKey | Answer {
  const { knobs } = world;
  if (knobs.accountState !== "active") return expired(knobs.accountState);
  return world.account.keys.get(http.req.header("Api-Token") ?? "") ?? refusedKey(knobs);
}

function callFor(world: World, http: Http, key: ApiKey, body: unknown): Call {
  world.worker.settle();
  const { account, knobs, clock } = world;
  return { account, knobs, clock, now: clock.now(), key, params: http.req.param(), query: new URL(http.req.url).searchParams, body };
}

async function jsonBody(request: Request): Promise<unknown> {
  const text = await request.text();
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

class Routes {
  readonly app: Hono<Env> = new Hono<Env>({ strict: true });
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** An endpoint of the main API: under the general limit, with CORS headers on the five that have them. */
  on(method: string, path: string, handler: Handler, cors = false): void {
    const { world } = this;
    this.app.on(method, `/api/3${path}`, async (http) => {
      const { era } = world.knobs;
      const key = admitted(world, http);
      if ("status" in key) return toResponse(key, era);
      const body = method === "GET" ? undefined : await jsonBody(http.req.raw);
      const { refusal, headers } = world.rate.takeGeneral(world.clock.now());
      if (refusal !== undefined) return toResponse(refusal, era);
      const said = handler(callFor(world, http, key, body));
      return toResponse({ ...said, headers: { ...headers, ...said.headers } }, era, cors);
    });
  }

  /** The importer: its own limits, and the size counts in bytes as they came. */
  onImport(path: string): void {
    const { world } = this;
    this.app.post(`/api/3${path}`, async (http) => {
      const { era } = world.knobs;
      const key = admitted(world, http);
      if ("status" in key) return toResponse(key, era);
      const bytes = new Uint8Array(await http.req.raw.arrayBuffer());
      if (bytes.byteLength > world.knobs.edgeLimitBytes) return toResponse(tooLarge(), era);
      const said = world.importer.queue(callFor(world, http, key, undefined), bytes, http.env.fault, () =>
        world.faults.forBatch(world.knobs.faults),
      );
      return toResponse(said, era);
    });
  }
}

function contactRoutes(routes: Routes): void {
  // The five endpoints with CORS headers are all in the recordings. [recording]
  routes.on("POST", "/contact/sync", syncContact, true);
  routes.on("POST", "/contacts", createContact, true);
  routes.on("GET", "/contacts", listContacts, true);
  routes.on("GET", "/contacts/:id", getContact, true);
  routes.on("PUT", "/contacts/:id", updateContact);
  routes.on("DELETE", "/contacts/:id", deleteContact);
  routes.on("GET", "/contacts/:id/contactLists", getContactPart("contactLists"));
  routes.on("GET", "/contacts/:id/fieldValues", getContactPart("fieldValues"));
  routes.on("GET", "/contacts/:id/contactTags", getContactPart("contactTags"));
  routes.on("POST", "/contactLists", setContactList);
  routes.on("POST", "/fieldValues", setFieldValue);
  routes.on("GET", "/fieldValues/:id", getFieldValue);
  routes.on("GET", "/tags", listTags, true);
  routes.on("POST", "/tags", createTag);
  routes.on("GET", "/tags/:id", getTag);
  routes.on("DELETE", "/tags/:id", deleteTag);
  routes.on("POST", "/contactTags", applyTag);
  routes.on("DELETE", "/contactTags/:id", removeContactTag);
}

function schemaRoutes(routes: Routes): void {
  routes.on("GET", "/lists", listLists);
  routes.on("POST", "/lists", createList);
  routes.on("GET", "/lists/exclusions", listExclusions);
  routes.on("GET", "/lists/:id", getList);
  routes.on("PUT", "/lists/:id", updateList);
  routes.on("DELETE", "/lists/:id", deleteList);
  routes.on("GET", "/fields", listFields);
  routes.on("POST", "/fields", createField);
  routes.on("GET", "/fields/:id", getField);
  routes.on("DELETE", "/fields/:id", deleteField);
  routes.on("POST", "/fieldOption/bulk", createOptions);
  routes.on("DELETE", "/fieldOptions/:id", deleteOption);
  routes.on("POST", "/fieldRels", createRel);
  routes.on("DELETE", "/fieldRels/:id", deleteRel);
  routes.on("GET", "/users/me", getMe);
  routes.on("POST", "/users", createUser);
  routes.on("DELETE", "/users/:id", deleteUser);
  routes.on("POST", "/groups", createGroup);
  routes.on("DELETE", "/groups/:id", deleteGroup);
  routes.on("GET", "/settings/account", getSettings);
}

/** The API as one hono application. */
export function makeRouter(world: World): Hono<Env> {
  const routes = new Routes(world);
  // The preflight fails: no CORS headers, whatever the status (U1). [report stripe/stripe-apps#168]
  routes.app.options("*", () => toResponse(answer(world.knobs.optionsStatus, { message: "Method Not Allowed" }), world.knobs.era));
  routes.onImport("/import/bulk_import");
  routes.on("GET", "/import/bulk_import", (call) => world.importer.summary(call));
  routes.on("GET", "/import/info", (call) => world.importer.info(call));
  contactRoutes(routes);
  schemaRoutes(routes);
  // `…/bulk_import/aggregate` is a 404 [live-doc S12]; the body is invented.
  routes.app.all("*", () => toResponse(answer(404, { message: "No Result found" }), world.knobs.era));
  routes.app.onError((error) => {
    // A defect of the sandbox must not look like an answer of the service.
    throw error;
  });
  return routes.app;
}
