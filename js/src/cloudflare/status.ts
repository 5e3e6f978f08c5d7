/** Where an export stands, and what its object keeps of it. */
import type { Omission, Progress, RunResult, Stop } from "../types.js";
import type { EdgeExport } from "./live-run.js";

/** Where an export stands. */
export interface ExportStatus {
  /** `retrying`: it ended by something that may pass, and goes on at `dueAt`. */
  status: "never_run" | "running" | "retrying" | "ended";
  runKey?: string;
  startedAt?: string;
  endedAt?: string;
  dueAt?: string;
  /** While it runs, and at its end. */
  progress?: Progress;
  /** How it ended; `failed` when it could not begin. */
  result?: RunResult | "failed";
  /** Why it cannot go on, or could not so far. */
  stop?: Stop;
  rejectedByRule?: Record<string, number>;
  omissions?: Omission[];
  /** Slices so far. */
  slices?: number;
  /** Bytes of the core's memory, which all exports of an isolate share. */
  coreBytes?: number;
}

/** What starts a run. */
export interface StartRequest {
  /** The export's name. */
  name: string;
  /** The same key is the same run, however often it is sent. */
  runKey: string;
  order: EdgeExport;
  /** Gives up a run that was blocked or cancelled, instead of going on with it. */
  restart?: boolean;
}

/** What an object keeps of its run, beside the run's own state. */
export interface RunRecord extends Required<StartRequest> {
  status: ExportStatus;
  /** Of the source that the run began with. */
  version?: string;
  /** Times that it ended by something that may pass. */
  retries: number;
  cancelled: boolean;
}

export function isLive(record: Pick<RunRecord, "status"> | undefined): boolean {
  return record !== undefined && (record.status.status === "running" || record.status.status === "retrying");
}
