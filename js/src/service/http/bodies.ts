/** What a body may be, before anybody makes an object of it. */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ServiceProblem } from "../problem.js";

/** Settings have some kilobytes; the largest export that is possible has some hundreds. */
const MOST_BODY_BYTES = 1024 * 1024;

/** Settings are five deep. */
const MOST_DEPTH = 32;

/** Refuses bodies that are too large, and JSON that is nested too deeply, which would exhaust whoever walks through it. */
export function smallBodies(): MiddlewareHandler[] {
  const refuse = (): never => {
    throw new ServiceProblem(413, "too_large", "misuse", `The body is larger than ${MOST_BODY_BYTES} bytes.`, "Send less at once.");
  };
  const limit = bodyLimit({ maxSize: MOST_BODY_BYTES, onError: refuse });
  return [
    // Profiles are streamed, and have a limit of their own.
    async (context, next) => (context.req.path.endsWith("/profiles") ? next() : limit(context, next)),
    async (context, next) => {
      const json = /^application\/json\b/iu.test(context.req.header("content-type") ?? "");
      if (json && isDeeper(await context.req.text(), MOST_DEPTH)) {
        throw new ServiceProblem(400, "too_deep", "misuse", `The body is nested deeper than ${MOST_DEPTH} levels.`, "Send what the interface describes: /openapi.json.");
      }
      await next();
    },
  ];
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Counts brackets outside texts: whether the rest is JSON, the parser says. */
function isDeeper(text: string, most: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) quoted = !quoted;
    else if (quoted && code === BACKSLASH) at += 1;
    else if (!quoted && (code === 0x5b || code === 0x7b)) depth += 1;
    else if (!quoted && (code === 0x5d || code === 0x7d)) depth -= 1;
    if (depth > most) return true;
  }
  return false;
}
