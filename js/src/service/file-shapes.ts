/** The shapes of definitions that are kept as files, and their JSON Schemas for editors. Names stand for records. */
import { z } from "@hono/zod-openapi";
import type { Issue } from "../types.js";
import { Schedule, Sharing, SOURCE_FORMS } from "./http/shapes.js";
import { issuesOf, plain, strict } from "./said.js";

const name = plain(z.string().min(1).max(100));
const schema = z.string().optional();
const column = z.string().min(1).describe("A column, by its exact name.");
const valueSource = z.union([column, strict({ column }), strict({ template: z.string().describe("Columns in braces, such as `{FirstName} {LastName}`.") })]);
const consent = z.union([column, strict({ column, values: z.array(z.string()).optional(), negated: z.boolean().optional() })]);
const where = { column: column.optional(), template: z.string().optional() };

const Mapping = strict({
  id: column.optional().describe("The profile's id in the source; named in the rejected rows."),
  email: valueSource.describe("Required."),
  firstName: valueSource.optional(),
  lastName: valueSource.optional(),
  phone: valueSource.optional(),
  fields: z
    .array(strict({ field: z.string().optional(), id: z.union([z.number().int(), z.string()]).optional(), ...where, dateOrder: z.enum(["ymd", "mdy", "dmy"]).optional(), separator: z.string().optional() }))
    .optional()
    .describe("Custom fields, by `field` (title or personalization tag) or by `id`."),
  tags: z.array(z.union([z.string(), strict({ ...where, prefix: z.string().optional(), separator: z.string().optional() })])).optional(),
  consent: consent.optional().describe("Profiles whose column does not say yes are not sent."),
  subscribe: consent.optional().describe("Profiles whose column does not say yes are sent, but not subscribed."),
});

const ConnectionFile = strict({
  $schema: schema,
  name,
  host: z.string().describe("The bare hostname, such as acme.api-us1.com."),
  keyName: z.string().optional().describe("The name of the secret that holds the key. Left out: the key is sealed in the service and stays as it is."),
  sharing: Sharing.optional(),
  consent: strict({ agreed: z.boolean(), version: z.string() }).optional().describe("For a new connection: whoever applies it agrees to the privacy statement of this version."),
});

const SegmentFile = strict({
  $schema: schema,
  name,
  source: z.union([strict({ file: z.string() }), strict({ url: z.string() }), strict({ upload: z.literal(true) }), strict({ r2: z.string() })], SOURCE_FORMS),
  format: z.enum(["auto", "csv", "ndjson"]).optional(),
  delimiter: z.enum([",", ";", "\t", "|"]).optional(),
  kind: z.enum(["dynamic", "static"]).optional(),
  active: z.boolean().optional(),
  members: z.number().int().min(0).optional(),
});

const ExportFile = strict({
  $schema: schema,
  name,
  connection: z.string().nullable().describe("By its name; null: detached."),
  list: z.number().int().min(1).describe("Id of the account's list."),
  segments: z.array(z.string()).min(1).describe("By their names."),
  mapping: Mapping,
  automations: z.enum(["exclude", "run"]).optional().describe("Whether the import sets off the account's automations. Default: no."),
  maxRejectedPercent: z.number().int().min(0).max(100).optional(),
  schedule: Schedule.optional(),
  startAfter: z.array(z.string()).optional().describe("Exports by their names."),
});

export type ConnectionFile = z.infer<typeof ConnectionFile>;
export type SegmentFile = z.infer<typeof SegmentFile>;
export type ExportFile = z.infer<typeof ExportFile>;

/** The kinds of definitions, each a folder of files, in the order in which they need each other. */
export const FILE_SHAPES = { connections: ConnectionFile, segments: SegmentFile, exports: ExportFile } as const;

export type Kind = keyof typeof FILE_SHAPES;

/** The JSON Schema (draft 2020-12) of a kind. */
export function fileSchema(kind: Kind): unknown {
  return z.toJSONSchema(FILE_SHAPES[kind], { target: "draft-2020-12", io: "input" });
}

/** All that is wrong with a file of a kind, as far as the file alone tells. */
export function fileIssues(kind: Kind, value: unknown): Issue[] {
  const parsed = FILE_SHAPES[kind].safeParse(value);
  return parsed.success ? [] : issuesOf(parsed.error);
}
