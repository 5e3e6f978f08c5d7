/** The audit log over HTTP. */
import { createRoute, z } from "@hono/zod-openapi";
import { notAllowed } from "../problem.js";
import { isAllowed } from "../rules.js";
import type { Parts } from "../service.js";
import { gives, problems } from "./answers.js";
import type { App } from "./app.js";
import { AuditEntry } from "./shapes.js";

const page = z.object({
  limit: z.coerce.number().int().min(1).max(500).optional().openapi({ description: "Default: 100." }),
  before: z.coerce.number().int().min(1).max(999_999_999_999).optional().openapi({ description: "Only entries with a lower number." }),
});

export function auditRoutes(app: App, { environment }: Parts): void {
  app.openapi(
    createRoute({ method: "get", path: "/api/audit", summary: "Every change, the newest first", tags: ["Audit"], request: { query: page }, responses: { 200: gives(z.object({ items: z.array(AuditEntry), next: z.number().optional() }), "Entries."), ...problems() } }),
    async (context) => {
      if (!isAllowed(context.get("user").role, "view_audit")) throw notAllowed("read the audit log");
      const { limit = 100, before } = context.req.valid("query");
      const items = await environment.ledger.entries(before, limit);
      const last = items.at(-1);
      return context.json({ items, ...(last && items.length === limit ? { next: last.number } : {}) }, 200);
    },
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/audit/check", summary: "Follow the chain of hashes from its beginning", tags: ["Audit"], responses: { 200: gives(z.object({ whole: z.boolean(), firstBroken: z.number().optional() }), "Whether an entry is missing or was changed."), ...problems() } }),
    async (context) => {
      if (!isAllowed(context.get("user").role, "view_audit")) throw notAllowed("read the audit log");
      const firstBroken = await environment.ledger.firstBroken();
      return context.json({ whole: firstBroken === undefined, ...(firstBroken === undefined ? {} : { firstBroken }) }, 200);
    },
  );
}
