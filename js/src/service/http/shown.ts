/** Records as callers may see them. */
import type { z } from "@hono/zod-openapi";
import type { Run as RunRecord, User } from "../documents.js";
import { isAllowed } from "../rules.js";
import type { Run } from "./shapes.js";

/** A run: of its connection only administrators see more than which it is. */
export function shownRun(user: User, { host, ...run }: RunRecord): z.infer<typeof Run> {
  return (isAllowed(user.role, "manage_connections") ? { ...run, host } : run) as z.infer<typeof Run>;
}

/** A run among others: without its course. */
export function listedRun(user: User, { history: _course, ...run }: RunRecord): z.infer<typeof Run> {
  return shownRun(user, run);
}
