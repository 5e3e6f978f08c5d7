// What whoever may use the service, or put files where it reads, must not be able to do to it.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { issue } from "./client.mjs";
import { connect, people, save, upload, world } from "./world.mjs";

describe("files of segments", () => {
  const of = (file) => ({ name: `Of ${file}`, source: { file } });

  it("pipes, devices and folders are none, when a segment is saved and when it is read", async () => {
    const here = await world();
    const path = (name) => join(here.sources, name);
    mkdirSync(path("folder.csv"));
    execFileSync("mkfifo", [path("pipe.csv")]);
    // Somebody writes there, so that a service that reads it is told by its answer, and not by its silence.
    const writers = [];
    const write = (name) => writers.push(spawn("sh", ["-c", 'echo EMail >"$1"', "sh", path(name)]));
    try {
      write("pipe.csv");
      for (const file of ["pipe.csv", "folder.csv"]) issue(await here.admin.post("/api/segments", { body: of(file) }), "source", "source_file");
      writeFileSync(path("gold.csv"), people(2));
      const { id } = await here.admin.make("/api/segments", { body: of("gold.csv") });
      const columns = () => here.admin.get(`/api/segments/${id}/suggestions`);
      assert.deepEqual((await columns()).body.columns, ["EMail"]);
      rmSync(path("gold.csv"));
      execFileSync("mkfifo", [path("gold.csv")]);
      write("gold.csv");
      const refused = await columns();
      assert.deepEqual([refused.status, refused.body.code], [422, "source_missing"]);
    } finally {
      writers.forEach((writer) => writer.kill());
    }
  });

  it("one that may not be read is told by the name that was given, not by where it is on the machine", async () => {
    const here = await world();
    writeFileSync(join(here.sources, "gold.csv"), people(2));
    const { id } = await here.admin.make("/api/segments", { body: of("gold.csv") });
    chmodSync(join(here.sources, "gold.csv"), 0);
    chmodSync(here.sources, 0o755);
    // To root every file is open.
    const root = process.geteuid() === 0;
    if (root) process.seteuid(65_534);
    const refused = await here.admin.get(`/api/segments/${id}/suggestions`).finally(() => root && process.seteuid(0));
    assert.deepEqual([refused.status, refused.body.code], [422, "source_unreadable"]);
    assert.ok(refused.body.detail.includes('"gold.csv"') && !refused.text.includes(here.sources), refused.text);
  });
});

describe("sources that fail", () => {
  const broken = () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset by the secret peer")) }));
  for (const [what, receive, detail] of [
    ["cannot be reached", () => Promise.reject(new TypeError("connect ECONNREFUSED 10.0.0.7")), "The server of the source could not be reached."],
    ["break off", broken, "The source broke off before its end."],
    ["refuse", () => new Response(null, { status: 503 }), "The server of the source answered 503."],
  ]) {
    it(`are told as such when they ${what}`, async () => {
      const here = await world({ receive });
      const segment = await here.admin.make("/api/segments", { body: { name: "Gold", source: { url: "https://profiles.example.com/gold.csv" } } });
      const one = await save(here, await connect(here), [segment]);
      for (const answer of [await here.admin.get(`/api/segments/${segment.id}/suggestions`), await here.admin.post(`/api/exports/${one.id}/check`)]) {
        const { code, category, retryHelps } = answer.body;
        assert.deepEqual([answer.status, code, category, retryHelps, answer.body.detail], [422, "source_failed", "source", true, detail]);
      }
    });
  }

  it("in a way that nobody foresaw, too, without what they say", async () => {
    const here = await world();
    writeFileSync(join(here.sources, "gold.csv"), people(2));
    const segment = await here.admin.make("/api/segments", { body: { name: "Gold", source: { file: "gold.csv" } } });
    const one = await save(here, await connect(here), [segment]);
    const fail = () => Promise.reject(new RangeError("ada@example.com"));
    Object.assign(here.runner, { columns: fail, count: fail });
    for (const answer of [await here.admin.get(`/api/segments/${segment.id}/suggestions`), await here.admin.post(`/api/exports/${one.id}/check`)]) {
      assert.deepEqual([answer.status, answer.body.code, answer.text.includes("ada@")], [422, "source_failed", false]);
    }
  });
});

describe("a mapping of columns that are not there", () => {
  async function start() {
    const here = await world();
    const connection = await connect(here);
    const segments = [await upload(here, "Gold", "EMail,First\nada@example.com,Ada\n"), await upload(here, "Silver", "EMail,Given\nbob@example.com,Bob\n")];
    const body = (mapping, more = {}) => ({ body: { name: "Both", connection: connection.id, list: 4, segments: segments.map(({ id }) => id), mapping, ...more } });
    return { here, segments, body };
  }

  it("is refused for the address, and warned of for all else", async () => {
    const { here, body } = await start();
    const wrong = await here.admin.post("/api/exports", body({ email: "Email", firstName: "First" }));
    issue(wrong, "mapping.email", "unknown_column");
    assert.match(wrong.body.issues[0].message, /"Gold".*"Email"/u);
    issue(await here.admin.post("/api/exports", body({ email: { template: "{First}@example.com" } })), "mapping.email.template", "unknown_column");
    const { export: one, warnings } = await here.admin.make("/api/exports", body({ email: "EMail", firstName: "First" }));
    assert.deepEqual(warnings.map(({ path, code }) => [path, code]), [["mapping.firstName", "unknown_column"]]);
    assert.match(warnings[0].message, /"Silver".*"First"/u);
    issue(await here.admin.patch(`/api/exports/${one.id}`, { etag: one.etag, body: { mapping: { email: "Nope" } } }), "mapping.email", "unknown_column");
    // What does not touch the columns is not held up by them.
    assert.deepEqual((await here.admin.change(`/api/exports/${one.id}`, { etag: one.etag, body: { list: 5 } })).warnings, []);
  });

  it("is saved with a warning where a source cannot be read yet", async () => {
    const { here, segments, body } = await start();
    const empty = await here.admin.make("/api/segments", { body: { name: "Not yet", source: { upload: true } } });
    const { warnings } = await here.admin.make("/api/exports", body({ email: "Anything" }, { segments: [empty.id] }));
    assert.deepEqual(warnings.map(({ path, code }) => [path, code]), [["segments[0]", "source_missing"]]);
    issue(await here.admin.post("/api/exports", body({ email: "Anything" }, { name: "Other", segments: [empty.id, segments[0].id] })), "mapping.email", "unknown_column");
  });
});

describe("a run that cannot go on", () => {
  const latest = (here, path) => here.admin.read(path);
  for (const [what, code, act] of [
    ["its export was removed", "export_removed", async (here, path) => here.admin.remove(path, { etag: (await latest(here, path)).etag })],
    ["its export was detached", "detached", async (here, path) => here.admin.must("POST", 200)(`${path}/detach`, { etag: (await latest(here, path)).etag })],
    ["its export goes elsewhere", "connection_changed", async (here, path) => {
      const other = await connect(here, { name: "Other", host: "other.api-us1.com" });
      await here.admin.change(path, { etag: (await latest(here, path)).etag, body: { connection: other.id } });
    }],
    ["its segment is gone", "segment_missing", async (here, path, segment) => {
      const other = await upload(here, "Other", people(2));
      await here.admin.change(path, { etag: (await latest(here, path)).etag, body: { segments: [other.id] } });
      await here.admin.remove(`/api/segments/${segment.id}`, { etag: segment.etag });
    }],
  ]) {
    it(`is refused, with the reason, when ${what}`, async () => {
      const here = await world();
      const segment = await upload(here, "Gold", people(3));
      const one = await save(here, await connect(here), [segment]);
      here.sandbox.knobs.accountState = "expired-forbidden";
      const { id } = await here.admin.start(`/api/exports/${one.id}/run`);
      await here.settle();
      here.sandbox.knobs.accountState = "active";
      assert.equal((await here.admin.read(`/api/runs/${id}`)).status, "failed_permanent");
      await act(here, `/api/exports/${one.id}`, segment);
      const refused = await here.admin.post(`/api/runs/${id}/continue`);
      assert.deepEqual([refused.status, refused.body.code, refused.body.category], [409, code, "settings"]);
      assert.equal((await here.admin.read(`/api/runs/${id}`)).status, "failed_permanent");
    });
  }
});

describe("pages", () => {
  /** All pages of two, with `between` done after the first. */
  async function paged({ admin }, path, between) {
    const found = [];
    for (let after = "", pages = 0; ; pages += 1) {
      const { items, next } = await admin.read(`${path}${path.includes("?") ? "&" : "?"}limit=2${after}`);
      found.push(...items);
      if (next === undefined) return found;
      if (pages === 0) await between(items);
      after = `&after=${next}`;
    }
  }
  const ids = (items) => items.map(({ id }) => id);

  for (const path of ["/api/exports?sort=name&order=descending", "/api/exports?sort=lastRun", "/api/segments", "/api/users"]) {
    it(`of ${path} go on where they were when what was shown last is gone`, async () => {
      const here = await world();
      const [connection, segment] = [await connect(here), await upload(here, "Gold", people(1))];
      for (const name of ["Č", "ž", "a", "B", "c"]) {
        await save(here, connection, [segment], { name });
        await here.admin.make("/api/users", { body: { id: `${name}+x@example.com`, role: "viewer" } });
        await upload(here, name, people(1));
      }
      const { items: before } = await here.admin.read(path);
      const found = await paged(here, path, async ([, { id }]) => {
        const kind = path.split(/[/?]/u)[2];
        // Users are not removed, and segments only where no export has them: the record itself goes.
        await here.store.commit([{ key: `${kind.slice(0, -1)}/${encodeURIComponent(id)}`, value: undefined }]);
      });
      assert.deepEqual(ids(found), ids(before));
    });
  }

  it("of runs go on when the one shown last is gone", async () => {
    const here = await world();
    const one = await save(here, await connect(here), [await upload(here, "Gold", people(1))]);
    for (let runs = 0; runs < 5; runs += 1) {
      await here.admin.start(`/api/exports/${one.id}/run`);
      await here.settle();
    }
    const path = `/api/exports/${one.id}/runs`;
    const { items: before } = await here.admin.read(path);
    const found = await paged(here, path, async ([, { id }]) => here.store.commit([{ key: `run/${id}`, value: undefined }, { key: `runs/${one.id}/${id}`, value: undefined }]));
    assert.deepEqual([found.length, ids(found)], [5, ids(before)]);
  });

  it("after what is no place, or one in another order, are refused", async () => {
    const here = await world();
    const [connection, segment] = [await connect(here), await upload(here, "Gold", people(1))];
    for (const name of ["a", "b"]) await save(here, connection, [segment], { name });
    const { items: [one], next } = await here.admin.read("/api/exports?limit=1");
    for (const after of ["nope", one.id, "e30", "AAAA", next.slice(1)]) {
      for (const list of ["exports", "segments", "users", "tokens", "connections", "webhooks", `exports/${one.id}/runs`]) {
        const refused = await here.admin.get(`/api/${list}?after=${after}`);
        assert.deepEqual([refused.status, refused.body.code], [400, "cursor"], `${list} after ${after}`);
      }
    }
    assert.equal((await here.admin.get(`/api/exports?sort=status&after=${next}`)).body.code, "cursor");
    assert.equal((await here.admin.read(`/api/exports?after=${next}`)).items[0].name, "b");
  });
});

describe("versions", () => {
  it("of a change: any of several, or whichever there is; weak ones are none", async () => {
    const here = await world();
    const [connection, segment] = [await connect(here), await upload(here, "Gold", people(1))];
    const one = await save(here, connection, [segment]);
    const webhook = await here.admin.make("/api/webhooks", { body: { url: "https://hooks.example.com/" } });
    await here.admin.make("/api/users", { body: { id: "vera", role: "viewer" } });
    for (const [path, body] of [
      [`/api/exports/${one.id}`, { list: 5 }], [`/api/segments/${segment.id}`, { members: 3 }], [`/api/connections/${connection.id}`, { name: "Renamed" }],
      [`/api/webhooks/${webhook.id}`, { active: false }], ["/api/users/vera", { active: false }],
    ]) {
      const change = async (etag) => (await here.admin.patch(path, { etag, body })).status;
      // Each is at its first version.
      for (const etag of ['W/"1"', '"2", "3"', 'W/"1", "2"', '"x"', '""', '"1', "1", "*, *", '"1" "2"']) assert.equal(await change(etag), 412, `${path} ${etag}`);
      assert.equal(await change('"7", "1" ,W/"2"'), 200, path);
      assert.equal(await change("*"), 200, path);
      assert.equal(await change('"2"'), 412, path);
      assert.equal(await change(undefined), 428, path);
      assert.equal((await here.admin.patch(path.replace(/[^/]+$/u, "nobody"), { etag: "*", body })).status, 404, path);
    }
    const vera = await here.letIn("otto", "viewer");
    assert.equal((await vera.patch(`/api/connections/${connection.id}`, { etag: "*", body: { name: "Mine" } })).status, 403);
    assert.equal((await here.admin.delete(`/api/exports/${one.id}`, { etag: "*" })).status, 204);
  });

  it("of what is kept: nothing is sent again until it has changed, also in what others say of it", async () => {
    const here = await world();
    const [connection, segment] = [await connect(here), await upload(here, "Gold", people(1))];
    const one = await save(here, connection, [segment]);
    for (const path of [`/api/exports/${one.id}`, `/api/segments/${segment.id}`, `/api/connections/${connection.id}`]) {
      const etag = (await here.admin.get(path)).headers.get("etag");
      const again = (known) => here.admin.get(path, { headers: { "if-none-match": known } });
      for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
        const { status, text, headers } = await again(known);
        assert.deepEqual([status, text, headers.get("etag")], [304, "", etag], `${path} ${known}`);
      }
      for (const known of ['"x"', '"77"', "nonsense"]) assert.equal((await again(known)).status, 200, `${path} ${known}`);
      const [, kind] = /api\/(\w+)s\//u.exec(path);
      await here.admin.change(path, { etag, body: { name: `Another ${kind}` } });
      assert.equal((await again(etag)).status, 200, path);
    }
    const { headers } = await here.admin.get(`/api/exports/${one.id}`);
    await here.admin.start(`/api/exports/${one.id}/run`);
    const { status, body } = await here.admin.get(`/api/exports/${one.id}`, { headers: { "if-none-match": headers.get("etag") } });
    assert.deepEqual([status, body.status], [200, "queued"]);
    const { paths } = await here.admin.read("/openapi.json");
    for (const kind of ["exports", "segments", "connections"]) assert.ok(paths[`/api/${kind}/{id}`].get.responses[304], kind);
  });
});
