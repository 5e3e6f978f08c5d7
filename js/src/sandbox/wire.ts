import { type Answer, HTML_TYPE, answer, forbidden, nothing } from "./answer.js";
import type { Fault } from "./faults.js";
import { forcedBulkLimit, tooLarge } from "./importer.js";

/** What a broken connection looks like to somebody who calls `fetch`. */
export class ConnectionBroken extends TypeError {
  constructor() {
    super("fetch failed");
    this.name = "TypeError";
    this.cause = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  }
}

export const LOGIN_PAGE =
  '<!DOCTYPE html>\n<html><head><title>ActiveCampaign</title></head><body><form action="/admin/login.php" method="post"><input name="user"><input name="pass" type="password"><button>Login</button></form></body></html>';

/** [report activecampaign-api-nodejs#21, activecampaign-api-php#68] */
const MAINTENANCE = '<div align="center" style="font-family:Arial">We are currently having some issues.  Please check back soon.</div>';

function errorPage(status: number, title: string): Answer {
  const html = `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
  return { status, html };
}

/** [client-code S16, sanitised there] */
function cloudflareProblem(): Answer {
  return answer(502, {
    type: "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-502/",
    title: "Error 502: Bad gateway",
    status: 502,
    error_code: 502,
    retryable: true,
    retry_after: 60,
    ray_id: "0123456789abcdef",
    cloudflare_error: true,
  });
}

/** The answer of a fault that keeps the request from the account; nothing for faults that act later. */
export function replaced(fault: Fault): Answer | undefined {
  switch (fault.kind) {
    case "bad-gateway":
      return errorPage(502, "Bad Gateway");
    case "unavailable":
      return errorPage(503, "Service Temporarily Unavailable");
    case "gateway-timeout":
      return errorPage(504, "Gateway Time-out");
    case "server-error":
      return errorPage(500, "Internal Server Error");
    case "cloudflare":
      return cloudflareProblem();
    case "maintenance":
      return { status: 200, html: MAINTENANCE };
    case "login":
      return { status: 200, html: LOGIN_PAGE };
    case "throttled":
      return { status: 429, body: {}, headers: fault.retryAfter === undefined ? {} : { "Retry-After": fault.retryAfter } };
    case "bulk-throttled":
      return forcedBulkLimit();
    case "opaque":
      return nothing(400);
    case "unauthorized":
      return answer(401, { message: "Unauthorized" });
    case "payment":
      return answer(402, { message: "Payment Required" });
    case "forbidden":
      return forbidden();
    case "not-found":
    case "gone":
      return answer(404, { message: "No Result found" });
    case "redirect":
      return { status: 302, html: "", headers: { Location: "https://www.activecampaign.com/login" } };
    case "too-large":
      return tooLarge();
    default:
      return undefined;
  }
}

function sleep(millis: number): Promise<void> {
  return new Promise((done) => setTimeout(done, millis));
}

/** Sends `bytes` one by one. */
function drip(bytes: Uint8Array, delayMillis: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    async pull(controller): Promise<void> {
      if (at >= bytes.length) {
        controller.close();
        return;
      }
      if (at > 0) await sleep(delayMillis);
      controller.enqueue(bytes.slice(at, at + 1));
      at += 1;
    },
  });
}

/** So that what came before a break is on the wire when it comes. */
const BREAK_AFTER_MILLIS = 20;

/** Responses whose body breaks off: a server has to break the socket with it. */
const BREAKING: WeakSet<Response> = new WeakSet();

export function breaksOff(response: Response): boolean {
  return BREAKING.has(response);
}

/** Sends `bytes`, then breaks or, with `endless`, says no more. */
function cut(bytes: Uint8Array, endless: boolean): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    async pull(controller): Promise<void> {
      if (!sent) {
        sent = true;
        controller.enqueue(bytes);
        return;
      }
      if (endless) await new Promise(() => {});
      await sleep(BREAK_AFTER_MILLIS);
      controller.error(new ConnectionBroken());
    },
  });
}

/** A response whose body the fault damages on its way; everything else as it was. */
export async function damaged(response: Response, fault: Fault): Promise<Response> {
  const { kind } = fault;
  if (kind !== "truncated" && kind !== "half-json" && kind !== "endless" && kind !== "drip") return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  const half = bytes.slice(0, Math.max(1, Math.floor(bytes.length / 2)));
  const init: ResponseInit = { status: response.status, headers: response.headers };
  if (kind === "half-json") return new Response(half, init);
  if (kind === "drip") return new Response(drip(bytes, fault.delayMillis ?? 40), init);
  const broken = new Response(cut(half, kind === "endless"), init);
  if (kind === "truncated") BREAKING.add(broken);
  return broken;
}

/** The account is expired or suspended (U5). */
export function expired(kind: "expired-html" | "expired-redirect" | "expired-forbidden"): Answer {
  if (kind === "expired-forbidden") return forbidden();
  if (kind === "expired-redirect") return { status: 302, html: "", headers: { Location: "https://www.activecampaign.com/expired" } };
  return { status: 200, html: "<!DOCTYPE html>\n<html><head><title>Account expired</title></head><body>This account is not active.</body></html>", contentType: HTML_TYPE };
}
