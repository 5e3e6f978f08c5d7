/** The worker around the objects: a small HTTP interface, and what the cron trigger does. */
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { checkDefinition } from "../definition.js";
import { sameText, sha256 } from "../service/ids.js";
import { ExportError } from "../errors.js";
import type { Issue } from "../types.js";
import { MOST_ASKED } from "./account-object.js";
import { type EdgeExport, hostnameOf } from "./live-run.js";
import { answer, ask, refusal, requireObjects, tell } from "./messages.js";
import type { Bindings, CronEvent } from "./runtime.js";
import { bucketOf, uploadKey } from "./source.js";
import { type ExportStatus, isLive, type StartRequest } from "./status.js";
import { leftAsItCame } from "./template.js";
import { store } from "./upload.js";

/** An export, and the cron trigger that starts it. */
export interface WorkerExport extends EdgeExport {
  /** One of the triggers in the worker's settings, letter for letter. Its runs give up whatever a run before left. */
  cron?: string;
}

export interface ExportWorkerOptions {
  /** The exports by name, or what gives them. */
  exports: Record<string, WorkerExport> | ((bindings: Bindings) => Record<string, WorkerExport> | Promise<Record<string, WorkerExport>>);
  /** Name of the secret that callers send as `Authorization: Bearer`. Default: `EXPORT_TOKEN`. */
  token?: string;
}

export interface ExportWorker {
  fetch(request: Request, bindings: Bindings): Promise<Response>;
  scheduled(event: CronEvent, bindings: Bindings): Promise<void>;
}

/** A worker that starts, cancels and shows exports, and starts them by cron. */
export function exportWorker({ exports, token = "EXPORT_TOKEN" }: ExportWorkerOptions): ExportWorker {
  const all = async (bindings: Bindings): Promise<Map<string, unknown>> => new Map(Object.entries(typeof exports === "function" ? await exports(bindings) : exports));
  const app = routes(all, token);
  return {
    fetch: async (request, bindings) => app.fetch(request, bindings),
    scheduled: async (event, bindings) => scheduled(event, bindings, await all(bindings)),
  };
}

interface Environment {
  Bindings: Bindings;
  Variables: { found: unknown; ask(path: string, init?: RequestInit): Promise<Response> };
}

function routes(all: (bindings: Bindings) => Promise<Map<string, unknown>>, token: string): Hono<Environment> {
  const app = new Hono<Environment>();
  app.use(async (context, next) => {
    const wanted = context.env[token];
    if (typeof wanted !== "string" || wanted.length < 16) {
      return refusal(503, "token_missing", `The worker has no secret "${token}" of 16 characters or more.`, `Whoever deploys the worker sets it with \`wrangler secret put ${token}\`.`);
    }
    const given = /^Bearer (.+)$/u.exec(context.req.header("authorization") ?? "")?.[1] ?? "";
    if (!(await sameSecret(given, wanted))) return refusal(401, "not_authorized", "The request carries no valid token.", "Send it as Authorization: Bearer.");
    return next();
  });
  app.use("/exports/:name/*", async (context, next) => {
    const name = context.req.param("name");
    if (!isName(name)) return refusal(400, "export_name", `The name of an export is 1 to ${NAME_LENGTH} characters, none of them a control character.`, "Name one of those that GET /exports gives.");
    const exports = await all(context.env);
    const found = exports.get(name);
    if (!exports.has(name)) return refusal(404, "no_such_export", "The worker has no export of this name.", "Name one of those it was deployed with.");
    requireObjects(context.env);
    context.set("found", found);
    context.set("ask", (path, init) => ask(context.env, "EXPORTS", name, path, init));
    return next();
  });
  app.get("/exports", async (context) => context.json([...(await all(context.env)).keys()]));
  app.post("/exports/:name/start", async (context) => {
    const options = startOptions(await context.req.text());
    if (!options) return refusal(400, "bad_request", "The body is not as it should be.", 'Send nothing, or {"runKey": "text", "restart": true}.');
    const found = context.get("found");
    if (!isWhole(found)) return incomplete();
    const { cron: _cron, ...order } = found;
    const unwritable = unwritableOf(order);
    if (unwritable.length > 0) return refusal(422, "settings", "The export holds what JSON cannot carry; nothing was started.", `Correct ${unwritable.map(({ path }) => path).join(", ")} in the worker's code, and deploy.`, unwritable);
    const issues = issuesOf(order);
    if (issues.length > 0) return refusal(422, "settings", "The definition is wrong; nothing was started.", `Correct ${issues.map(({ path }) => path || "the definition").join(", ")} and deploy.`, issues);
    if ("upload" in order.source && (await bucketOf(order.source.bucket, context.env).head(uploadKey(context.req.param("name")))) === null) {
      return refusal(409, "nothing_uploaded", "Nothing was uploaded for this export.", `Send its file by PUT /exports/${encodeURIComponent(context.req.param("name"))}/source, and start it again.`);
    }
    const request: StartRequest = { name: context.req.param("name"), runKey: crypto.randomUUID(), ...options, order };
    return context.get("ask")("start", { method: "POST", body: JSON.stringify(request) });
  });
  app.post("/exports/:name/cancel", (context) => context.get("ask")("cancel", { method: "POST" }));
  for (const path of ["status", "progress", "rejections"]) app.get(`/exports/:name/${path}`, (context) => context.get("ask")(path));
  app.put("/exports/:name/source", async (context) => {
    const order = context.get("found");
    if (!isWhole(order)) return incomplete();
    const { source } = order;
    if (!("upload" in source)) return refusal(409, "no_upload", "This export does not read an upload.", 'Define its source as {"upload": true}.');
    const isFree = async (): Promise<boolean> => !isLive({ status: (await (await context.get("ask")("status")).json()) as ExportStatus });
    const busy = (): Response => refusal(409, "run_in_progress", "A run of this export reads the last upload.", "Wait for it to end, or cancel it.");
    if (!(await isFree())) return busy();
    if (context.req.raw.body === null) return refusal(400, "empty_source", "The request has no body.", "Send the file as the body.");
    // A run may have begun while the file was on its way.
    const sizeBytes = await store(bucketOf(source.bucket, context.env), uploadKey(context.req.param("name")), context.req.raw.body, isFree);
    return sizeBytes === undefined ? busy() : answer({ sizeBytes });
  });
  app.notFound(() => refusal(404, "not_found", "There is nothing here.", "See the package's README for the paths."));
  app.onError((error) => {
    if (error instanceof ExportError) return refusal(500 as ContentfulStatusCode, error.code, error.message, error.remedy);
    console.error("activecampaign-export: a request failed:", error.name);
    return refusal(500, "failed", "The request could not be answered.", "Try again; look into the worker's log.");
  });
  return app;
}

/** As many as the state of a run can be kept by. */
const NAME_LENGTH = 200;

/** Also no half of a character, and no name that an address cannot hold: `.` and `..` lead elsewhere. */
function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && name.length <= NAME_LENGTH && !/[\p{Cc}\p{Cs}]/u.test(name);
}

/** What is wrong with a definition; of what is still as it came, nothing more. */
function issuesOf({ definition, connection }: EdgeExport): Issue[] {
  const left = leftAsItCame(definition);
  const places = new Set(left.map(({ path }) => path));
  return [...left, ...checkDefinition(definition, undefined, connection.allowedHosts).filter(({ path }) => !places.has(path))];
}

/** Exports come from a deployer's code, which nothing checks. */
function isWhole(order: unknown): order is WorkerExport {
  if (typeof order !== "object" || order === null) return false;
  const { definition, connection, source } = order as Partial<WorkerExport>;
  return [definition, connection, source].every((part) => typeof part === "object" && part !== null);
}

function incomplete(): Response {
  return refusal(422, "settings", "The export has no definition, connection or source.", "Complete it in the worker's code, and deploy.");
}

/** The parts that cannot be told to an object, which gets them as JSON. */
function unwritableOf(order: EdgeExport): Issue[] {
  return (["definition", "connection", "source"] as const).filter((part) => !isJson(order[part])).map((path) => ({
    path,
    code: "not_json",
    message: `"${path}" cannot be written as JSON: it holds a BigInt, or itself. Use plain data.`,
  }));
}

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

function startOptions(body: string): { runKey?: string; restart?: boolean } | undefined {
  const given: unknown = body.trim() === "" ? {} : parsed(body);
  if (typeof given !== "object" || given === null || Array.isArray(given)) return undefined;
  const { runKey, restart, ...rest } = given as Record<string, unknown>;
  if (Object.keys(rest).length > 0) return undefined;
  if (runKey !== undefined && (typeof runKey !== "string" || runKey === "" || runKey.length > 200)) return undefined;
  if (restart !== undefined && typeof restart !== "boolean") return undefined;
  return { ...(runKey === undefined ? {} : { runKey }), ...(restart === undefined ? {} : { restart }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Hashes have one length and say nothing of where they differ. */
async function sameSecret(given: string, wanted: string): Promise<boolean> {
  return sameText(await sha256(given), await sha256(wanted));
}

/** Starts what is due, and has each account look for exports that have stalled. One request an account: an event may make few. */
async function scheduled({ cron, scheduledTime }: CronEvent, bindings: Bindings, exports: Map<string, unknown>): Promise<void> {
  const accounts = new Map<string, StartRequest[]>();
  for (const [name, found] of exports) {
    // One that is not what it should be must not hold up the others.
    if (!isWhole(found) || !isName(name) || unwritableOf(found).length > 0) {
      console.error(`activecampaign-export: the export ${JSON.stringify(name.slice(0, NAME_LENGTH))} has no definition, connection or source, holds what JSON cannot carry, or has a name that cannot be one`);
      continue;
    }
    const { cron: own, ...order } = found;
    const host = hostnameOf(order);
    const due = accounts.get(host) ?? [];
    accounts.set(host, due);
    if (own === cron) due.push({ name, runKey: `cron-${scheduledTime}`, order, restart: true });
  }
  const asked: Promise<Response>[] = [];
  for (const [host, due] of accounts) {
    for (let at = 0; at < due.length; at += MOST_ASKED) asked.push(tell(bindings, "ACCOUNTS", host, "start", due.slice(at, at + MOST_ASKED)));
    if (due.length === 0) asked.push(tell(bindings, "ACCOUNTS", host, "sweep"));
  }
  const failed = (await Promise.allSettled(asked)).filter((outcome) => outcome.status === "rejected");
  if (failed.length === 0) return;
  const known = failed.map(({ reason }) => reason as unknown).find((reason) => reason instanceof ExportError);
  console.error(`activecampaign-export: ${failed.length} of ${asked.length} accounts could not be asked${known ? `: ${known.message} ${known.remedy}` : ""}`);
}
