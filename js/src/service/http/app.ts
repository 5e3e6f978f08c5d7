/** The HTTP interface: what every request goes through, then the routes. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { ExportError } from "../../errors.js";
import type { Authenticate } from "../identity.js";
import { ofAccount, ServiceProblem } from "../problem.js";
import { issuesOf } from "../said.js";
import type { Parts } from "../service.js";
import { tell } from "./answers.js";
import { auditRoutes } from "./audit.js";
import { smallBodies } from "./bodies.js";
import { connectionRoutes } from "./connections.js";
import { exportRoutes } from "./exports.js";
import { asDeclared, createdOnce, type Hono, knownCallers } from "./guards.js";
import { pageRoutes } from "./page.js";
import { referencePage } from "./reference.js";
import { runRoutes } from "./runs.js";
import { scheduleRoutes } from "./schedules.js";
import { segmentRoutes } from "./segments.js";
import { userRoutes } from "./users.js";
import { webhookRoutes } from "./webhooks.js";

export type App = OpenAPIHono<Hono>;

/** What is said of the interface. */
const ABOUT = {
  openapi: "3.1.0",
  info: {
    title: "activecampaign-export",
    version: "1",
    description: "Connections, exports, permissions, schedules and runs: segments of customer profiles to ActiveCampaign. Every refusal says what happened, who must act, what to do and whether a retry helps.",
  },
  servers: [{ url: "/" }],
  security: [{ bearer: [] }],
};

export function makeApp(parts: Parts, ways: readonly Authenticate[]): App {
  const app: App = new OpenAPIHono<Hono>({
    defaultHook: (result) => {
      if (result.success) return;
      const issues = issuesOf(result.error);
      const [status, where] = result.target === "json" ? ([422, "Some settings are wrong; nothing was saved."] as const) : ([400, "The request is malformed."] as const);
      throw new ServiceProblem(status, "settings", "settings", where, "Correct them, and send the request again.", { issues });
    },
  });
  app.onError((error, context) => {
    if (error instanceof ServiceProblem) return tell(context, error.problem);
    if (error instanceof ExportError) return tell(context, ofAccount(error).problem);
    if (error instanceof HTTPException) return tell(context, malformed(error).problem);
    // Its text may hold what must not leave.
    console.error("activecampaign-export: a request failed:", error.name, context.req.method, context.req.routePath);
    return tell(context, new ServiceProblem(500, "internal", "misuse", "The service failed.", "Try again; if it fails again, look at the service's own log.", { retryHelps: true }).problem);
  });
  app.notFound((context) => tell(context, new ServiceProblem(404, "not_found", "misuse", "There is nothing here.", "Look at /openapi.json.").problem));
  app.use(async (context, next) => {
    await next();
    context.header("x-content-type-options", "nosniff");
    context.header("referrer-policy", "no-referrer");
    if (context.req.path.startsWith("/api/")) context.header("cache-control", "no-store");
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer", description: "A token of this service, or one of the identity provider." });
  app.doc31("/openapi.json", ABOUT);
  app.get("/reference", (context) => context.body(referencePage(app.getOpenAPI31Document(ABOUT)), 200, { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'" }));
  app.use("/api/*", knownCallers(parts.environment, ways));
  app.use("/api/*", asDeclared(app));
  app.use("/api/*", ...smallBodies());
  app.use("/api/*", createdOnce(parts.environment));
  for (const routes of [userRoutes, connectionRoutes, segmentRoutes, exportRoutes, scheduleRoutes, runRoutes, webhookRoutes, auditRoutes]) routes(app, parts);
  pageRoutes(app, parts.environment.options.page);
  return app;
}

function malformed({ status, message }: HTTPException): ServiceProblem {
  if (status === 415) return new ServiceProblem(415, "media_type", "misuse", "The body is not of the type that is asked for.", "Send it as application/json.");
  return new ServiceProblem(400, "malformed", "misuse", /json/iu.test(message) ? "The body is not valid JSON." : "The request is malformed.", "Correct it, and send it again.");
}
