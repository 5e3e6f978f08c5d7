// What whoever may use the service, or put files where it reads, must not be able to do to it.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { issue } from "./client.mjs";
import { people, world } from "./world.mjs";

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
