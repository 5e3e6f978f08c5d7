/** Connections over HTTP. Keys go in and never come out. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Connection as ConnectionRecord } from "../documents.js";
import type { Versioned } from "../environment.js";
import { isAllowed } from "../rules.js";
import type { Parts } from "../service.js";
import { byId, gives, once, problems, takes } from "./answers.js";
import type { App } from "./app.js";
import { cut, paged, pageOf } from "./pages.js";
import { Account, Connection, ConnectionChange, ConnectionInput, ConnectionTest, RemovalPlan, Tested, UsableConnection } from "./shapes.js";
import { etagOf, hasAlready, kept, onVersion, unlessKept, versionOf } from "./versions.js";

/** As administrators see it. */
function shown({ value, version }: Versioned<ConnectionRecord>): z.infer<typeof Connection> {
  const { key, ...rest } = value;
  return { ...rest, key: key.kind === "sealed" ? { kind: "sealed", lastFour: key.lastFour } : key, etag: etagOf(version) };
}

export function connectionRoutes(app: App, { connections, environment, events }: Parts): void {
  app.openapi(
    createRoute({ method: "get", path: "/api/connections", summary: "The connections that the caller may use; administrators see all of them, whole", tags: ["Connections"], request: { query: paged }, responses: { 200: gives(pageOf(z.union([Connection, UsableConnection])), "Connections."), ...problems() } }),
    async (context) => {
      const user = context.get("user");
      const whole = isAllowed(user.role, "manage_connections");
      const list = (await connections.list(user)).map((each) => (whole ? shown(each) : { id: each.value.id, name: each.value.name, type: each.value.type }));
      return context.json(cut(list, context.req.valid("query")), 200);
    },
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/connections", summary: "Connect and save: the account is asked, then the connection is kept", tags: ["Connections"], request: { headers: once, body: takes(ConnectionInput) }, responses: { 201: gives(Connection, "Saved."), ...problems(409, 415, 422, 502) } }),
    async (context) => {
      const made = await connections.create(context.get("user"), context.req.valid("json"));
      return context.json(shown(made), 201, { etag: etagOf(made.version) });
    },
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/connections/test", summary: "Connect, and keep nothing: does this host take this key?", tags: ["Connections"], request: { body: takes(ConnectionTest) }, responses: { 200: gives(Tested, "What the account said."), ...problems(415, 422, 502) } }),
    async (context) => context.json(await connections.test(context.get("user"), context.req.valid("json")), 200),
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/secrets", summary: "Names of the secrets that a connection may have its key from", tags: ["Connections"], responses: { 200: gives(z.object({ items: z.array(z.string()) }), "Names."), ...problems() } }),
    async (context) => context.json({ items: isAllowed(context.get("user").role, "manage_connections") ? [...((await environment.options.vault?.list()) ?? [])] : [] }, 200),
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/reseal", summary: "Seal the keys of connections and webhooks anew, with the current version of the service's secret", tags: ["Connections"], responses: { 200: gives(z.object({ resealed: z.number().int() }), "How many were sealed with an old one."), ...problems(412, 422) } }),
    async (context) => context.json({ resealed: (await connections.reseal(context.get("user"))) + (await events.reseal(context.get("user"))) }, 200),
  );
  oneConnection(app, connections);
}

function oneConnection(app: App, connections: Parts["connections"]): void {
  app.openapi(
    createRoute({ method: "get", path: "/api/connections/{id}", summary: "One connection", tags: ["Connections"], request: { params: byId, headers: unlessKept }, responses: { 200: gives(Connection, "The connection."), ...kept, ...problems(404) } }),
    async (context) => {
      const found = await connections.get(context.get("user"), context.req.valid("param").id);
      const etag = etagOf(found.version);
      return hasAlready(context, etag) ? context.body(null, 304, { etag }) : context.json(shown(found), 200, { etag });
    },
  );
  app.openapi(
    createRoute({ method: "patch", path: "/api/connections/{id}", summary: "Edit, share, rotate the key", tags: ["Connections"], request: { params: byId, headers: onVersion, body: takes(ConnectionChange) }, responses: { 200: gives(Connection, "Saved."), ...problems(404, 412, 415, 422, 428, 502) } }),
    async (context) => {
      const version = await versionOf(context.req.valid("header")["if-match"], () => connections.get(context.get("user"), context.req.valid("param").id));
      const changed = await connections.update(context.get("user"), context.req.valid("param").id, version, context.req.valid("json"));
      return context.json(shown(changed), 200, { etag: etagOf(changed.version) });
    },
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/connections/{id}/remove", summary: "Remove, once it is said what becomes of the exports on it", description: "Refused (409) with the exports in the way while it is not said for each of them.", tags: ["Connections"], request: { params: byId, headers: onVersion, body: takes(RemovalPlan) }, responses: { 204: { description: "Removed." }, ...problems(404, 409, 412, 415, 422, 428) } }),
    async (context) => {
      const version = await versionOf(context.req.valid("header")["if-match"], () => connections.get(context.get("user"), context.req.valid("param").id));
      await connections.remove(context.get("user"), context.req.valid("param").id, version, context.req.valid("json"));
      return context.body(null, 204);
    },
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/connections/{id}/exports", summary: "The exports on a connection", tags: ["Connections"], request: { params: byId }, responses: { 200: gives(z.object({ items: z.array(z.object({ id: z.string(), name: z.string() })) }), "Exports."), ...problems(404) } }),
    async (context) => {
      const { value } = await connections.get(context.get("user"), context.req.valid("param").id);
      return context.json({ items: (await connections.usedBy(value.id)).map((each) => ({ id: each.value.id, name: each.value.name })) }, 200);
    },
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/connections/{id}/test", summary: "Ask the account whether the connection works", tags: ["Connections"], request: { params: byId }, responses: { 200: gives(Tested, "What the account said."), ...problems(404) } }),
    async (context) => context.json(await connections.retest(context.get("user"), context.req.valid("param").id), 200),
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/connections/{id}/account", summary: "Lists, fields and tags of the account, all of them", tags: ["Connections"], request: { params: byId }, responses: { 200: gives(Account, "The account."), ...problems(404, 422, 502) } }),
    async (context) => context.json(await connections.account(context.get("user"), context.req.valid("param").id), 200),
  );
}
