/** Runs over HTTP. */
import { createRoute, z } from "@hono/zod-openapi";
import { csvLine, REJECTED_COLUMNS, rejectedCells } from "../../csv.js";
import { rules } from "../../definition.js";
import type { Rejection as RejectionRecord } from "../../types.js";
import { ENDED, type User } from "../documents.js";
import { isAllowed } from "../rules.js";
import type { Parts } from "../service.js";
import { byId, gives, once, problems, takes } from "./answers.js";
import type { App } from "./app.js";
import { listedRun, shownRun } from "./shown.js";
import { Refreshed, RefreshInput, Run } from "./shapes.js";

export function runRoutes(app: App, parts: Parts): void {
  const { runs } = parts;
  app.openapi(
    createRoute({ method: "post", path: "/api/run-all", summary: "Run all exports with an active schedule that the caller may run", tags: ["Runs"], request: { headers: once }, responses: { 202: gives(z.object({ items: z.array(Run) }), "Queued."), ...problems(409, 422) } }),
    async (context) => context.json({ items: (await runs.runAll(context.get("user"))).map((run) => listedRun(context.get("user"), run)) }, 202),
  );
  app.openapi(
    createRoute({
      method: "post", path: "/api/refresh", summary: "The source says that it is being refreshed, was refreshed, or failed", tags: ["Runs"],
      description: "While it is being refreshed the exports concerned wait; when it is complete those that follow it are run; when it failed they are skipped. The same id and state may be told again: nothing happens twice.",
      request: { headers: once, body: takes(RefreshInput) }, responses: { 202: gives(Refreshed, "Taken."), ...problems(409, 412, 415, 422) },
    }),
    async (context) => {
      const user = context.get("user");
      const told = await runs.refresh(user, context.req.valid("json"));
      // The source system may say that it was refreshed, and see nothing of what follows but how much.
      const shown = isAllowed(user.role, "view_exports") ? told.runs.map((run) => listedRun(user, run)) : [];
      return context.json({ ...told, count: told.runs.length, runs: shown } as z.infer<typeof Refreshed>, 202);
    },
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/rules", summary: "The rules by which a profile can be rejected, with reason and remedy", tags: ["Runs"], responses: { 200: gives(z.object({ items: z.array(z.object({ code: z.string(), reason: z.string(), remedy: z.string() })) }), "Rules."), ...problems() } }),
    (context) => context.json({ items: rules() }, 200),
  );
  app.openapi(
    createRoute({ method: "get", path: "/api/runs/{id}", summary: "One run", tags: ["Runs"], request: { params: byId }, responses: { 200: gives(Run, "The run."), ...problems(404) } }),
    async (context) => context.json(shownRun(context.get("user"), (await runs.get(context.get("user"), context.req.valid("param").id)).value), 200),
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/runs/{id}/cancel", summary: "Send nothing new; what the account has taken is followed to its end", tags: ["Runs"], request: { params: byId }, responses: { 202: gives(Run, "Is being cancelled."), ...problems(404, 409) } }),
    async (context) => context.json(shownRun(context.get("user"), await runs.cancel(context.get("user"), context.req.valid("param").id)), 202),
  );
  app.openapi(
    createRoute({ method: "post", path: "/api/runs/{id}/continue", summary: "Go on with a run that failed or was cancelled, from where it stopped", tags: ["Runs"], request: { params: byId }, responses: { 202: gives(Run, "Queued."), ...problems(404, 409) } }),
    async (context) => context.json(shownRun(context.get("user"), await runs.goOn(context.get("user"), context.req.valid("param").id)), 202),
  );
  streams(app, parts);
}

function streams(app: App, { runs, environment }: Parts): void {
  app.openapi(
    createRoute({ method: "get", path: "/api/runs/{id}/progress", summary: "The run, again whenever it has changed, until it has ended", tags: ["Runs"], request: { params: byId }, responses: { 200: { description: "Server-sent events; each `data` is a run.", content: { "text/event-stream": { schema: z.object({ data: z.string() }) } } }, ...problems(404) } }),
    async (context) => {
      const user = context.get("user");
      const { id } = context.req.valid("param");
      await runs.get(user, id);
      return new Response(progress(runs, context.get("again"), id, environment.host.sleep), { headers: { "content-type": "text/event-stream" } });
    },
  );
  app.openapi(
    createRoute({
      method: "get", path: "/api/runs/{id}/rejections", summary: "The profiles that were not delivered, with reason and remedy", tags: ["Runs"],
      request: { params: byId, query: z.object({ format: z.enum(["csv", "ndjson"]).optional().openapi({ description: "Default: ndjson." }) }) },
      responses: { 200: { description: "One a line.", content: { "application/x-ndjson": { schema: z.string() }, "text/csv": { schema: z.string() } } }, ...problems(404, 409) },
    }),
    async (context) => {
      const { id } = context.req.valid("param");
      const rows = await runs.rejections(context.get("user"), id);
      const csv = context.req.valid("query").format === "csv";
      const name = `rejected-${id}.${csv ? "csv" : "ndjson"}`;
      return new Response(lines(rows, csv), { headers: { "content-type": csv ? "text/csv; charset=utf-8" : "application/x-ndjson", "content-disposition": `attachment; filename="${name}"`, "cache-control": "no-store" } });
    },
  );
  app.openapi(
    createRoute({ method: "delete", path: "/api/runs/{id}/rejections", summary: "Remove a run's rejected profiles before their time", tags: ["Runs"], request: { params: byId }, responses: { 204: { description: "Removed." }, ...problems(404, 409, 412) } }),
    async (context) => {
      await runs.forget(context.get("user"), context.req.valid("param").id);
      return context.body(null, 204);
    },
  );
}

/** How often a run is looked at for whoever watches it. */
const LOOK_MILLIS = 500;

/** The run as it changes, as long as whoever asked may see it: a token that ends takes the stream with it. */
function progress(runs: Parts["runs"], caller: () => Promise<User | undefined>, id: string, sleep: (millis: number, signal: AbortSignal) => Promise<void>): ReadableStream<Uint8Array> {
  const stopped = new AbortController();
  const encoder = new TextEncoder();
  let last = "";
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (!stopped.signal.aborted) {
        const user = await caller();
        if (!user?.active) return controller.close();
        const run = shownRun(user, (await runs.get(user, id)).value);
        const text = JSON.stringify(run);
        if (text !== last) {
          last = text;
          controller.enqueue(encoder.encode(`data: ${text}\n\n`));
          if (ENDED.has(run.status)) controller.close();
          return;
        }
        await sleep(LOOK_MILLIS, stopped.signal);
      }
    },
    cancel: () => stopped.abort(),
  });
}

function lines(rows: AsyncIterable<RejectionRecord & { segment: string }>, csv: boolean): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const remedies = new Map(rules().map(({ code, remedy }) => [code, remedy]));
  const iterator = rows[Symbol.asyncIterator]();
  let begun = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (csv && !begun) controller.enqueue(encoder.encode(csvLine(["segment", ...REJECTED_COLUMNS])));
      begun = true;
      const { done, value } = await iterator.next();
      if (done) return controller.close();
      const text = csv ? csvLine([value.segment, ...rejectedCells(value, remedies)]) : `${JSON.stringify({ ...value, remedy: remedies.get(value.rule) })}\n`;
      controller.enqueue(encoder.encode(text));
    },
    cancel: async () => void (await iterator.return?.()),
  });
}
