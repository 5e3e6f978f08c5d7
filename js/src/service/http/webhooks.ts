/** Webhooks over HTTP. */
import { createRoute, type z } from "@hono/zod-openapi";
import type { Webhook as WebhookRecord } from "../documents.js";
import type { Versioned } from "../environment.js";
import type { Parts } from "../service.js";
import { byId, gives, once, problems, takes } from "./answers.js";
import type { App } from "./app.js";
import { cut, paged, pageOf } from "./pages.js";
import { NewWebhook, Webhook, WebhookChange, WebhookInput } from "./shapes.js";
import { etagOf, onVersion, versionOf } from "./versions.js";

function shown({ value, version }: Versioned<WebhookRecord>): z.infer<typeof Webhook> {
  const { secret: _secret, ...rest } = value;
  return { ...rest, etag: etagOf(version) };
}

export function webhookRoutes(app: App, { events }: Parts): void {
  app.openapi(
    createRoute({ method: "get", path: "/api/webhooks", summary: "All webhooks", tags: ["Webhooks"], request: { query: paged }, responses: { 200: gives(pageOf(Webhook), "Webhooks."), ...problems() } }),
    async (context) => context.json(cut((await events.list(context.get("user"))).map(shown), context.req.valid("query")), 200),
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/webhooks", summary: "Send events to an address; the secret is shown this once", tags: ["Webhooks"], request: { headers: once, body: takes(WebhookInput) }, responses: { 201: gives(NewWebhook, "Saved."), ...problems(409, 415, 422) } }),
    async (context) => {
      const { saved, secret } = await events.create(context.get("user"), context.req.valid("json"));
      return context.json({ ...shown(saved), secret }, 201, { etag: etagOf(saved.version) });
    },
  );
  app.openapi(
    createRoute({ method: "patch", path: "/api/webhooks/{id}", summary: "Change a webhook", tags: ["Webhooks"], request: { params: byId, headers: onVersion, body: takes(WebhookChange) }, responses: { 200: gives(Webhook, "Saved."), ...problems(404, 412, 415, 422, 428) } }),
    async (context) => {
      const changed = await events.update(context.get("user"), context.req.valid("param").id, await versionOf(context.req.valid("header")["if-match"], async () => (await events.list(context.get("user"))).find(({ value }) => value.id === context.req.valid("param").id)), context.req.valid("json") as Parameters<typeof events.update>[3]);
      return context.json(shown(changed), 200, { etag: etagOf(changed.version) });
    },
  );
  app.openapi(
    createRoute({ method: "delete", path: "/api/webhooks/{id}", summary: "Remove a webhook", tags: ["Webhooks"], request: { params: byId, headers: onVersion }, responses: { 204: { description: "Removed." }, ...problems(404, 412, 428) } }),
    async (context) => {
      await events.remove(context.get("user"), context.req.valid("param").id, await versionOf(context.req.valid("header")["if-match"], async () => (await events.list(context.get("user"))).find(({ value }) => value.id === context.req.valid("param").id)));
      return context.body(null, 204);
    },
  );
}
