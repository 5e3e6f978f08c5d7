// A caller of the service, for tests in every host: it needs nothing but fetch.
import assert from "node:assert/strict";

/** How long an observable state may take to come about. */
const PATIENCE_MILLIS = 60_000;

/** Somebody with a token. `send` stands in for fetch. */
export function caller(url, token, send = fetch) {
  /** One request; `body` of an answer in JSON is parsed. */
  async function call(method, path, { body, etag, headers = {}, raw } = {}) {
    const init = {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(etag === undefined ? {} : { "if-match": etag }),
        ...headers,
      },
      ...(body === undefined && raw === undefined ? {} : { body: raw ?? JSON.stringify(body) }),
    };
    const response = await send(`${url}${path}`, init);
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    return { status: response.status, headers: response.headers, type, text, body: /^application\/(?:problem\+)?json/u.test(type) ? JSON.parse(text) : undefined };
  }
  const ask = (method) => (path, more) => call(method, path, more);
  /** A request that must be answered so; the body of the answer. */
  const must = (method, status) => async (path, more) => {
    const answer = await call(method, path, more);
    assert.equal(answer.status, status, `${method} ${path} must be answered with ${status}: ${answer.text}`);
    return answer.body;
  };
  return {
    token, call, get: ask("GET"), post: ask("POST"), patch: ask("PATCH"), put: ask("PUT"), delete: ask("DELETE"),
    read: must("GET", 200), make: must("POST", 201), start: must("POST", 202), change: must("PATCH", 200), remove: must("DELETE", 204), must,
  };
}

/** Lets a user in, and gives the caller that has a token of this user. */
export async function colleague(admin, url, id, role, send) {
  await admin.make("/api/users", { body: { id, role } });
  const { secret } = await admin.make("/api/tokens", { body: { user: id, name: "test" } });
  return caller(url, secret, send);
}

/** Asks until the answer is as wanted. */
export async function until(what, ask, wanted) {
  const end = Date.now() + PATIENCE_MILLIS;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > end) throw new Error(`${what} did not come about: ${JSON.stringify(answer)}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

const GOING = new Set(["queued", "refreshing", "failed_retrying"]);

/** The run, once it has ended. */
export function ended(client, { id }) {
  return until(`the end of run ${id}`, () => client.read(`/api/runs/${id}`), ({ status }) => !GOING.has(status));
}

/** The issue of an answer at this path, and its code. */
export function issue({ status, body }, path, code) {
  assert.equal(status, 422, JSON.stringify(body));
  const found = body.issues.find((one) => one.path === path);
  assert.ok(found, `no issue at ${path}: ${JSON.stringify(body.issues)}`);
  assert.equal(found.code, code);
  return found;
}

