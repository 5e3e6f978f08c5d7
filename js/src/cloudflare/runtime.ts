/** What is used of Cloudflare's runtime, as it gives it: no types of another package need be installed. */

/** A Durable Object's own state. */
export interface ObjectState {
  readonly storage: ObjectStorage;
  /** Nothing else reaches the object until the work is done. */
  blockConcurrencyWhile<T>(work: () => Promise<T>): Promise<T>;
}

/** A Durable Object's storage, with SQLite. */
export interface ObjectStorage {
  readonly sql: { exec(sql: string, ...values: (string | number | null | ArrayBuffer | Uint8Array)[]): { toArray(): Record<string, unknown>[] } };
  transactionSync<T>(work: () => T): T;
  /** Resolves once all writes are on the disk. */
  sync(): Promise<void>;
  getAlarm(): Promise<number | null>;
  /** Replaces the one before. Milliseconds since the Unix epoch. */
  setAlarm(time: number): Promise<void>;
  deleteAlarm(): Promise<void>;
  /** Everything that is kept. */
  deleteAll(): Promise<void>;
}

/** A binding of Durable Objects. */
export interface ObjectNamespace {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(input: string | Request, init?: RequestInit): Promise<Response> };
}

/** A binding of R2. */
export interface Bucket {
  head(key: string): Promise<BucketObject | null>;
  /** Without a body when the condition does not hold. */
  get(key: string, options: { range: { offset: number; length: number }; onlyIf: { etagMatches: string } }): Promise<(BucketObject & Partial<Pick<Response, "arrayBuffer">>) | null>;
  /** The first objects, by their keys. */
  list(options: { limit: number }): Promise<{ objects: { readonly key: string }[] }>;
  put(key: string, value: ReadableStream | Uint8Array): Promise<BucketObject>;
  delete(key: string): Promise<void>;
  createMultipartUpload(key: string, options?: { customMetadata: Record<string, string> }): Promise<Upload>;
}

/** An object of R2. */
export interface BucketObject {
  readonly size: number;
  readonly etag: string;
  readonly customMetadata?: Readonly<Record<string, string>>;
}

/** An upload to R2 in parts. */
export interface Upload {
  uploadPart(number: number, value: Uint8Array): Promise<unknown>;
  complete(parts: unknown[]): Promise<BucketObject>;
  abort(): Promise<void>;
}

/** The worker's bindings by name: objects, buckets, secrets. */
export type Bindings = Readonly<Record<string, unknown>>;

/** What a cron trigger gives. */
export interface CronEvent {
  /** The trigger, as it stands in the worker's settings. */
  readonly cron: string;
  /** Milliseconds since the Unix epoch. */
  readonly scheduledTime: number;
}
