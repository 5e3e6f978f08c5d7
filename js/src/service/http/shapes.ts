/** The shapes of requests and answers: what validates them also describes them. */
import { z } from "@hono/zod-openapi";
import { plain, strict } from "../said.js";

const id = plain(z.string().min(1).max(200));
const time = z.string().datetime().openapi({ example: "2026-11-25T06:30:00.000Z" });
const count = z.number().int().min(0);
const open = z.record(z.string(), z.unknown());

export const Issue = z
  .object({
    path: z.string().openapi({ description: "Where, such as `mapping.fields[1].column`; empty for the whole." }),
    code: z.string(),
    message: z.string(),
    suggestion: z.string().optional(),
  })
  .openapi("Issue");

const categories = ["settings", "credentials", "source", "remote", "checkpoint", "misuse", "permission"] as const;

export const Reason = z
  .object({
    code: z.string(),
    category: z.enum(categories).openapi({ description: "Who must act." }),
    message: z.string(),
    remedy: z.string(),
    retryHelps: z.boolean(),
    issues: z.array(Issue).optional(),
  })
  .openapi("Reason");

export const Problem = z
  .object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.number().int(),
    code: z.string().openapi({ description: "Stable." }),
    detail: z.string(),
    category: z.enum(categories).openapi({ description: "Who must act." }),
    remedy: z.string(),
    retryHelps: z.boolean(),
    issues: z.array(Issue).optional(),
    inTheWay: z.array(z.object({ id, name: z.string() })).optional(),
  })
  .openapi("Problem", { description: "What could not be done (RFC 9457)." });

const role = z.enum(["administrator", "contributor", "viewer", "source"]).openapi("Role");

export const User = z.object({ id, role, active: z.boolean(), createdAt: time, etag: z.string() }).openapi("User");
export const UserInput = strict({ id, role }).openapi("UserInput");
export const UserChange = strict({ role: role.optional(), active: z.boolean().optional() }).openapi("UserChange");
export const Me = z.object({ id, role, privacyStatement: z.object({ version: z.string(), text: z.string(), url: z.string().optional().openapi({ description: "The operator's own privacy statement." }) }), maxProfiles: count.openapi({ description: "Most profiles of one export." }), sandbox: z.string().optional().openapi({ description: "The sandbox that stands in for every account. Left out: live accounts are sent to." }) }).openapi("Me");

export const Token = z.object({ id, user: id, name: z.string(), createdAt: time, expiresAt: time.optional() }).openapi("Token");
export const NewToken = Token.extend({ secret: z.string().openapi({ description: "Shown this once." }) }).openapi("NewToken");
export const TokenInput = strict({ user: id, name: plain(z.string().min(1).max(100)), days: z.number().int().min(1).max(366).optional().openapi({ description: "Default: 90." }) })
  .openapi("TokenInput");

export const Sharing = z
  .discriminatedUnion("with", [
    strict({ with: z.literal("administrators") }),
    strict({ with: z.literal("contributors") }),
    strict({ with: z.literal("users"), users: z.array(id).min(1).max(1_000) }),
  ])
  .openapi("Sharing", { description: "Who may use the connection, besides administrators." });

const tested = z
  .object({
    at: time,
    ok: z.boolean(),
    user: z.string().optional(),
    lists: count.optional(),
    fields: count.optional(),
    contactLimit: z.object({ limit: z.number(), used: z.number() }).optional(),
    stop: Reason.optional(),
  })
  .openapi("Tested", { description: "What the account said when it was last asked." });
export const Tested = tested;

const hostname = z.string().min(1).max(300).openapi({ description: "The bare hostname, without `https://`.", example: "acme.api-us1.com" });
const apiKey = z.string().min(1).max(500).openapi({ description: "Never shown again." });
const keyName = plain(z.string().min(1).max(200)).openapi({ description: "The name under which the host keeps the key." });
const connectionName = plain(z.string().max(300)).openapi({ description: "Tells purpose and target.", example: "Newsletter, main account" });

/** Whoever sends none learns where the text is. */
const consentShape = z.strictObject(
  { agreed: z.boolean(), version: z.string().max(20) },
  { error: 'A connection needs consent to the privacy statement: GET /api/me has its text and version; send "consent": { "agreed": true, "version": "..." }.' },
);
export const ConnectionInput = strict({
    name: connectionName,
    host: hostname,
    apiKey: apiKey.optional(),
    keyName: keyName.optional(),
    sharing: Sharing.optional(),
    consent: consentShape.openapi({ description: "To the privacy statement of `/api/me`." }),
  })
  .openapi("ConnectionInput");
export const ConnectionTest = strict({ host: hostname, apiKey: apiKey.optional(), keyName: keyName.optional() }).openapi("ConnectionTest");
export const ConnectionChange = strict({
    name: connectionName.optional(),
    host: hostname.optional(),
    apiKey: apiKey.optional(),
    keyName: keyName.optional(),
    sharing: Sharing.optional(),
    takeOver: z.boolean().optional().openapi({ description: "Makes the caller the export user." }),
  })
  .openapi("ConnectionChange");

export const Connection = z
  .object({
    id,
    type: z.literal("activecampaign"),
    name: z.string(),
    host: z.string(),
    key: z.union([z.object({ kind: z.literal("reference"), name: z.string() }), z.object({ kind: z.literal("sealed"), lastFour: z.string() })]),
    sharing: Sharing,
    consent: z.object({ by: id, at: time, version: z.string() }),
    exportUser: id,
    tested: tested.optional(),
    createdAt: time,
    createdBy: id,
    updatedAt: time,
    etag: z.string(),
  })
  .openapi("Connection");

export const UsableConnection = z.object({ id, name: z.string(), type: z.literal("activecampaign") }).openapi("UsableConnection", { description: "All that contributors see of a connection." });
export const RemovalPlan = strict({ all: z.enum(["detach", "remove"]).optional(), each: z.record(z.string(), z.enum(["detach", "remove"])).optional() })
  .openapi("RemovalPlan", { description: "What becomes of the exports on the connection." });

export const Account = z
  .object({
    user: z.string(),
    lists: z.array(z.object({ id: z.number(), name: z.string(), activeSubscribers: z.number().optional() })),
    fields: z.array(z.object({ id: z.number(), title: z.string(), perstag: z.string().optional(), type: z.string().optional(), options: z.array(z.string()).optional() })),
    tags: z.array(z.object({ id: z.number(), name: z.string() })),
    contactLimit: z.object({ limit: z.number(), used: z.number() }).optional(),
  })
  .openapi("Account");

export const SOURCE_FORMS = { error: 'It must be { "file": "NAME" }, { "url": "https://..." }, { "upload": true } or { "r2": "KEY" }.' };
const SegmentSource = z
  .union([
    strict({ file: z.string().min(1).max(1_000) }),
    strict({ url: plain(z.string().min(1).max(2_000)) }),
    strict({ upload: z.literal(true) }),
    strict({ r2: z.string().min(1).max(1_000) }),
  ], SOURCE_FORMS)
  .openapi("SegmentSource", { description: "Where its profiles are read." });

const segmentFields = {
  name: plain(z.string().min(1).max(300)),
  source: SegmentSource,
  format: z.enum(["auto", "csv", "ndjson"]).optional(),
  delimiter: z.enum([",", ";", "\t", "|"]).optional(),
  kind: z.enum(["dynamic", "static"]).optional(),
  active: z.boolean().optional(),
  members: z.number().int().min(0).max(1_000_000_000).optional().openapi({ description: "As the source says." }),
};
export const SegmentInput = strict(segmentFields).openapi("SegmentInput");
export const SegmentChange = strict({ ...segmentFields, name: segmentFields.name.optional(), source: SegmentSource.optional(), members: segmentFields.members.nullable().openapi({ description: "As the source says; null: not known any more." }) }).openapi("SegmentChange");
export const Segment = z
  .object({ ...segmentFields, id, kind: z.enum(["dynamic", "static"]), active: z.boolean(), createdAt: time, createdBy: id, updatedAt: time, etag: z.string(), uploaded: z.object({ at: time, bytes: count }).optional().openapi({ description: "What was uploaded last; absent where nothing was." }) })
  .openapi("Segment");

const weekday = z.enum(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]);
export const Schedule = z
  .discriminatedUnion("type", [
    strict({ type: z.literal("refresh"), active: z.boolean() }),
    strict({
      type: z.literal("own"),
      active: z.boolean(),
      days: z.array(weekday).max(7).optional().openapi({ description: "Left out: every day." }),
      times: z.array(z.string().max(5)).max(10).openapi({ example: ["06:30"], description: "At most four." }),
      timeZone: z.string().max(100).openapi({ example: "Europe/Ljubljana" }),
    }),
  ])
  .openapi("Schedule", { description: "With every refresh of the source, or at times of its own. Off: on demand only." });

const mapping = open.openapi({ description: "Data matching: `email` is required; `firstName`, `lastName`, `phone`, `fields`, `tags`, `consent`. Every setting is checked by the core.", example: { email: "EMail", firstName: "FirstName" } });

const exportFields = {
  name: plain(z.string().max(300)),
  connection: id.nullable().openapi({ description: "None: detached." }),
  list: z.number().int().min(1),
  segments: z.array(id).max(200),
  mapping,
  automations: z.enum(["exclude", "run"]).optional().openapi({ description: "Whether the import sets off the account's automations. Default: no." }),
  maxRejectedPercent: z.number().int().min(0).max(100).optional(),
  schedule: Schedule.optional(),
  startAfter: z.array(id).max(100).optional().openapi({ description: "Exports that must have ended before this one starts." }),
};
export const ExportInput = strict(exportFields).openapi("ExportInput");
export const ExportChange = strict({ ...exportFields, name: exportFields.name.optional(), connection: id.nullable().optional(), list: exportFields.list.optional(), segments: exportFields.segments.optional(), mapping: mapping.optional() })
  .openapi("ExportChange");

export const Progress = z
  .object({
    read: count, pending: count, queued: count, delivered: count, rejected: count, duplicate: count, excluded: count, unchanged: count, unverified: count,
    resent: count, batches: count, requests: count, sourceBytes: count, remainingMillis: z.number().optional(), waiting: z.string().optional(),
  })
  .openapi("Progress", { description: "`read` is the sum of the eight counts after it, always." });

const status = z
  .enum(["queued", "refreshing", "successful", "completed_with_rejections", "incomplete", "failed_retrying", "failed_permanent", "skipped", "cancelled"])
  .openapi("RunStatus");

export const Run = z
  .object({
    id, export: id, exportName: z.string(), connection: id,
    host: z.string().optional().openapi({ description: "For administrators." }),
    trigger: z.enum(["on_demand", "run_all", "refresh", "schedule"]),
    user: id,
    refresh: z.string().optional(),
    status,
    reason: Reason.optional(),
    warnings: z.array(Issue),
    parts: z.array(
      z.object({
        segment: id, name: z.string(), state: z.enum(["waiting", "running", "ended"]), progress: Progress.optional(),
        result: z.enum(["succeeded", "completed_with_rejections", "incomplete", "blocked", "cancelled", "failed"]).optional(),
        stop: Reason.optional(), rejectedByRule: z.record(z.string(), count).optional(),
        omissions: z.array(z.object({ target: z.string(), code: z.string(), reason: z.string(), count, firstRow: count })).optional(),
      }),
    ),
    progress: Progress.optional(),
    history: z.array(z.array(count).length(5)).optional().openapi({ description: "The course of the run, of a single one only: milliseconds since it began, then profiles pending, queued, delivered, rejected." }),
    queuedAt: time, startedAt: time.optional(), endedAt: time.optional(), dueAt: time.optional(),
    retries: count, cancelledBy: id.optional(), rejectionsExpireAt: time.optional(),
  })
  .openapi("Run");

export const Export = z
  .object({
    ...exportFields,
    id,
    automations: z.enum(["exclude", "run"]),
    schedule: Schedule,
    startAfter: z.array(id),
    connectionName: z.string().optional(),
    connectionType: z.literal("activecampaign").optional(),
    /** The original's "your permissions". */
    permission: z.enum(["edit", "view"]),
    status: z.union([z.literal("not_started"), status]),
    lastRun: z.object({ id, status, trigger: z.string(), at: time }).optional(),
    nextRunAt: time.optional(),
    createdAt: time, createdBy: id, updatedAt: time, updatedBy: id,
    etag: z.string(),
  })
  .openapi("Export");
export const SavedExport = z.object({ export: Export, warnings: z.array(Issue) }).openapi("SavedExport", { description: "Saved, and not run." });

const counted = { read: count, accepted: count, rejected: count, duplicate: count, excluded: count, batches: count, minutes: z.number() };
export const ExportCheck = z
  .object({
    segments: z.array(z.looseObject({ id, name: z.string(), ...Object.fromEntries(Object.entries(counted).map(([name, shape]) => [name, shape.optional()])) })),
    read: count.optional(), accepted: count.optional(), requests: count.optional(), minutes: z.number().optional(),
    warnings: z.array(Issue),
  })
  .openapi("ExportCheck", { description: "A dry run: nothing was sent." });

export const RefreshInput = strict({
    id: id.openapi({ description: "The source's own name for this refresh." }),
    state: z.enum(["started", "completed", "failed"]),
    kind: z.enum(["scheduled", "manual"]).optional(),
    segments: z.array(id).max(1_000).optional().openapi({ description: "Left out: all." }),
  })
  .openapi("RefreshInput");
export const Refreshed = z
  .object({
    refresh: z.object({ id: z.string(), state: z.enum(["started", "completed", "failed"]), kind: z.enum(["scheduled", "manual"]), segments: z.array(id).optional(), startedAt: time.optional(), endedAt: time.optional() }),
    runs: z.array(Run).openapi({ description: "For those who may see runs." }),
    count: count.openapi({ description: "How many runs it has made or joined." }),
    already: z.boolean().openapi({ description: "It was told before; nothing new was done." }),
  })
  .openapi("Refreshed");

export const Rejection = z
  .object({ segment: id, row: count, line: count, offset: count, sourceId: z.string().optional(), column: z.string().optional(), rule: z.string(), reason: z.string(), value: z.string().optional() })
  .openapi("Rejection");

export const AuditEntry = z
  .object({ number: count, at: time, user: z.string(), action: z.string(), target: z.string(), before: z.string().optional(), after: z.string().optional(), previous: z.string(), hash: z.string() })
  .openapi("AuditEntry");

const thresholds = strict({ rejectedPercent: z.number().min(0).max(100).optional(), minutes: z.number().min(0).optional(), deviationPercent: z.number().min(0).optional() })
  .openapi("Thresholds", { description: "`run.threshold` is sent when a run passes one." });
const events = z.array(z.string().max(50)).max(20).openapi({ description: "Empty: all." });
export const WebhookInput = strict({ url: plain(z.string().min(1).max(2_000)), events: events.optional(), active: z.boolean().optional(), thresholds: thresholds.optional() }).openapi("WebhookInput");
export const WebhookChange = strict({ url: plain(z.string().min(1).max(2_000)).optional(), events: events.optional(), active: z.boolean().optional(), thresholds: thresholds.optional() }).openapi("WebhookChange");
export const Webhook = z.object({ id, url: z.string(), events, active: z.boolean(), thresholds, createdAt: time, createdBy: id, etag: z.string() }).openapi("Webhook");
export const NewWebhook = Webhook.extend({ secret: z.string().openapi({ description: "Shown this once: its receiver checks signatures with it (Standard Webhooks)." }) }).openapi("NewWebhook");

export const Suggestions = z
  .object({ columns: z.array(z.string()), mapping: open, suggestions: z.array(z.looseObject({ target: z.string(), column: z.string(), confidence: z.number() })) })
  .openapi("Suggestions");
