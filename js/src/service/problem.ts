/** What could not be done, in the form of RFC 9457: what happened, who must act, what to do, whether a retry helps. */
import { ExportError } from "../errors.js";
import type { Category, Issue } from "../types.js";

/** Who must act, besides those of a run. */
export type Actor = Category | "permission";

export interface Problem {
  type: "about:blank";
  title: string;
  status: number;
  /** A stable code. */
  code: string;
  /** What happened. */
  detail: string;
  category: Actor;
  /** What to do. */
  remedy: string;
  retryHelps: boolean;
  issues?: Issue[];
  /** What stands in the way, such as the exports that use a connection. */
  inTheWay?: { id: string; name: string }[];
}

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 422 | 428 | 429 | 500 | 502 | 503;

const TITLES: Record<ProblemStatus, string> = {
  400: "Bad request",
  401: "Not authenticated",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  412: "Changed meanwhile",
  413: "Too large",
  415: "Unsupported media type",
  422: "Not valid",
  428: "Precondition required",
  429: "Too many requests",
  500: "Internal error",
  502: "The account did not answer as it should",
  503: "Not available",
};

/** Thrown by the service, told to the caller. */
export class ServiceProblem extends Error {
  override readonly name = "ServiceProblem";
  readonly problem: Problem;

  constructor(status: ProblemStatus, code: string, category: Actor, detail: string, remedy: string, more: Partial<Pick<Problem, "issues" | "inTheWay" | "retryHelps">> = {}) {
    super(detail);
    this.problem = { type: "about:blank", title: TITLES[status], status, code, detail, category, remedy, retryHelps: false, ...more };
  }
}

export function notFound(what: string): ServiceProblem {
  return new ServiceProblem(404, "not_found", "misuse", `There is no such ${what}.`, "Look at the list of those there are.");
}

export function notAllowed(what: string): ServiceProblem {
  return new ServiceProblem(403, "not_allowed", "permission", `You may not ${what}.`, "Ask an administrator.");
}

export function notValid(issues: Issue[]): ServiceProblem {
  return new ServiceProblem(422, "settings", "settings", "Some settings are wrong; nothing was saved.", "Correct them, and save again.", { issues });
}

export function changedMeanwhile(): ServiceProblem {
  return new ServiceProblem(412, "changed", "misuse", "It was changed since you read it.", "Read it again, and make your change on what it is now.", { retryHelps: false });
}

/** Somebody else was quicker, again and again. */
export function busy(): ServiceProblem {
  return new ServiceProblem(503, "busy", "misuse", "Too many changes were made at once.", "Try again.", { retryHelps: true });
}

/** What the account or its key is to blame for. */
export function ofAccount({ code, category, message, remedy, retryHelps, issues }: Pick<ExportError, "code" | "category" | "message" | "remedy" | "retryHelps" | "issues">): ServiceProblem {
  const status = category === "remote" ? 502 : 422;
  return new ServiceProblem(status, code, category, message, remedy, { retryHelps, ...(issues.length > 0 ? { issues: [...issues] } : {}) });
}

/** What came of reading a source beforehand: whatever it is, the service itself has not failed. */
export function ofSource(error: unknown): ServiceProblem {
  if (error instanceof ServiceProblem) return error;
  if (error instanceof ExportError) return ofAccount(error);
  // Its text may hold what must not leave.
  console.error("activecampaign-export: a source could not be read:", error instanceof Error ? error.name : typeof error);
  return new ServiceProblem(422, "source_failed", "source", "The source could not be read.", "Make it readable where the segment says, and try again.", { retryHelps: true });
}
