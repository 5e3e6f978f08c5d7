// `run --state`: one owner at a time, going on, beginning anew, and what stands in the folder.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { account, activeIn, cli, definition, flat, HEADER, KEY, people, place, start } from "./helpers.mjs";

const run = (served, more = []) => ["run", "-d", "export.json", "-s", "segment.csv", "--sandbox", served.url, "--state", "kept", ...more];

/** A folder with a definition and a segment of so many profiles. */
const folderOf = (count, more) => place({ "export.json": definition(more), "segment.csv": HEADER + people(count) });

describe("a run that is kept", () => {
  it("is refused to a second process while the first lives", async () => {
    const served = await account({ knobs: { completedAfterMillis: 160_000 } });
    const cwd = folderOf(600);
    const before = activeIn(served);
    const first = start(run(served), { cwd });
    await first.says("importing what it has taken");
    const second = await cli(run(served), { cwd });
    assert.equal(second.code, 1, second.stderr);
    assert.match(flat(second.stderr), new RegExp(`Process ${first.child.pid} is working on this run`, "iu"));
    const { code, stdout } = await first.done;
    assert.equal(code, 0, stdout);
    assert.equal(activeIn(served) - before, 600);
  });

  it("goes on after Ctrl-C, and is done once", async () => {
    const served = await account();
    const cwd = folderOf(900);
    const first = start(run(served), { cwd });
    await first.says("queued");
    first.child.kill("SIGINT");
    const stopped = await first.done;
    const second = await cli(run(served, ["--json"]), { cwd });
    assert.equal(second.code, 0, `${stopped.stderr}\n${second.stderr}`);
    const summary = JSON.parse(second.stdout);
    assert.deepEqual([summary.result, summary.read, summary.delivered], ["succeeded", 900, 900]);
    if (stopped.code === 1) assert.match(flat(stopped.stderr), /The run is kept in the folder "kept": the same command goes on with it/u);
    // One advice, not two that differ.
    assert.doesNotMatch(stopped.stdout, /Next /u);
  });

  it("stays with its definition and its source", async () => {
    const served = await account();
    const cwd = folderOf(300);
    // Refused by its key it has nothing to send, and stays.
    const first = await cli(run(served), { cwd });
    assert.equal(first.code, 0, first.stderr);
    const broken = place({ "export.json": definition(), "other.json": definition({}, { phone: undefined }), "segment.csv": HEADER + people(700) });
    const slow = await account({ knobs: { completedAfterMillis: 4_000_000 } });
    const running = start(run(slow), { cwd: broken });
    await running.says("importing what it has taken");
    running.child.kill("SIGKILL");
    await running.done;
    const other = await cli(["run", "-d", "other.json", "-s", "segment.csv", "--sandbox", slow.url, "--state", "kept"], { cwd: broken });
    assert.equal(other.code, 1, other.stderr);
    assert.match(flat(other.stderr), /definition was changed since this run began/u);
    assert.match(flat(other.stderr), /Whoever keeps the run's stored state/u);
    const moved = await cli(run(served), { cwd: broken });
    assert.match(flat(moved.stderr), /the stored state is of a run to another account/u);
  });

  it("holds neither key nor person, and is for its owner only", async () => {
    const served = await account({ knobs: { completedAfterMillis: 4_000_000 } });
    const cwd = folderOf(2_000);
    const running = start(run(served), { cwd });
    await running.says("importing what it has taken");
    running.child.kill("SIGKILL");
    await running.done;
    const kept = join(cwd, "kept");
    if (process.platform !== "win32") assert.equal(statSync(kept).mode & 0o777, 0o700);
    const names = readdirSync(kept);
    assert.ok(names.some((name) => name.startsWith("state.")), String(names));
    for (const name of names) {
      if (process.platform !== "win32") assert.equal(statSync(join(kept, name)).mode & 0o777, 0o600, name);
      let bytes = readFileSync(join(kept, name));
      // A death while it was being written leaves a part of a new one.
      if (/^state\.\d+$/u.test(name)) bytes = Buffer.concat([bytes, Buffer.from(JSON.parse(bytes.toString()).checkpoint, "base64")]);
      for (const canary of ["person1", "example.net", "+49170", KEY, "Ann"]) assert.equal(bytes.includes(canary), false, `${canary} in ${name}`);
    }
  });

  it("needs --state for --restart, a folder for --state, and a long enough key", async () => {
    const served = await account();
    const cwd = place({ "export.json": definition(), "segment.csv": HEADER + people(3), file: "" });
    const restart = await cli(["run", "-d", "export.json", "-s", "segment.csv", "--sandbox", served.url, "--restart"], { cwd });
    assert.equal(restart.code, 2);
    assert.match(flat(restart.stderr), /Name its folder with --state/u);
    const file = await cli(["run", "-d", "export.json", "-s", "segment.csv", "--sandbox", served.url, "--state", "file"], { cwd });
    assert.equal(file.code, 2);
    assert.match(flat(file.stderr), /The state file is a file/u);
    const short = await cli(run(served), { cwd, env: { ACTIVECAMPAIGN_EXPORT_STATE_KEY: "short" } });
    assert.equal(short.code, 2);
    assert.match(flat(short.stderr), /shorter than 16 characters/u);
  });

  it("is not read with another state key, and begins anew when asked to", async () => {
    const served = await account();
    const cwd = folderOf(300);
    const env = (key) => ({ ACTIVECAMPAIGN_EXPORT_STATE_KEY: key });
    const bad = await cli(run(served), { cwd, key: "wrong-key", env: env("the first state key") });
    assert.equal(bad.code, 1, bad.stderr);
    const again = await cli(run(served, ["--restart"]), { cwd, env: env("the first state key") });
    assert.equal(again.code, 0, again.stderr);
    const other = await cli(run(served), { cwd, env: env("another state key") });
    assert.equal(other.code, 1, other.stderr);
    assert.match(flat(other.stderr), /state kept in kept was changed, or written with another state key/u);
    // Who must act is told what the command has for it.
    assert.match(flat(other.stderr), /Set ACTIVECAMPAIGN_EXPORT_STATE_KEY.*the file "key" in kept.*--restart/u);
  });
});
