/** Exports over HTTP. Saving never runs one. */
import { createRoute, z } from "@hono/zod-openapi";
import { type Export as ExportRecord, KEYS, type User } from "../documents.js";
import type { Versioned } from "../environment.js";
import type { Parts } from "../service.js";
import type { ExportInput as Input } from "../exports.js";
import { byId, gives, once, problems, takes } from "./answers.js";
import type { App } from "./app.js";
import { cut, noPlace, paged, pageOf, type Sorting } from "./pages.js";
import { listedRun, shownRun } from "./shown.js";
import { Export, ExportChange, ExportCheck, ExportInput, Run, SavedExport } from "./shapes.js";
import { etagOf, etagWith, hasAlready, kept, onVersion, unlessKept, versionOf } from "./versions.js";

type Shown = z.infer<typeof Export>;

/** With its status, its connection's name and what the caller may do. */
async function shown({ exports, runs, environment }: Parts, user: User, { value, version }: Versioned<ExportRecord>): Promise<Shown> {
  const connection = await exports.connectionOf(value);
  const [last] = await runs.list(value.id, undefined, 1);
  const due = (await environment.store.get(KEYS.due(value.id)))?.value as { at: string } | undefined;
  return {
    ...value,
    ...(connection ? { connectionName: connection.name, connectionType: connection.type } : {}),
    permission: (await exports.may(user, "edit_export", value)) ? "edit" : "view",
    status: last?.status ?? "not_started",
    ...(last ? { lastRun: { id: last.id, status: last.status, trigger: last.trigger, at: last.endedAt ?? last.queuedAt } } : {}),
    ...(due ? { nextRunAt: due.at } : {}),
    etag: etagOf(version),
  } as unknown as Shown;
}

const SORTS = ["name", "connectionName", "status", "lastRun", "schedule", "permission"] as const;

const listed = paged.extend({
  search: z.string().max(200).optional().openapi({ description: "In the names of export and connection, and the connection's type." }),
  sort: z.enum(SORTS).optional(),
  order: z.enum(["ascending", "descending"]).optional(),
});

function sortKey(one: Shown, sort: (typeof SORTS)[number]): string {
  if (sort === "lastRun") return one.lastRun?.at ?? "";
  if (sort === "schedule") return one.schedule.active ? one.schedule.type : "";
  return one[sort] ?? "";
}

function sortedBy(sort: (typeof SORTS)[number], order: "ascending" | "descending"): Sorting<Shown> {
  const direction = order === "ascending" ? 1 : -1;
  return {
    name: `${sort} ${order}`,
    keyOf: (one) => sortKey(one, sort),
    compare: (one, other) => direction * (one[0].localeCompare(other[0]) || one[1].localeCompare(other[1])),
  };
}

export function exportRoutes(app: App, parts: Parts): void {
  const { exports } = parts;
  app.openapi(
    createRoute({ method: "get", path: "/api/exports", summary: "All exports, with their latest status", tags: ["Exports"], request: { query: listed }, responses: { 200: gives(pageOf(Export), "Exports."), ...problems() } }),
    async (context) => {
      const { search = "", sort = "name", order = "ascending", ...page } = context.req.valid("query");
      const all = await Promise.all((await exports.list(context.get("user"))).map((each) => shown(parts, context.get("user"), each)));
      const found = all.filter((one) => [one.name, one.connectionName, one.connectionType].some((text) => text?.toLowerCase().includes(search.toLowerCase())));
      const sorting = sortedBy(sort, order);
      const placed = found.map((one) => ({ one, place: [sorting.keyOf(one), one.id] as const }));
      const sorted = placed.sort((one, other) => sorting.compare(one.place, other.place)).map(({ one }) => one);
      return context.json(cut(sorted, page, sorting), 200);
    },
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/exports", summary: "Save a new export; it is not run", tags: ["Exports"], request: { headers: once, body: takes(ExportInput) }, responses: { 201: gives(SavedExport, "Saved, and not run."), ...problems(409, 412, 415, 422) } }),
    async (context) => {
      const { saved, warnings } = await exports.create(context.get("user"), context.req.valid("json") as unknown as Input);
      return context.json({ export: await shown(parts, context.get("user"), saved), warnings }, 201, { etag: etagOf(saved.version) });
    },
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/exports/{id}", summary: "One export", tags: ["Exports"], request: { params: byId, headers: unlessKept }, responses: { 200: gives(Export, "The export."), ...kept, ...problems(404) } }),
    async (context) => {
      const found = await exports.get(context.get("user"), context.req.valid("param").id);
      const one = await shown(parts, context.get("user"), found);
      const etag = await etagWith(found.version, one);
      return hasAlready(context, etag) ? context.body(null, 304, { etag }) : context.json(one, 200, { etag });
    },
  );
  app.openapi(
    createRoute({ method: "patch", path: "/api/exports/{id}", summary: "Change an export; it is not run", tags: ["Exports"], request: { params: byId, headers: onVersion, body: takes(ExportChange) }, responses: { 200: gives(SavedExport, "Saved, and not run."), ...problems(404, 412, 415, 422, 428) } }),
    async (context) => {
      const version = await versionOf(context.req.valid("header")["if-match"], () => exports.get(context.get("user"), context.req.valid("param").id));
      const { saved, warnings } = await exports.update(context.get("user"), context.req.valid("param").id, version, context.req.valid("json") as unknown as Partial<Input>);
      return context.json({ export: await shown(parts, context.get("user"), saved), warnings }, 200, { etag: etagOf(saved.version) });
    },
  );
  app.openapi(
    createRoute({ method: "delete", path: "/api/exports/{id}", summary: "Remove an export; the account is left as it is", tags: ["Exports"], request: { params: byId, headers: onVersion }, responses: { 204: { description: "Removed." }, ...problems(404, 412, 428) } }),
    async (context) => {
      await exports.remove(context.get("user"), context.req.valid("param").id, await versionOf(context.req.valid("header")["if-match"], () => exports.get(context.get("user"), context.req.valid("param").id)));
      return context.body(null, 204);
    },
  );
  deeds(app, parts);
}

function deeds(app: App, parts: Parts): void {
  const { exports, runs } = parts;
  app.openapi(
    createRoute({ method: "post", path: "/api/exports/{id}/duplicate", summary: "A copy, with its schedule off", tags: ["Exports"], request: { params: byId, headers: once }, responses: { 201: gives(SavedExport, "Saved, and not run."), ...problems(404, 409, 412, 422) } }),
    async (context) => {
      const { saved, warnings } = await exports.duplicate(context.get("user"), context.req.valid("param").id);
      return context.json({ export: await shown(parts, context.get("user"), saved), warnings }, 201, { etag: etagOf(saved.version) });
    },
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/exports/{id}/detach", summary: "Take the connection away; the configuration stays", tags: ["Exports"], request: { params: byId, headers: onVersion }, responses: { 200: gives(Export, "Detached."), ...problems(404, 412, 428) } }),
    async (context) => {
      const detached = await exports.detach(context.get("user"), context.req.valid("param").id, await versionOf(context.req.valid("header")["if-match"], () => exports.get(context.get("user"), context.req.valid("param").id)));
      return context.json(await shown(parts, context.get("user"), detached), 200, { etag: etagOf(detached.version) });
    },
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/exports/{id}/check", summary: "Dry run: counts, requests and minutes; sends nothing", tags: ["Exports"], request: { params: byId }, responses: { 200: gives(ExportCheck, "What a run would do."), ...problems(404, 422, 502) } }),
    async (context) => context.json((await exports.check(context.get("user"), context.req.valid("param").id)) as z.infer<typeof ExportCheck>, 200),
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/exports/{id}/run", summary: "Run it now", tags: ["Runs"], request: { params: byId, headers: once }, responses: { 202: gives(Run, "Queued."), ...problems(404, 409, 422) } }),
    async (context) => context.json(shownRun(context.get("user"), (await runs.start(context.get("user"), context.req.valid("param").id)).value), 202),
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/exports/{id}/runs", summary: "Its runs, the newest first", tags: ["Runs"], request: { params: byId, query: paged }, responses: { 200: gives(pageOf(Run), "Runs."), ...problems(404) } }),
    async (context) => {
      const { value } = await exports.get(context.get("user"), context.req.valid("param").id);
      const { limit = 100, after } = context.req.valid("query");
      if (after !== undefined && !/^[0-9a-z]{20}$/u.test(after)) throw noPlace();
      const items = (await runs.list(value.id, after, limit)).map((run) => listedRun(context.get("user"), run));
      const last = items.at(-1);
      return context.json({ items, ...(last && items.length === limit ? { next: last.id } : {}) }, 200);
    },
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/live", summary: "Runs that wait or go", tags: ["Runs"], responses: { 200: gives(z.object({ items: z.array(Run) }), "Runs."), ...problems() } }),
    async (context) => {
      return context.json({ items: (await runs.live(context.get("user"))).map((run) => listedRun(context.get("user"), run)) }, 200);
    },
  );
}
