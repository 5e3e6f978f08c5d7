/** Users, roles and tokens over HTTP. */
import { createRoute, z } from "@hono/zod-openapi";
import type { User as UserRecord } from "../documents.js";
import type { Versioned } from "../environment.js";
import { privacyStatement } from "../rules.js";
import type { Parts } from "../service.js";
import { gives, once, problems, takes } from "./answers.js";
import type { App } from "./app.js";
import { cut, paged, pageOf } from "./pages.js";
import { Me, NewToken, Token, TokenInput, User, UserChange, UserInput } from "./shapes.js";
import { etagOf, onVersion, versionOf } from "./versions.js";

const shown = ({ value, version }: Versioned<UserRecord>): UserRecord & { etag: string } => ({ ...value, etag: etagOf(version) });
const byName = z.object({ id: z.string().min(1).max(200).openapi({ param: { name: "id", in: "path" } }) });
const byToken = z.object({ id: z.string().regex(/^[0-9a-z]{16}$/u, "This is no id of a token of this service.").openapi({ pattern: "^[0-9a-z]{16}$", param: { name: "id", in: "path" } }) });

export function userRoutes(app: App, { users, environment }: Parts): void {
  const { privacyUrl, sandbox } = environment.options;
  app.openapi(createRoute({ method: "get", path: "/api/me", summary: "Who calls", tags: ["Users"], responses: { 200: gives(Me, "The caller."), ...problems() } }), (context) => {
    const { id, role } = context.get("user");
    return context.json({ id, role, maxProfiles: environment.maxProfiles, privacyStatement: { ...privacyStatement(), ...(privacyUrl === undefined ? {} : { url: privacyUrl }) }, ...(sandbox === undefined ? {} : { sandbox }) }, 200);
  });
  app.openapi(
    createRoute({ method: "get", path: "/api/users", summary: "All users", tags: ["Users"], request: { query: paged }, responses: { 200: gives(pageOf(User), "Users."), ...problems() } }),
    async (context) => context.json(cut((await users.list(context.get("user"))).map(shown), context.req.valid("query")), 200),
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/users", summary: "Let a user in", tags: ["Users"], request: { headers: once, body: takes(UserInput) }, responses: { 201: gives(User, "Let in."), ...problems(409, 415, 422) } }),
    async (context) => {
      const { id, role } = context.req.valid("json");
      const made = await users.create(context.get("user"), id, role);
      return context.json(shown(made), 201, { etag: etagOf(made.version) });
    },
  );
  app.openapi(
    createRoute({ method: "patch", path: "/api/users/{id}", summary: "Change a user's role, or whether it is active", tags: ["Users"], request: { params: byName, headers: onVersion, body: takes(UserChange) }, responses: { 200: gives(User, "Changed."), ...problems(404, 409, 412, 415, 422, 428) } }),
    async (context) => {
      const version = await versionOf(context.req.valid("header")["if-match"], async () => (await users.list(context.get("user"))).find(({ value }) => value.id === context.req.valid("param").id));
      const changed = await users.update(context.get("user"), context.req.valid("param").id, version, context.req.valid("json"));
      return context.json(shown(changed), 200, { etag: etagOf(changed.version) });
    },
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/tokens", summary: "Tokens: all for administrators, one's own for others", tags: ["Users"], request: { query: paged }, responses: { 200: gives(pageOf(Token), "Tokens."), ...problems() } }),
    async (context) => context.json(cut(await users.tokens(context.get("user")), context.req.valid("query")), 200),
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/tokens", summary: "Make a token; its secret is shown this once", tags: ["Users"], request: { headers: once, body: takes(TokenInput) }, responses: { 201: gives(NewToken, "Made."), ...problems(409, 415, 422) } }),
    async (context) => context.json(await users.createToken(context.get("user"), context.req.valid("json")), 201),
  );
  app.openapi(
    createRoute({ method: "delete", path: "/api/tokens/{id}", summary: "End a token at once", tags: ["Users"], request: { params: byToken }, responses: { 204: { description: "Ended." }, ...problems(404, 412) } }),
    async (context) => {
      await users.revokeToken(context.get("user"), context.req.valid("param").id);
      return context.body(null, 204);
    },
  );
}
