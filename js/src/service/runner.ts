/** What runs an export's parts: in this process, or in objects of their own at the edge. */
import type { AccountSchema, ExportDefinition, Issue, KeyConnection, Preview, Progress, Rejection, RunResult, Omission, Stop } from "../types.js";
import type { Segment } from "./documents.js";

/** One segment of a run. */
export interface PartOrder {
  /** Stands for this part of this run, and no other: letters, digits and dots. */
  id: string;
  /** Id of the connection. */
  connection: string;
  host: string;
  /** The account, with its key: for whoever sends from this process. Never to be stored. */
  reach(): Promise<KeyConnection>;
  definition: ExportDefinition;
  segment: Segment;
}

export interface PartState {
  /** `unknown`: it has not begun here, or was put away. */
  state: "unknown" | "running" | "ended";
  progress?: Progress;
  result?: RunResult | "failed";
  stop?: Stop;
  rejectedByRule?: Record<string, number>;
  omissions?: Omission[];
}

/** Where segments may be read from on this host. */
export interface SourcePlaces {
  kinds: ("file" | "url" | "upload" | "r2")[];
  /** Names of files, or keys of objects; the first of them, where there are many. */
  names: string[];
}

/** Names of places that are told; people with more know theirs. */
export const MOST_NAMES = 200;

export interface CountOptions {
  /** With it, values are checked against the types and options of its fields, as a run does. */
  account?: AccountSchema | undefined;
  onRejections?: ((rejections: Rejection[]) => void) | undefined;
}

export interface Runner {
  /** Begins a part, or goes on with what is kept of it. Does nothing when it is running. */
  start(order: PartOrder): Promise<void>;
  look(id: string): Promise<PartState>;
  /** Sends nothing new; what the account has taken is followed to its end. */
  cancel(id: string): Promise<void>;
  /** The rejected profiles so far. */
  rejections(id: string): AsyncIterable<Rejection>;
  /** Removes all that is kept of a part. */
  forget(id: string): Promise<void>;
  /** Reads a segment and sends nothing; gives nothing where that cannot be done beforehand. */
  count?(segment: Segment, definition: ExportDefinition, more?: CountOptions): Promise<Preview | undefined>;
  /** The names of a segment's columns. */
  columns?(segment: Segment): Promise<string[]>;
  /** The first profiles of a segment, whole lines as they stand in its source. */
  sample?(segment: Segment): Promise<Uint8Array<ArrayBuffer>>;
  /** Where segments may be read from, and the files there are to choose from. */
  places(): Promise<SourcePlaces>;
  /** What is wrong with where a segment's profiles are to be read. */
  sourceIssues(source: Segment["source"]): Issue[];
  /** Takes what was uploaded for a segment. */
  upload?(segment: Segment, body: ReadableStream<Uint8Array>): Promise<{ bytes: number }>;
  /** Removes what was uploaded for a segment; nothing where there is none. */
  forgetUpload?(segment: string): Promise<void>;
  /** Is called whenever something has happened to a part, so that whoever follows it looks. */
  onChange?(listener: () => void): void;
}
