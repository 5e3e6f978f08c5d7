/** Sources at the edge: read in ranges, so that a run that goes on begins where it was. */
import { ExportError } from "../errors.js";
import { readBody } from "../wire.js";
import type { Bindings, Bucket } from "./runtime.js";
import { openSealed } from "./sealed-upload.js";
import { sealing } from "./service-secret.js";
import type { Slices } from "./slices.js";

/** What a source needs of a slice: leave for each request. */
export type Gate = Pick<Slices, "request" | "within">;

/** Where the profiles of an export are. */
export type EdgeSource =
  /** An object in R2; `bucket` is the name of the binding, `SOURCES` when left out. */
  | { r2: string; bucket?: string }
  /** An `https` address. Read in ranges where the server gives them, else from its start each time. */
  | { url: string; /** The only ones that it may lead to. */ hosts?: string[] }
  /** What was uploaded to the worker for this export. */
  | { upload: true; bucket?: string }
  /** What was uploaded to the service for a segment, under this key. */
  | { sealed: string; bucket?: string };

/** A server that gives nothing for so long has stopped giving. */
const STALLED_MILLIS = 60_000;

/** Bytes of one range: a request, and memory while it is read. */
const RANGE_BYTES = 512 * 1024;

/** Bytes from their start, or from wherever they are to begin. */
export interface Chunks {
  data: AsyncIterable<Uint8Array> | ((offset: number) => AsyncIterable<Uint8Array>);
  sizeBytes?: number;
}

/** A source, and which version of it this is, where that is told. */
export interface Opened {
  source: Chunks;
  version?: string;
}

/** Opens a source; every request takes a permit of the slice. */
export async function openEdgeSource(source: EdgeSource, name: string, bindings: Bindings, slices: Gate): Promise<Opened> {
  if ("url" in source) return openUrl(source.url, source.hosts, slices);
  const bucket = bucketOf(source.bucket, bindings);
  if ("r2" in source) return openObject(bucket, source.r2, "Put it there, and start the export again.", slices);
  if ("sealed" in source) {
    const { size, etag, read, metadata } = await findObject(bucket, source.sealed, "Upload the segment's profiles, and run the export again.", slices);
    return { ...(await openSealed(sealing(bindings).box, source.sealed, metadata, size, read)), version: etag };
  }
  return openObject(bucket, uploadKey(name), `Send it by PUT /exports/${encodeURIComponent(name)}/source, and start the export again.`, slices);
}

/** The same source, of which a slice reads no more than its bytes: what was read beyond them waits for the next one. */
export function inSlices({ data, ...more }: Chunks, slices: Pick<Slices, "bytes">): Chunks {
  return { ...more, data: typeof data === "function" ? (offset) => rationed(data(offset), slices) : rationed(data, slices) };
}

async function* rationed(chunks: AsyncIterable<Uint8Array>, slices: Pick<Slices, "bytes">): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; ) {
      const given = await slices.bytes(chunk.byteLength - at);
      if (given === 0) return;
      yield chunk.subarray(at, at + given);
      at += given;
    }
  }
}

/** Where an upload for an export is kept. */
export function uploadKey(name: string): string {
  return `activecampaign-export/uploads/${name}`;
}

/** A binding of R2 by its name. */
export function bucketOf(name = "SOURCES", bindings: Bindings): Bucket {
  const bucket = bindings[name] as Partial<Bucket> | undefined;
  if (typeof bucket?.head === "function") return bucket as Bucket;
  throw failed(`The worker has no R2 binding "${name}".`, `Whoever deploys the worker adds { "binding": "${name}", "bucket_name": "..." } to r2_buckets in wrangler.jsonc, and deploys.`, "settings");
}

async function openObject(bucket: Bucket, key: string, remedy: string, slices: Gate): Promise<Opened> {
  const { size, etag, read } = await findObject(bucket, key, remedy, slices);
  return { source: { sizeBytes: size, data: (offset) => ranges(read, offset, size) }, version: etag };
}

/** An object of a bucket as it is now, and how its parts are read. */
interface FoundObject {
  size: number;
  etag: string;
  metadata: Readonly<Record<string, string>>;
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

async function findObject(bucket: Bucket, key: string, remedy: string, slices: Gate): Promise<FoundObject> {
  const found = await slices.request(() => bucket.head(key));
  if (found === null) throw failed("The source is not in its bucket.", remedy);
  const { size, etag, customMetadata: metadata = {} } = found;
  const read = async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
    return slices.request(async () => {
      // Never a part of another file: what was settled was of this one.
      const part = await bucket.get(key, { range: { offset, length }, onlyIf: { etagMatches: etag } });
      if (!part?.arrayBuffer) throw changed();
      return new Uint8Array(await part.arrayBuffer());
    });
  };
  return { size, etag, metadata, read };
}

async function* ranges(read: (offset: number, length: number) => Promise<Uint8Array>, offset: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < size; ) {
    const part = await read(at, Math.min(RANGE_BYTES, size - at));
    if (part.byteLength === 0) throw changed();
    yield part;
    at += part.byteLength;
  }
}

const RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/u;

/** What a server said of an address. */
interface Found {
  /** Bytes in all, when the server gives ranges. */
  size?: number;
  /** Stands for this version of it. */
  version?: string;
}

/** How addresses are read. */
interface Way extends Gate {
  /** Where stated, no other host is asked. */
  readonly hosts: readonly string[] | undefined;
}

async function openUrl(address: string, hosts: readonly string[] | undefined, gate: Gate): Promise<Opened> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== "https:") throw failed("The source is no https address.", "Give an address that begins with https://.", "settings");
  if (hosts && !hosts.includes(url.host)) throw failed("The host of the source's address is not allowed.", "Ask whoever deploys the worker to allow it, or read the segment elsewhere.", "settings");
  const slices: Way = { hosts, request: (make) => gate.request(make), within: (millis, work) => gate.within(millis, work) };
  const { size, version } = await look(url, slices);
  if (size === undefined || version === undefined) return { source: { data: wholeOf(url, slices) } };
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const response = await get(url, { range: `bytes=${offset}-${offset + length - 1}`, "if-match": version }, slices);
    const [, from, , total] = RANGE.exec(response.headers.get("content-range") ?? "") ?? [];
    const asked = response.status === 206 && versionOf(response) === version && Number(from) === offset && Number(total) === size;
    const bytes = asked ? await slices.within(STALLED_MILLIS, () => readBody(response.body, length)) : undefined;
    if (bytes) return bytes;
    await response.body?.cancel().catch(() => undefined);
    throw changed();
  };
  return { source: { sizeBytes: size, data: (offset) => ranges(read, offset, size) }, version };
}

/** Asks for the first byte: the answer tells whether there are ranges, how long it is, and which version. */
async function look(url: URL, slices: Way): Promise<Found> {
  const response = await get(url, { range: "bytes=0-0" }, slices);
  await response.body?.cancel();
  // An empty file has no first byte (416): as a whole it can be had.
  if (response.status !== 206) return {};
  const size = Number(/^bytes 0-0\/(\d+)$/u.exec(response.headers.get("content-range") ?? "")?.[1] ?? Number.NaN);
  const version = versionOf(response);
  return Number.isSafeInteger(size) && version !== undefined ? { size, version } : {};
}

/** A strong tag: of a weak one the bytes may differ. */
function versionOf(response: Response): string | undefined {
  const tag = response.headers.get("etag");
  return tag !== null && !tag.startsWith("W/") ? tag : undefined;
}

async function* wholeOf(url: URL, slices: Way): AsyncGenerator<Uint8Array> {
  const response = await get(url, {}, slices);
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await slices.within(STALLED_MILLIS, () => reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Each redirect is a request of its own, and goes only where the first one might have gone. */
async function get(url: URL, headers: Record<string, string>, slices: Way): Promise<Response> {
  let at = url;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const { href } = at;
    // Compressed bytes have other ranges.
    const response = await slices.request(() => fetch(href, { headers: { ...headers, "accept-encoding": "identity" }, redirect: "manual" }));
    if (response.status === 412) throw changed();
    if (response.ok || (response.status === 416 && "range" in headers && !("if-match" in headers))) return response;
    await response.body?.cancel();
    if (!REDIRECTS.has(response.status)) {
      throw failed(`The server of the source answered ${response.status}.`, "Make it readable at its address, and start the export again.", "source", response.status >= 500 || response.status === 429);
    }
    at = nextOf(response, at, url, slices.hosts);
  }
  throw failed(`The address of the source was redirected more than ${MOST_REDIRECTS} times.`, "Name the address that it leads to in the end.");
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 5;

/** Where a redirect leads, if it may: whoever answers for a public address must not choose a private one. */
function nextOf(response: Response, at: URL, first: URL, hosts: readonly string[] | undefined): URL {
  const location = response.headers.get("location");
  const next = location && URL.canParse(location, at.href) ? new URL(location, at.href) : undefined;
  if (next?.protocol === "https:" && (next.host === first.host || (hosts ? hosts.includes(next.host) : isPublic(next.hostname)))) return next;
  throw failed("The address of the source was redirected to where a run does not follow: only https, and no private host.", "Name the address that it leads to in the end, if it is https and yours to read.");
}

/** A name of several labels, and none of those that lead inside. */
function isPublic(hostname: string): boolean {
  return /\.[a-z][a-z0-9-]+$/u.test(hostname) && !/\.(?:localhost|local|internal|intranet|lan|home|corp)$/u.test(hostname);
}

/** What was settled was of another version. */
export function changed(): ExportError {
  return failed("The source was changed while it was being read.", "Leave it as it is until the run has ended; to send the new one, start the export anew.");
}

function failed(message: string, remedy: string, category: "source" | "settings" = "source", retryHelps = false): ExportError {
  return new ExportError({ code: "source_failed", category, message, remedy, retryHelps });
}
