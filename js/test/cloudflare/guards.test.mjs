// What a worker refuses at once, and says to whom: names, bindings, uploads that were not made, too many watchers; and what
// it takes of the servers of its sources: redirects, ranges, empty files.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { Response } from "miniflare";
import { addresses, app, edge, exportTo, follow, held, people, serveSandbox } from "./edge.mjs";

const { HEADER } = await import(pathToFileURL(join(app, "node_modules", "activecampaign-export", "dist", "cli", "rejects.js")).href);

const SPEED = 60;

/** What servers of sources answer, by address, and what they were asked. */
const servers = new Map();
const asked = [];

async function outside(request) {
  const serve = servers.get(request.url.replace(/^https?:\/\//u, ""));
  if (serve) {
    asked.push(request.url);
    return serve(request);
  }
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
  const answer = await fetch(request.url, { method: request.method, headers: [...request.headers], body, redirect: "manual" });
  return new Response(await answer.arrayBuffer(), { status: answer.status, headers: [...answer.headers].filter(([name]) => !/^(?:content-encoding|content-length|transfer-encoding)$/u.test(name)) });
}

const redirect = (location, status = 302) => () => new Response(null, { status, headers: { location } });

/** A file in ranges; `change` makes a range's answer another one. */
const ranges = (text, change = (answer) => answer) => (request) => {
  const bytes = Buffer.from(text);
  const [, from, to] = /^bytes=(\d+)-(\d+)$/u.exec(request.headers.get("range")).map(Number);
  const answer = { status: 206, body: bytes.subarray(from, to + 1), headers: { etag: '"1"', "content-range": `bytes ${from}-${Math.min(to, bytes.length - 1)}/${bytes.length}` } };
  const { status, body, headers } = from === 0 && to === 0 ? answer : change(answer, bytes);
  return new Response(body, { status, headers });
};

describe("a worker's guards", () => {
  let sandbox;
  let worker;
  const exports = {};
  const url = (name, serve) => {
    servers.set(`files.example/${name}.csv`, serve);
    exports[name] = exportTo(sandbox, { url: `https://files.example/${name}.csv` });
  };
  const ended = async (name) => {
    assert.equal((await worker.start(name)).http, 202);
    return (await follow(worker, name)).at(-1);
  };
  const refused = async (other, path, init) => {
    const response = await other.call(path, init);
    return { http: response.status, ...(await response.json()) };
  };

  before(async () => {
    sandbox = await serveSandbox({ port: 0, speed: SPEED });
    for (const name of ["upload", "ü/ber"]) exports[name] = exportTo(sandbox, { upload: true });
    for (const name of ["columns", "empty-object"]) exports[name] = exportTo(sandbox, { r2: `${name}.csv` });
    exports.slow = exportTo(sandbox, { r2: "slow.csv" }, {});
    exports["n".repeat(201)] = { ...exportTo(sandbox, { r2: "none.csv" }), cron: "0 7 * * *" };
    exports["after-a-crooked-one"] = { ...exportTo(sandbox, { r2: "after.csv" }), cron: "0 7 * * *" };
    exports.crooked = { cron: "0 7 * * *" };
    exports["also-after"] = { ...exportTo(sandbox, { r2: "also.csv" }), cron: "0 7 * * *" };

    servers.set("files.example/target.csv", ranges(people("target", 300)));
    servers.set("other.example/target.csv", ranges(people("target", 300)));
    for (const [index, location] of ["http://files.example/target.csv", "https://127.0.0.1/target.csv", "https://2130706433/target.csv", "https://[::1]/target.csv", "https://localhost/target.csv", "https://metadata.google.internal/target.csv", "https://printer/target.csv", "ftp://other.example/target.csv", "", "//"].entries()) {
      if (URL.canParse(location)) servers.set(location.replace(/^\w+:\/\//u, ""), ranges(people("target", 300)));
      url(`to-${index}`, redirect(location));
    }
    url("moved", redirect("https://other.example/away.csv", 301));
    servers.set("other.example/away.csv", redirect("/target.csv", 307));
    url("watched", () => new Response("", { status: 503 }));
    url("in-circles", redirect("https://files.example/in-circles.csv"));
    url("empty", (request) => (request.headers.get("range") ? new Response("", { status: 416, headers: { "content-range": "bytes */0", etag: '"1"' } }) : new Response("")));

    const text = people("wrong", 30_000);
    url("range-elsewhere", ranges(text, (answer, bytes) => ({ ...answer, headers: { ...answer.headers, "content-range": `bytes 7-${bytes.length - 1}/${bytes.length}` } })));
    url("range-of-another-length", ranges(text, (answer) => ({ ...answer, headers: { ...answer.headers, "content-range": answer.headers["content-range"].replace(/\d+$/u, "9") } })));
    url("range-of-another-version", ranges(text, (answer) => ({ ...answer, headers: { ...answer.headers, etag: '"2"' } })));
    url("range-that-is-all", ranges(text, (answer, bytes) => ({ status: 200, body: bytes, headers: { etag: '"1"' } })));
    url("range-too-long", ranges(text, (answer, bytes) => ({ ...answer, body: bytes })));
    url("range-that-is-empty", ranges(text, (answer) => ({ ...answer, body: "" })));

    worker = await edge(exports, { KEY: sandbox.key }, { speed: SPEED, outboundService: outside });
  });
  after(async () => {
    await worker?.end();
    await sandbox?.close();
  });

  it("follows a redirect over https to public hosts only", async () => {
    const moved = await ended("moved");
    assert.deepEqual([moved.result, held(sandbox, "target")], ["succeeded", addresses("target", 300)], JSON.stringify(moved.stop));
    const refusedOnes = Object.keys(exports).filter((name) => name.startsWith("to-"));
    assert.equal(refusedOnes.length, 10);
    for (const name of refusedOnes) {
      asked.length = 0;
      const { result, stop } = await ended(name);
      assert.deepEqual([result, stop.category, stop.retryHelps, asked], ["failed", "source", false, [exports[name].source.url]], name);
      assert.match(stop.message, /redirected/u);
      assert.ok(!JSON.stringify(stop).includes("target.csv"));
    }
    asked.length = 0;
    assert.match((await ended("in-circles")).stop.message, /more than 5 times/u);
    assert.equal(asked.length, 6);
  });

  it("takes an empty file for one, as it does in a bucket", async () => {
    await worker.put("empty-object.csv", "");
    const [object, address] = [await ended("empty-object"), await ended("empty")];
    assert.deepEqual([address.result, address.stop, address.progress.read], [object.result, object.stop, 0]);
    assert.notEqual(address.result, "failed");
  });

  it("refuses a range that is not the one it asked for, and reads no more than it asked for", async () => {
    for (const name of Object.keys(exports).filter((each) => each.startsWith("range-"))) {
      const { result, stop, progress } = await ended(name);
      assert.deepEqual([result, stop.category, progress.read], ["blocked", "source", 0], name);
      assert.match(stop.message, /was changed/u, name);
    }
    assert.deepEqual(held(sandbox, "wrong"), []);
  });

  it("refuses a start before the upload, and says which request is to be made", async () => {
    for (const name of ["upload", "ü/ber"]) {
      const path = `/exports/${encodeURIComponent(name)}`;
      const start = await refused(worker, `${path}/start`, { method: "POST" });
      assert.deepEqual([start.http, start.code], [409, "nothing_uploaded"]);
      assert.ok(start.remedy.includes(`PUT ${path}/source`), start.remedy);
      assert.equal((await refused(worker, `${path}/status`)).status, "never_run");
      assert.equal((await worker.call(`${path}/source`, { method: "PUT", body: people("u", 3) })).status, 200);
      assert.equal((await worker.call(`${path}/start`, { method: "POST" })).status, 202);
      assert.equal((await follow(worker, encodeURIComponent(name))).at(-1).result, "succeeded");
    }
  });

  it("takes no name that cannot be an export's", async () => {
    for (const name of ["n".repeat(201), "a%00b", "%0A", "a%C2%85", "%F0%9F%98%80".repeat(101)]) {
      for (const [path, init] of [["start", { method: "POST" }], ["status"], ["rejections"], ["source", { method: "PUT", body: "x" }]]) {
        const answer = await refused(worker, `/exports/${name}/${path}`, init);
        assert.deepEqual([answer.http, answer.code], [400, "export_name"], `${name} ${path}`);
        assert.ok(answer.detail && answer.remedy);
      }
    }
    assert.equal((await refused(worker, "/exports//status")).http, 404);
  });

  it("by cron starts the exports that are right, whatever stands between them", async () => {
    for (const name of ["after", "also"]) await worker.put(`${name}.csv`, people(name, 10));
    assert.equal(await worker.fire("0 7 * * *", 1_795_600_000_000), 200);
    for (const name of ["after-a-crooked-one", "also-after"]) assert.equal((await follow(worker, name)).at(-1).result, "succeeded", name);
  });

  it("names the binding that is missing, where it belongs, and who must act", async () => {
    const orders = { plain: exportTo(sandbox, { r2: "plain.csv" }), upload: exportTo(sandbox, { upload: true }) };
    const object = (className) => ({ className, useSQLite: true });
    const without = async (binding, more, name, ask = ["start", { method: "POST" }]) => {
      const other = await edge(orders, { KEY: sandbox.key }, { speed: SPEED, ...more });
      const answer = await refused(other, `/exports/${name}/${ask[0]}`, ask[1]);
      assert.equal(await other.fire("0 7 * * *", 1_795_600_000_000), 200);
      await other.end();
      assert.equal(answer.http, 500);
      assert.ok(answer.detail.includes(`"${binding}"`), answer.detail);
      assert.match(answer.remedy, /^Whoever deploys the worker .*wrangler\.jsonc.* deploys\.$/u);
      assert.ok(answer.remedy.includes(binding));
    };
    await without("EXPORTS", { durableObjects: { ACCOUNTS: object("AccountObject") } }, "plain", ["status"]);
    await without("ACCOUNTS", { durableObjects: { EXPORTS: object("ExportObject") } }, "plain");
    await without("SOURCES", { r2Buckets: [] }, "upload");
    await without("SOURCES", { r2Buckets: [] }, "upload", ["source", { method: "PUT", body: "x" }]);
    const keyless = await edge(orders, {}, { speed: SPEED });
    await keyless.put("plain.csv", people("plain", 3));
    await keyless.start("plain");
    const { stop } = (await follow(keyless, "plain")).at(-1);
    await keyless.end();
    assert.deepEqual([stop.code, stop.category, stop.message], ["secret_missing", "credentials", 'The worker has no secret "KEY".']);
    assert.match(stop.remedy, /Whoever deploys the worker.*`wrangler secret put KEY`/u);
    const tokenless = await edge(orders, { KEY: sandbox.key, EXPORT_TOKEN: "" }, { speed: SPEED });
    const answer = await refused(tokenless, "/exports");
    await tokenless.end();
    assert.deepEqual([answer.http, answer.code], [503, "token_missing"]);
    assert.match(answer.remedy, /Whoever deploys the worker.*`wrangler secret put EXPORT_TOKEN`/u);
  });

  it("tells rejected rows by the columns of the command's file", async () => {
    await worker.put("columns.csv", "EMail,First\nnobody,Ada\nada@example.net,Ada\n");
    await ended("columns");
    const rows = (await (await worker.call("/exports/columns/rejections")).text()).trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(rows.length, 1);
    assert.deepEqual(Object.keys(rows[0]), JSON.parse(`[${HEADER.replace(/^\uFEFF/u, "").trim()}]`));
    assert.deepEqual([rows[0].row, rows[0].line, rows[0].field, rows[0].source_id, rows[0].rule, rows[0].value], [1, 2, "EMail", null, "email_no_at", "n***"]);
    assert.ok(rows[0].remedy.length > 10);
  });

  it("says of rejected rows that a new run replaced while they were read that they are not all", async () => {
    // More than connections hold on their way.
    const rows = 100_000;
    await worker.put("slow.csv", `EMail,First\n${"nobody,Ada\n".repeat(rows)}`);
    assert.equal((await ended("slow")).progress.rejected, rows);
    const slow = (await worker.call("/exports/slow/rejections")).body.getReader();
    await slow.read();
    await worker.put("slow.csv", people("slow", 10, 2));
    assert.equal((await ended("slow")).progress.rejected, 5);
    let text = "";
    for (let part = await slow.read(); !part.done; part = await slow.read()) text += Buffer.from(part.value).toString();
    const last = JSON.parse(text.trim().split("\n").at(-1));
    assert.deepEqual([last.code, last.row, typeof last.detail, typeof last.remedy], ["rows_replaced", undefined, "string", "string"]);
    const again = (await (await worker.call("/exports/slow/rejections")).text()).trim().split("\n");
    assert.equal(again.length, 5);
  });

  it("lets a hundred follow an export, and says so to the next", async () => {
    // Its server is down for as long as it takes.
    await worker.start("watched");
    const watch = async () => {
      const response = await worker.call("/exports/watched/progress");
      // Read at once: what is left lying may be collected, and its connection with it.
      return { status: response.status, reader: response.body.getReader() };
    };
    const rest = async ({ reader }) => {
      let text = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += Buffer.from(part.value).toString();
      return text;
    };
    const first = await watch();
    const texts = [];
    for (let index = 1; index < 100; index += 1) {
      const watcher = await watch();
      assert.equal(watcher.status, 200);
      texts.push(rest(watcher));
    }
    const next = await watch();
    const { code, remedy } = JSON.parse(await rest(next));
    assert.deepEqual([next.status, code, typeof remedy], [429, "too_many_watchers", "string"]);
    await first.reader.cancel();
    let another = await watch();
    for (; another.status === 429; another = await watch()) await another.reader.cancel();
    texts.push(rest(another));
    assert.equal((await worker.call("/exports/watched/cancel", { method: "POST" })).status, 202);
    for (const text of await Promise.all(texts)) assert.match(text, /event: ended/u);
  });
});
