import { type Answer, type Call, HTML_TYPE, JSON_TYPE, answer } from "./answer.js";
import type { Fault } from "./faults.js";
import type { Knobs } from "./knobs.js";
import { type RateLimits, bulkLimitAnswer } from "./rate.js";
import { MAX_BYTES, MAX_CONTACTS, generalError, readImport } from "./validate.js";
import type { Batch, Worker } from "./worker.js";

const TOO_LARGE_PAGE =
  '<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n';

/** HTML as an edge server writes it. Invented: nobody has shown one for this service (U8). */
export function tooLarge(): Answer {
  return { status: 413, html: TOO_LARGE_PAGE };
}

function contentType(kind: "html" | "json"): string {
  return kind === "html" ? HTML_TYPE : JSON_TYPE;
}

/** The three endpoints under `/import`. */
export class Importer {
  private readonly worker: Worker;
  private readonly rate: RateLimits;
  private lastBatch: Batch | undefined = undefined;

  constructor(worker: Worker, rate: RateLimits) {
    this.worker = worker;
    this.rate = rate;
  }

  private oversize(knobs: Knobs, reason: string): Answer {
    return knobs.oversize === 413 ? tooLarge() : generalError(knobs, reason);
  }

  /** `POST /import/bulk_import`. `requestFault` is one that changes the answer but lets the import happen. */
  queue(call: Call, bytes: Uint8Array, requestFault: Fault | undefined, batchFault: () => Fault | undefined): Answer {
    const { knobs } = call;
    let body: unknown;
    try {
      body = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      body = undefined;
    }
    const contacts = contactsIn(body);
    const limited = this.rate.takeBulk(call.now, call.key.key, contacts);
    if (limited !== undefined) return limited;
    if (bytes.byteLength > MAX_BYTES) return this.oversize(knobs, "The request body must be less than 400000 bytes");
    if (body === undefined) return generalError(knobs, "Invalid or unparsable json");
    if (contacts > MAX_CONTACTS) return this.oversize(knobs, "No more than 250 contacts may be imported per request");
    const order = readImport(body, call.account, knobs);
    if ("status" in order) return order;
    if (knobs.contactLimit === "refuse" && call.account.contactLimit !== undefined) {
      const fresh = order.contacts.filter((each) => call.account.contactByEmail(each.email) === undefined).length;
      if (fresh > 0 && call.account.contactCount + fresh > call.account.contactLimit) {
        return generalError(knobs, "The imported contacts may not exceed your account limit");
      }
    }
    const delay = requestFault?.kind === "late" ? (requestFault.delayMillis ?? 60_000) : 0;
    const batch = this.worker.enqueue(order, batchFault(), delay);
    return this.accepted(knobs, batch, requestFault);
  }

  /** [recording S7: keys, key order, types, message, content type] */
  private accepted(knobs: Knobs, batch: Batch, fault: Fault | undefined): Answer {
    const shown = fault?.kind === "same-batch-id" ? (this.lastBatch ?? batch) : batch;
    this.lastBatch = batch;
    const body: Record<string, unknown> = {
      [knobs.successKey]: fault?.kind === "not-accepted" ? 0 : knobs.successValue,
      queued_contacts: Math.max(0, batch.contactCount - knobs.queuedShortBy),
      batchId: shown.id,
      message: "Contact import queued",
    };
    if (fault?.kind === "no-batch-id") delete body["batchId"];
    return { status: 200, body, contentType: contentType(knobs.bulkContentType) };
  }

  /** `GET /import/info?batchId=` */
  info(call: Call): Answer {
    const type = contentType(call.knobs.importContentType);
    const id = call.query.get("batchId");
    if (id === null || id === "") {
      return { ...answer(400, { success: 0, message: "'batchId' is a required field." }), contentType: type };
    }
    const batch = this.worker.batches.get(id);
    if (batch === undefined || batch.received > call.now || !this.worker.remembers(batch)) return { ...unknownBatch(call.knobs), contentType: type };
    return { status: 200, body: this.report(call.knobs, batch), contentType: type };
  }

  private report(knobs: Knobs, batch: Batch): Record<string, unknown> {
    let status = this.worker.status(batch);
    if (batch.end !== undefined && status === batch.end) {
      batch.endSeen += 1;
      if (batch.fault?.kind === "reopened" && batch.endSeen > 1) status = "active";
    }
    if (status !== "completed" && knobs.infoArrays === "absent") return { status };
    if (status !== "completed" && knobs.infoArrays === "empty") return { status, success: [], failure: [] };
    const ids = knobs.infoSuccess === "all" ? batch.success : batch.created;
    return { status, success: ids.map(String), failure: spelled(batch.failure, knobs) };
  }

  /** `GET /import/bulk_import` */
  summary(call: Call): Answer {
    return { status: 200, body: this.worker.summary(), contentType: contentType(call.knobs.importContentType) };
  }
}

/** How many contacts a request names, for the choice of the limit; what cannot be read counts as several. [invented] */
function contactsIn(body: unknown): number {
  if (typeof body === "object" && body !== null && "contacts" in body && Array.isArray(body.contacts)) return body.contacts.length;
  return 2;
}

/** U21; the texts of the 400 and the 404 are invented. */
function unknownBatch(knobs: Knobs): Answer {
  if (knobs.unknownBatch === 400) return answer(400, { success: 0, message: "'batchId' is not known." });
  if (knobs.unknownBatch === 404) return answer(404, { message: "No Result found" });
  return answer(200, { status: false, success: [], failure: [] });
}

function spelled(failure: string[], knobs: Knobs): string[] {
  if (knobs.failureSpelling === "upper-case") return failure.map((email) => email.toUpperCase());
  return knobs.failureSpelling === "unknown-address" ? [...failure, "nobody.sent.this@example.com"] : failure;
}

/** The importer's rate limit, as a fault. */
export function forcedBulkLimit(): Answer {
  return bulkLimitAnswer(100);
}
