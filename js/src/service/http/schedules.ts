/** Schedules over HTTP: what a schedule says, before it is saved. */
import { createRoute, z } from "@hono/zod-openapi";
import { notValid } from "../problem.js";
import { nextTimes, scheduleIssues } from "../schedule.js";
import type { Parts } from "../service.js";
import { gives, problems, takes } from "./answers.js";
import type { App } from "./app.js";
import { Schedule } from "./shapes.js";

export function scheduleRoutes(app: App, { environment }: Parts): void {
  app.openapi(
    createRoute({ method: "post", path: "/api/schedules/next", summary: "The next five times of a schedule; nothing is saved", tags: ["Exports"], request: { body: takes(Schedule) }, responses: { 200: gives(z.object({ times: z.array(z.string().datetime()) }), "The earliest first."), ...problems(415, 422) } }),
    (context) => {
      const schedule = context.req.valid("json");
      const issues = scheduleIssues(schedule, "");
      if (issues.length > 0) throw notValid(issues.map((issue) => ({ ...issue, path: issue.path.replace(/^\./u, "") })));
      return context.json({ times: nextTimes(schedule, new Date(environment.host.now())).map((time) => time.toISOString()) }, 200);
    },
  );
}
