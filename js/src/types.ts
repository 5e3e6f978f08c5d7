/**
 * The public shapes. Units stand in the names (`millis`, `bytes`, `minutes`); rows count from 1, the header and
 * blank lines not counted.
 */
import type { Checkpoints } from "./store/contract.js";

export type * from "./store/contract.js";

/** A saved export: plain data, checked key by key. An unknown key is an issue, never ignored. */
export interface ExportDefinition {
  /** The version of this shape: 1. */
  version: 1;
  /** A JSON Schema for editors; not read. */
  $schema?: string;
  /** The export's own name. */
  name?: string;
  /** The account's bare hostname, such as `acme.api-us1.com` (Settings > Developer). */
  host?: string;
  /** Id of the list that profiles are added to. */
  list: number | string;
  /** How the source is written; detected when left out. */
  source?: SourceSettings;
  /** What goes where. */
  mapping: Mapping;
  /** Whether the import sets off the account's automations. Default `"exclude"`; ActiveCampaign's own default is to run them. */
  automations?: "exclude" | "run";
  /**
   * From 0 to 100: a larger share of rejected profiles stops the run, from the 500th profile on or at the end of a smaller
   * source. It looks like a wrong column then. Without it no share is too large.
   */
  maxRejectedPercent?: number;
  /** Only `"add"`: contacts are created and updated, nobody is removed. */
  mode?: "add";
}

/** How a source is written. */
export interface SourceSettings {
  /** Default `"auto"`: NDJSON when the first byte is `{`, CSV otherwise. */
  format?: "auto" | "csv" | "ndjson";
  /** The delimiter of CSV; detected from the header when left out. */
  delimiter?: "," | ";" | "\t" | "|";
  /** Words that mean "no value", such as `"NULL"` or `"N/A"`; compared without case. */
  blank?: string[];
}

/** A column by its exact name, or several joined: `{ template: "{FirstName} {LastName}" }`; a brace itself is written twice. */
export type ValueSource = string | { column: string } | { template: string };

/** What goes where. Blank values are never sent: a blank could overwrite what the account holds. */
export interface Mapping {
  /** Column of the profile's id in the source; named in the rejected rows. */
  id?: string;
  /** The e-mail address. Required. */
  email: ValueSource;
  firstName?: ValueSource;
  lastName?: ValueSource;
  /** Tidied, never extended; a phone that cannot be dialled is left out and counted. */
  phone?: ValueSource;
  fields?: FieldMapping[];
  tags?: TagMapping[];
  /** Profiles whose column does not say yes are counted `excluded` and not sent. */
  consent?: ConsentColumn;
  /** Profiles whose column does not say yes are sent, but not subscribed to the list. */
  subscribe?: ConsentColumn;
}

/** One custom field, by `id` or by `field`: its title or its personalization tag. */
export type FieldMapping = ({ field: string } | { id: number | string }) &
  ({ column: string } | { template: string }) & {
    /** The order of days such as 8/1/1974. Without it such days are left out and counted; ISO 8601 always works. */
    dateOrder?: "ymd" | "mdy" | "dmy";
    /** What separates several values of a checkbox or listbox. Default `";"`. */
    separator?: string;
  };

/** A tag for every contact, or a tag from each profile's own value. */
export type TagMapping =
  | string
  | (({ column: string } | { template: string }) & { prefix?: string; separator?: string });

/** A column that must say yes: `true`, `yes`, `y`, `1`, `on`, or one of `values`; with `negated`, a column such as "do not e-mail". */
export type ConsentColumn = string | { column: string; values?: string[]; negated?: boolean };

/** The account that profiles go to: by its key, or through a relay that has it. */
export type Connection = KeyConnection | RelayConnection;

/** What the two kinds of connection have in common. */
interface AnyConnection {
  /** The bare hostname, without `https://`. Default: the definition's `host`. */
  host?: string;
  /** Hosts beyond `*.api-us1.com` and `*.activehosted.com` that may be the account's. */
  allowedHosts?: string[];
}

export interface KeyConnection extends AnyConnection {
  /** The account's key. It is put into the `Api-Token` header of requests to this host and nowhere else. */
  apiKey: string;
  /** A sandbox on this machine, `http://127.0.0.1:PORT`, that stands in for the host. The only case of plain http. */
  sandbox?: string;
  relay?: never;
}

/** For pages: the key stays on the server. */
export interface RelayConnection extends AnyConnection {
  /** Where a relay (`activecampaign-export/relay`) stands for this account: a path of the page's own origin, such as `/activecampaign/main`. */
  relay: string;
  apiKey?: never;
  sandbox?: never;
}

/** What the JavaScript runtime does for a run. Each has a default: this runtime's own. */
export interface Host {
  /** Sends a request. */
  fetch(input: string, init: RequestInit): Promise<Response>;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after so many milliseconds, or early when the signal aborts. */
  sleep(millis: number, signal: AbortSignal): Promise<void>;
  /** 64 random bits: the jitter and the hashes of one run. */
  seed(): bigint;
  /**
   * Resolves when a request of this kind may go out: for hosts that share an account's pace among processes, or that
   * count requests. The run keeps the account's limits for itself; without it a request goes out at once.
   */
  turn?(kind: RequestKind): Promise<void>;
}

/** Which limits of the account a request falls under, besides that of all requests: 100, 20 or any number a minute. */
export type RequestKind = "multi_contact" | "single_contact" | "other";

/** Profiles as bytes (CSV or NDJSON, UTF-8) or as objects. */
export type SourceData =
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string | Readonly<Record<string, unknown>>>
  | Iterable<Readonly<Record<string, unknown>>>;

/**
 * Profiles, and how many bytes they are, where that is known: a source that ends sooner is a broken one. A function
 * gives the source from a byte on, so that a run that goes on need not read again what it has settled.
 */
export type Source = SourceData | { data: SourceData | ((offset: number) => SourceData); sizeBytes?: number };

/** What `exportSegment` takes. */
export interface ExportOptions {
  connection: Connection;
  definition: ExportDefinition;
  source: Source;
  host?: Partial<Host>;
  /** Cancels: nothing new is sent, what the account has taken is followed to its end. */
  signal?: AbortSignal;
  /** Whether rejections show whole values. Default: hidden but for the first letters. */
  reveal?: boolean;
  /**
   * Keeps the run's state, so that a run that died, was blocked or cancelled is gone on with by the same call, with
   * the same definition and source. Without it every call begins anew.
   */
  checkpoints?: Checkpoints;
}

/** Who must act. */
export type Category = "settings" | "credentials" | "source" | "remote" | "checkpoint" | "misuse";

/** One thing wrong with a definition. */
export interface Issue {
  /** Where, such as `mapping.fields[1].column`; empty for the whole. */
  path: string;
  /** A stable code. */
  code: string;
  message: string;
  /** What was probably meant. */
  suggestion?: string;
}

/** Why a run cannot go on. */
export interface Stop {
  /** A stable code. */
  code: string;
  category: Category;
  /** What happened. */
  message: string;
  /** What to do. */
  remedy: string;
  /** Whether the same run may succeed later without any change. */
  retryHelps: boolean;
  issues?: Issue[];
}

/** A profile that was not delivered, or a duplicate of one that is. */
export interface Rejection {
  row: number;
  /** Line of the record's first byte, from 1. */
  line: number;
  /** Bytes from the start of the source to the record; of no meaning for objects, which have rows but no bytes. */
  offset: number;
  /** The profile's id in the source, when the mapping names a column for it. */
  sourceId?: string;
  column?: string;
  /** A stable code; see `rules`. */
  rule: string;
  reason: string;
  /** The offending value; hidden but for its first letters unless `reveal`. */
  value?: string;
}

/** A rule by which a profile can be rejected. */
export interface Rule {
  /** Stable. */
  code: string;
  /** What was wrong. */
  reason: string;
  /** What the person who owns the data can do. */
  remedy: string;
}

/** Values that were left out of contacts which went out all the same. */
export interface Omission {
  /** `phone`, or the title of a custom field. */
  target: string;
  code: string;
  reason: string;
  count: number;
  firstRow: number;
}

/** Where a run stands. `read` is the sum of the eight buckets after it, always. */
export interface Progress {
  read: number;
  /** Not yet taken by the account. */
  pending: number;
  /** Taken by the account, outcome not yet known. */
  queued: number;
  /** Their import has ended, and its answer, or a look-up where that falls short, accounts for them. */
  delivered: number;
  /** Refused, here or there. */
  rejected: number;
  /** Same address as an earlier profile. */
  duplicate: number;
  /** Without consent; not sent. */
  excluded: number;
  /** Not sent because nothing changed. Always 0 so far. */
  unchanged: number;
  /** Sent, and no answer says what became of them. */
  unverified: number;
  /** Contacts that went out more than once; with automations on, those ran again for them. */
  resent: number;
  /** Bulk requests sent. */
  batches: number;
  /** Requests of any kind. */
  requests: number;
  sourceBytes: number;
  /** What the rest will take, where it can be told. */
  remainingMillis?: number;
  /** Why nothing is being sent right now. */
  waiting?: "source" | "answer" | "rate_window" | "throttled" | "processing" | "backoff" | "unavailable" | "storing" | "previous_run";
}

/** How a run ended. */
export type RunResult = "succeeded" | "completed_with_rejections" | "incomplete" | "blocked" | "cancelled";

/** The end of a run. */
export interface ExportSummary extends Progress {
  result: RunResult;
  /** Rejected profiles by the code of their rule; see `rules`. */
  rejectedByRule: Record<string, number>;
  /** Values that did not fit their field: left out of contacts that were sent all the same. */
  omissions: Omission[];
  /** Why it could not go on, for `blocked`. */
  stop?: Stop;
  /** From the first session's begin, pauses between sessions included. */
  durationMillis: number;
}

/** What a run tells while it lasts. */
export type ExportEvent =
  | { type: "progress"; progress: Progress }
  | { type: "rejections"; rejections: Rejection[] };

/** A run: iterate its events, or just await its summary. Events before the first iteration are not kept. */
export interface ExportRun extends AsyncIterable<ExportEvent> {
  /** Resolves however the run ends; rejects with an `ExportError` only when the core or the host itself fails. */
  readonly summary: Promise<ExportSummary>;
}

/** What `encodeBatches` takes. */
export interface EncodeOptions {
  definition: ExportDefinition;
  /**
   * Lists and fields, as `describeAccount` gives them; `encodeBatches` needs it for fields named by title and for
   * `dateOrder`. Without it no value is checked against the type or the options of its field.
   */
  account?: AccountSchema;
  source: Source;
  host?: Partial<Host>;
  /** Hosts beyond an account's own domains that the definition may name. */
  allowedHosts?: string[];
  reveal?: boolean;
  /**
   * `false` packs every valid profile, also those whose address was there before, and remembers no address: the
   * core's memory then stays the same whatever the size. For a source that is known to have each address once.
   * Default: `true`.
   */
  deduplicate?: boolean;
  /** Gives every body in the same memory: each is valid until the next one is asked for. Default: memory of its own. */
  reuseBody?: boolean;
  /** Takes the rejections; without it they are only counted. */
  onRejections?: (rejections: Rejection[]) => void;
}

/** One request body: send it as it is to `POST /api/3/import/bulk_import`. */
export interface Batch {
  /** JSON in UTF-8, at most 399,999 bytes. */
  body: Uint8Array;
  /** At most 250. */
  contacts: number;
  /** Row of the first contact. */
  firstOrdinal: number;
}

/** What was encoded. */
export interface EncodeSummary {
  read: number;
  /** Contacts in the bodies. */
  accepted: number;
  rejected: number;
  duplicate: number;
  excluded: number;
  /** Bodies. */
  batches: number;
  /** What sending them takes at the account's 100 requests a minute. */
  minutes: number;
  rejectedByRule: Record<string, number>;
  omissions: Omission[];
  /** Bytes of the core's memory; it never shrinks within a process. */
  wasmMemoryBytes: number;
}

/** The bodies of a source, one after another. */
export interface BatchStream extends AsyncIterable<Batch> {
  /** Resolves once all bodies have been taken; rejects with the same `ExportError` as the iteration. */
  readonly summary: Promise<EncodeSummary>;
}

/** What `preview` takes: as `encodeBatches`, the account being optional. */
export type PreviewOptions = EncodeOptions;

/** A dry run: nothing was sent. */
export type Preview = EncodeSummary;

/** What an account holds, as far as a mapping needs it. */
export interface AccountSchema {
  lists: { id: number; name: string; activeSubscribers?: number }[];
  fields: { id: number; title: string; perstag?: string; type?: string; options?: string[] }[];
  tags?: { id: number; name: string }[];
}

/** An account as `describeAccount` reads it. */
export interface Account extends AccountSchema {
  /** Login name of the key's user. */
  user: string;
  tags: { id: number; name: string }[];
  /** Contacts that the plan includes and that count now; only an administrator's key may read it. */
  contactLimit?: { limit: number; used: number };
}

/** Whether a connection works. */
export interface ConnectionReport {
  ok: boolean;
  user?: string;
  lists?: number;
  fields?: number;
  contactLimit?: { limit: number; used: number };
  /** Why it does not. */
  stop?: Stop;
}

/** A guess from a column's name. */
export interface Suggestion {
  target: "id" | "email" | "firstName" | "lastName" | "phone" | "consent" | "fields";
  /** Title of the custom field. */
  field?: string;
  column: string;
  /** From 0 to 1. */
  confidence: number;
  /** Whether the column says the opposite, such as "do not e-mail". */
  negated?: boolean;
}

/** A mapping to start from, and the guesses behind it. */
export interface SuggestedMapping {
  mapping: Partial<Mapping>;
  suggestions: Suggestion[];
}
