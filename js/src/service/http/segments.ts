/** Segments over HTTP. */
import { createRoute, z } from "@hono/zod-openapi";
import { suggestMapping } from "../../definition.js";
import type { Segment as SegmentRecord, Upload } from "../documents.js";
import type { Versioned } from "../environment.js";
import type { Parts } from "../service.js";
import { byId, gives, once, problems, takes } from "./answers.js";
import type { App } from "./app.js";
import { cut, paged, pageOf } from "./pages.js";
import { Segment, SegmentChange, SegmentInput, Suggestions } from "./shapes.js";
import { etagOf, hasAlready, kept, onVersion, unlessKept, versionOf } from "./versions.js";

const shown = ({ value, version }: Versioned<SegmentRecord>, uploaded?: Upload): z.infer<typeof Segment> => ({ ...value, etag: etagOf(version), ...(uploaded ? { uploaded } : {}) }) as z.infer<typeof Segment>;

export function segmentRoutes(app: App, parts: Parts): void {
  const { segments } = parts;
  app.openapi(
    createRoute({ method: "get", path: "/api/segments", summary: "All segments", tags: ["Segments"], request: { query: paged }, responses: { 200: gives(pageOf(Segment), "Segments."), ...problems() } }),
    async (context) => {
      const [list, uploads] = [await segments.list(context.get("user")), await segments.uploads()];
      return context.json(cut(list.map((each) => shown(each, uploads.get(each.value.id))), context.req.valid("query")), 200);
    },
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/segments", summary: "Say where a segment is read", tags: ["Segments"], request: { headers: once, body: takes(SegmentInput) }, responses: { 201: gives(Segment, "Saved."), ...problems(409, 415, 422) } }),
    async (context) => {
      const made = await segments.create(context.get("user"), context.req.valid("json"));
      return context.json(shown(made), 201, { etag: etagOf(made.version) });
    },
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/segments/{id}", summary: "One segment", tags: ["Segments"], request: { params: byId, headers: unlessKept }, responses: { 200: gives(Segment, "The segment."), ...kept, ...problems(404) } }),
    async (context) => {
      const found = await segments.get(context.get("user"), context.req.valid("param").id);
      const etag = etagOf(found.version);
      return hasAlready(context, etag) ? context.body(null, 304, { etag }) : context.json(shown(found, (await segments.uploads()).get(found.value.id)), 200, { etag });
    },
  );
  app.openapi(
    createRoute({ method: "patch", path: "/api/segments/{id}", summary: "Change a segment", tags: ["Segments"], request: { params: byId, headers: onVersion, body: takes(SegmentChange) }, responses: { 200: gives(Segment, "Saved."), ...problems(404, 412, 415, 422, 428) } }),
    async (context) => {
      const version = await versionOf(context.req.valid("header")["if-match"], () => segments.get(context.get("user"), context.req.valid("param").id));
      const changed = await segments.update(context.get("user"), context.req.valid("param").id, version, context.req.valid("json") as Parameters<typeof segments.update>[3]);
      return context.json(shown(changed), 200, { etag: etagOf(changed.version) });
    },
  );
  app.openapi(
    createRoute({ method: "delete", path: "/api/segments/{id}", summary: "Remove a segment that no export contains", tags: ["Segments"], request: { params: byId, headers: onVersion }, responses: { 204: { description: "Removed." }, ...problems(404, 409, 412, 428) } }),
    async (context) => {
      await segments.remove(context.get("user"), context.req.valid("param").id, await versionOf(context.req.valid("header")["if-match"], () => segments.get(context.get("user"), context.req.valid("param").id)));
      return context.body(null, 204);
    },
  );
  profiles(app, parts);
}

/** Bytes that the route streams on: nothing is said of their shape. */
const profilesText = z.any().openapi({ description: "Profiles, as many as there are." });

const Places = z.object({ kinds: z.array(z.enum(["file", "url", "upload", "r2"])), names: z.array(z.string()) }).openapi("SourcePlaces");

const named = z.array(z.object({ id: z.string(), name: z.string() }));

function profiles(app: App, { segments, connections, exports }: Parts): void {
  app.openapi(
    createRoute({ method: "get", path: "/api/segments/{id}/exports", summary: "The exports that contain a segment, and those that do not", tags: ["Segments"], request: { params: byId }, responses: { 200: gives(z.object({ containing: named, others: named }), "Exports."), ...problems(404) } }),
    async (context) => {
      const { value } = await segments.get(context.get("user"), context.req.valid("param").id);
      const containing = (await segments.exportsWith(value.id)).map(({ id, name }) => ({ id, name }));
      const all = (await exports.list(context.get("user"))).map((each) => ({ id: each.value.id, name: each.value.name }));
      return context.json({ containing, others: all.filter(({ id }) => !containing.some((each) => each.id === id)) }, 200);
    },
  );
  app.openapi(
    createRoute({
      method: "get", path: "/api/segments/{id}/suggestions", summary: "Columns, and a mapping to start from", tags: ["Segments"],
      request: { params: byId, query: z.object({ connection: z.string().min(1).max(64).optional().openapi({ description: "Suggest this account's fields too." }) }) },
      responses: { 200: gives(Suggestions, "For a person to confirm."), ...problems(404, 409, 422, 502) },
    }),
    async (context) => {
      const user = context.get("user");
      const columns = await segments.columns(user, context.req.valid("param").id);
      const { connection } = context.req.valid("query");
      const account = connection === undefined ? undefined : await connections.account(user, connection);
      return context.json({ columns, ...suggestMapping(columns, account) } as unknown as z.infer<typeof Suggestions>, 200);
    },
  );
  app.openapi(
    createRoute({
      method: "get", path: "/api/segments/{id}/sample", summary: "The first profiles of a segment, as they stand in its source", tags: ["Segments"],
      description: "For a preview of data matching: whole records, 256 KiB at the most. For administrators and, where the profiles were uploaded, contributors who may change the segment; written into the audit log.",
      request: { params: byId }, responses: { 200: { description: "Lines of CSV or NDJSON.", content: { "application/octet-stream": { schema: profilesText } } }, ...problems(404, 409, 422) },
    }),
    async (context) => context.body((await segments.sample(context.get("user"), context.req.valid("param").id)).buffer, 200, { "content-type": "application/octet-stream", "cache-control": "no-store" }),
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/sources", summary: "Where segments may be read from on this host", tags: ["Segments"], responses: { 200: gives(Places, "Kinds of sources, and the first 200 names there are to choose from."), ...problems() } }),
    async (context) => context.json(await segments.places(context.get("user")), 200),
  );
  app.openapi(
    createRoute({
      method: "put", path: "/api/segments/{id}/profiles", summary: "Upload the profiles of a segment, as CSV or NDJSON in UTF-8; kept sealed", tags: ["Segments"],
      request: { params: byId, body: { required: true, content: { "text/csv": { schema: profilesText }, "application/x-ndjson": { schema: profilesText } } } },
      responses: { 200: gives(z.object({ bytes: z.number() }), "Kept; what was there before is replaced."), ...problems(404, 409, 415, 422) },
    }),
    async (context) => context.json(await segments.upload(context.get("user"), context.req.valid("param").id, context.req.raw.body), 200),
  );
}
