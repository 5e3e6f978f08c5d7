/** The core's rules of the service, with types. */
import { allowed, checkConnection, privacyStatement as statement } from "../core.js";
import { guarded } from "../engine.js";
import type { Issue } from "../types.js";
import type { Connection, Export, Role, User } from "./documents.js";

export type Action =
  | "manage_connections"
  | "use_connection"
  | "view_exports"
  | "edit_export"
  | "run_export"
  | "view_segments"
  | "manage_segments"
  | "refresh"
  | "manage_users"
  | "view_audit"
  | "manage_webhooks";

/** With whom a connection is shared, as seen by one user. */
export type Sharing = "withheld" | "shared" | "own_detached";

export function isAllowed(role: Role, action: Action, sharing: Sharing = "withheld"): boolean {
  return guarded(() => allowed(role, action, sharing));
}

/** How a user stands to a connection. */
export function sharingOf({ sharing }: Connection, user: User): Sharing {
  if (sharing.with === "contributors") return "shared";
  return sharing.with === "users" && sharing.users.includes(user.id) ? "shared" : "withheld";
}

/** How a user stands to an export, by the connection under it. */
export function sharingOfExport(one: Export, connection: Connection | undefined, user: User): Sharing {
  if (connection) return sharingOf(connection, user);
  return one.connection === null && one.createdBy === user.id ? "own_detached" : "withheld";
}

/** All issues of a connection's settings. */
export function connectionIssues(settings: unknown, allowedHosts: readonly string[]): Issue[] {
  return guarded(() => checkConnection(JSON.stringify(settings) ?? "null", [...allowedHosts])) as Issue[];
}

/** What the consent of a connection is given to. */
export function privacyStatement(): { version: string; text: string } {
  const [version = "", text = ""] = guarded(statement);
  return { version, text };
}
