/** Answers in JSON; refusals in the form of RFC 9457, with the package's codes. */

export function answer(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", "cache-control": "no-store" } });
}

/** What could not be done, and what to do. */
export function refusal(status: number, code: string, detail: string, remedy: string): Response {
  const body = JSON.stringify({ type: "about:blank", title: code, status, code, detail, remedy });
  return new Response(body, { status, headers: { "content-type": "application/problem+json", "cache-control": "no-store" } });
}
