/** What every route may answer, and the parts that requests have in common. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Problem as ProblemBody, ProblemStatus } from "../problem.js";
import { Problem } from "./shapes.js";

const SAID: Partial<Record<ProblemStatus, string>> = {
  400: "The request is malformed.",
  401: "The caller is not known.",
  403: "The caller may not do this.",
  404: "There is no such thing, or it is not the caller's to see.",
  409: "Something stands in the way.",
  412: "It was changed since it was read.",
  413: "The body is too large.",
  415: "The body is not of the type that is asked for.",
  422: "Some settings are wrong: all issues, each with its path.",
  428: "The change does not say on what it is made.",
  502: "The account did not answer as it should.",
  503: "Try again.",
};

/** Declares problems, besides those that every route has. */
export function problems(...more: ProblemStatus[]): Record<number, { description: string; content: { "application/problem+json": { schema: typeof Problem } } }> {
  const all = [...new Set<ProblemStatus>([400, 401, 403, 413, 503, ...more])].sort();
  return Object.fromEntries(all.map((status) => [status, { description: SAID[status] ?? "", content: { "application/problem+json": { schema: Problem } } }]));
}

/** Declares an answer in JSON. */
export function gives<T extends z.ZodType>(schema: T, description: string): { description: string; content: { "application/json": { schema: T } } } {
  return { description, content: { "application/json": { schema } } };
}

/** Declares a body in JSON. */
export function takes<T extends z.ZodType>(schema: T): { content: { "application/json": { schema: T } }; required: true } {
  return { content: { "application/json": { schema } }, required: true };
}

// The pattern again: of one with a flag the description would be wrong.
const id = z.string().regex(/^[0-9a-z]{1,64}$/u, "This is no id of this service.").openapi({ pattern: "^[0-9a-z]{1,64}$" });

/** The record in the path. */
export const byId = z.object({ id: id.openapi({ param: { name: "id", in: "path" } }) });

/** A creation that may be sent again. */
export const once = z.object({
  "idempotency-key": z.string().min(1).max(200).optional().openapi({ description: "The same key with the same body is the same creation, for a day." }),
});

export function tell(context: Context, problem: ProblemBody): Response {
  return context.body(JSON.stringify(problem), problem.status as ContentfulStatusCode, { "content-type": "application/problem+json" });
}
