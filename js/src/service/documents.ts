/** The records that the service keeps, and the names of their keys. Times are ISO 8601 in UTC. */
import type { ExportDefinition, Issue, Mapping, Omission, Progress, RunResult, Stop } from "../types.js";
import type { Point } from "./history.js";
import type { Actor } from "./problem.js";

/** What a user is; see the core's table of roles and actions. */
export type Role = "administrator" | "contributor" | "viewer" | "source";

export interface User {
  /** The name that the identity gives, such as an e-mail address. */
  id: string;
  role: Role;
  /** One that is not active may do nothing. */
  active: boolean;
  createdAt: string;
}

/** A bearer token; its secret is not kept, only a hash of it. */
export interface Token {
  id: string;
  user: string;
  /** What it is for. */
  name: string;
  hash: string;
  createdAt: string;
  expiresAt?: string | undefined;
}

/** With whom a connection is shared, besides administrators. */
export type SharedWith = { with: "administrators" } | { with: "contributors" } | { with: "users"; users: string[] };

/** A key by reference to where it is kept, or sealed here. */
export type KeptKey = { kind: "reference"; name: string } | { kind: "sealed"; sealed: string; lastFour: string };

/** Who agreed to which text, and when. */
export interface Consent {
  by: string;
  at: string;
  version: string;
}

/** What the account said when it was last asked. */
export interface Tested {
  at: string;
  ok: boolean;
  /** Login name of the key's user. */
  user?: string | undefined;
  lists?: number | undefined;
  fields?: number | undefined;
  contactLimit?: { limit: number; used: number } | undefined;
  stop?: Stop | undefined;
}

export interface Connection {
  id: string;
  type: "activecampaign";
  name: string;
  host: string;
  key: KeptKey;
  sharing: SharedWith;
  consent: Consent;
  /** Who set it up: runs are made in this user's right, and end when it is lost. */
  exportUser: string;
  tested?: Tested | undefined;
  createdAt: string;
  createdBy: string;
  updatedAt: string;
}

/** Where the profiles of a segment are read; which kinds there are, the host says. */
export type SegmentSource = { file: string } | { url: string } | { upload: true } | { r2: string };

export interface Segment {
  id: string;
  name: string;
  source: SegmentSource;
  format?: "auto" | "csv" | "ndjson" | undefined;
  delimiter?: "," | ";" | "\t" | "|" | undefined;
  /** A static segment keeps people who were deleted upstream. */
  kind: "dynamic" | "static";
  /** Whether it is refreshed upstream. */
  active: boolean;
  /** As the source says. */
  members?: number | undefined;
  createdAt: string;
  createdBy: string;
  updatedAt: string;
}

/** What was uploaded for a segment, and when. */
export interface Upload {
  at: string;
  bytes: number;
}

export type Weekday = "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday";

export type Schedule = (
  | { type: "refresh" }
  | {
      type: "own";
      /** Left out: every day. */
      days?: Weekday[] | undefined;
      /** Times of the day in the time zone, such as `06:30`; at most four. */
      times: string[];
      /** By its IANA name. */
      timeZone: string;
    }
) & {
  /** Off: on demand only. */
  active: boolean;
};

export interface Export {
  id: string;
  name: string;
  /** None: detached, keeps its configuration and does not run. */
  connection: string | null;
  /** Id of the account's list. */
  list: number;
  segments: string[];
  mapping: Mapping;
  automations: "exclude" | "run";
  maxRejectedPercent?: number | undefined;
  schedule: Schedule;
  /** Exports that must not be running or waiting when this one starts. */
  startAfter: string[];
  createdAt: string;
  createdBy: string;
  updatedAt: string;
  updatedBy: string;
}

/** Why something waits or did not go: as a run's `Stop`, and it may also be for want of a right. */
export type Reason = Omit<Stop, "category"> & { category: Actor };

export type Trigger = "on_demand" | "run_all" | "refresh" | "schedule";

/** `refreshing`: its profiles are on their way, as the original calls it; `incomplete`: of some nobody can say what became of them. */
export type RunStatus =
  | "queued"
  | "refreshing"
  | "successful"
  | "completed_with_rejections"
  | "incomplete"
  | "failed_retrying"
  | "failed_permanent"
  | "skipped"
  | "cancelled";

/** A segment's part of a run. */
export interface RunPart {
  segment: string;
  name: string;
  state: "waiting" | "running" | "ended";
  progress?: Progress | undefined;
  result?: RunResult | "failed" | undefined;
  stop?: Stop | undefined;
  rejectedByRule?: Record<string, number> | undefined;
  omissions?: Omission[] | undefined;
}

export interface Run {
  id: string;
  export: string;
  exportName: string;
  connection: string;
  /** The account: exports of one account run one after another. */
  host: string;
  trigger: Trigger;
  /** Who started it, or set the schedule. */
  user: string;
  /** The refresh that it belongs to. */
  refresh?: string | undefined;
  status: RunStatus;
  /** Why it waits, was skipped or failed: a plain sentence, who must act and what to do. */
  reason?: Reason | undefined;
  /** What was noticed before it began. */
  warnings: Issue[];
  parts: RunPart[];
  /** Of all parts together. */
  progress?: Progress | undefined;
  /** How it came to that. */
  history?: Point[] | undefined;
  queuedAt: string;
  startedAt?: string | undefined;
  endedAt?: string | undefined;
  /** When it is tried again. */
  dueAt?: string | undefined;
  retries: number;
  cancelledBy?: string | undefined;
  /** When its rejected profiles are removed. */
  rejectionsExpireAt?: string | undefined;
}

/** A refresh of the source, as the source tells it. */
export interface Refresh {
  id: string;
  state: "started" | "completed" | "failed";
  kind: "scheduled" | "manual";
  /** Left out: all segments. */
  segments?: string[] | undefined;
  startedAt?: string | undefined;
  endedAt?: string | undefined;
}

export interface AuditEntry {
  number: number;
  at: string;
  /** Who did it. */
  user: string;
  /** Such as `connection.create`. */
  action: string;
  /** The record that was changed, such as `connection/k3v…`. */
  target: string;
  /** SHA-256 of the record before and after, in base64url; none where there was none. */
  before?: string | undefined;
  after?: string | undefined;
  /** The code of the entry before, and of this one with it (HMAC-SHA-256, base64url): whoever changes one breaks all that follow. */
  previous: string;
  hash: string;
}

export interface Webhook {
  id: string;
  url: string;
  /** Kinds of events, such as `run.failed`; empty: all. */
  events: string[];
  /** The secret that signs, sealed. */
  secret: string;
  active: boolean;
  /** Sent as `run.threshold` when a run passes one. */
  thresholds: { rejectedPercent?: number | undefined; minutes?: number | undefined; deviationPercent?: number | undefined };
  createdAt: string;
  createdBy: string;
}

/** What is sent of a part, as it was when the run began. */
export interface OrderedPart {
  definition: ExportDefinition;
  segment: Segment;
}

/** Keys of the records. */
export const KEYS = {
  user: (id: string): string => `user/${encodeURIComponent(id)}`,
  token: (id: string): string => `token/${id}`,
  connection: (id: string): string => `connection/${id}`,
  segment: (id: string): string => `segment/${id}`,
  export: (id: string): string => `export/${id}`,
  /** When an export with a schedule of its own is due next. */
  due: (id: string): string => `due/${id}`,
  run: (id: string): string => `run/${id}`,
  /** The runs of an export, in the order of their time. */
  runOf: (exportId: string, id: string): string => `runs/${exportId}/${id}`,
  /** What a run began with: its definitions and segments stay as they were, whatever is edited meanwhile. */
  order: (id: string): string => `order/${id}`,
  /** Runs that have not ended. */
  live: (id: string): string => `live/${id}`,
  /** What was uploaded for a segment last. */
  uploaded: (segment: string): string => `uploaded/${segment}`,
  /** A segment whose upload nobody needs any more, and that is to be removed. */
  unneeded: (segment: string): string => `unneeded/${segment}`,
  refresh: (id: string): string => `refresh/${encodeURIComponent(id)}`,
  /** The runs of a refresh were made: exports that come or change later wait for the next one. */
  followed: (id: string): string => `followed/${encodeURIComponent(id)}`,
  audit: (number: number): string => `audit/${String(number).padStart(12, "0")}`,
  webhook: (id: string): string => `webhook/${id}`,
  outbox: (id: string): string => `outbox/${id}`,
  /** The run of an export that waits, and the one that goes: at most one of each. */
  waiting: (exportId: string): string => `waiting/${exportId}`,
  going: (exportId: string): string => `going/${exportId}`,
  once: (user: string, key: string): string => `once/${encodeURIComponent(user)}/${encodeURIComponent(key)}`,
} as const;

/** The statuses of a run that has ended. */
export const ENDED: ReadonlySet<RunStatus> = new Set(["successful", "completed_with_rejections", "incomplete", "failed_permanent", "skipped", "cancelled"]);
