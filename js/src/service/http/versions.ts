/** Versions of records, as ETags: what a change is made on, and whether what is kept is still good (RFC 9110, 13.1). */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { sha256 } from "../ids.js";
import { changedMeanwhile, notFound, ServiceProblem } from "../problem.js";

/** The version that a change is made on. */
export const onVersion = z.object({
  "if-match": z.string().max(500).optional().openapi({ description: "The ETag that was read, several of them, or `*` for whichever version there is; without it a change is refused (428).", example: '"3"' }),
});

/** What the caller has already. */
export const unlessKept = z.object({
  "if-none-match": z.string().max(500).optional().openapi({ description: "ETags of what was read before: when one is current, the answer is 304 and has no body.", example: '"3"' }),
});

/** Declares the answer to whoever has it already. */
export const kept = { 304: { description: "It is as it was read." } } as const;

export function etagOf(version: number): string {
  return `"${version}"`;
}

/** Of a record that is shown with what other records say: changes with them, and stands for the record's version too. */
export async function etagWith(version: number, shown: object): Promise<string> {
  return `"${version}.${(await sha256(JSON.stringify(shown))).slice(0, 16)}"`;
}

const TAGS = /^(?:W\/)?"[\x21\x23-\x7e]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e]*")*$/u;

/** The tags of a header; nothing when it is no list of tags. */
function tagsOf(header: string): string[] | undefined {
  return TAGS.test(header.trim()) ? (header.match(/(?:W\/)?"[^"]*"/gu) ?? []) : undefined;
}

/** The version that the caller read. Throws a problem when the request does not say it (428), or says another (412). */
export async function versionOf(header: string | undefined, current: () => Promise<{ version: number } | undefined>): Promise<number> {
  if (header === undefined) throw unsaid(428, "The change does not say on what it is made.");
  const tags = tagsOf(header);
  if (!tags && header.trim() !== "*") throw unsaid(412, "The header If-Match is no ETag of this service.");
  // A weak tag never matches: what it stands for may differ.
  const versions = (tags ?? []).flatMap((tag) => /^"(\d{1,15})(?:\.[\w-]{16})?"$/u.exec(tag)?.slice(1, 2).map(Number) ?? []);
  const [only, ...more] = versions;
  if (only !== undefined && more.length === 0) return only;
  const found = await current();
  if (!found) throw notFound("record");
  if (tags && !versions.includes(found.version)) throw changedMeanwhile();
  return found.version;
}

function unsaid(status: 412 | 428, detail: string): ServiceProblem {
  return new ServiceProblem(status, "version", "misuse", detail, "Read the record, and send its ETag as If-Match.");
}

/** Whether the caller has what would be answered under this tag. */
export function hasAlready(context: Context, etag: string): boolean {
  const header = context.req.header("if-none-match")?.trim();
  return header === "*" || (header !== undefined && (tagsOf(header) ?? []).some((tag) => tag.replace(/^W\//u, "") === etag));
}
