// The host itself fails: its clock, its timer, whatever it gave. The run cannot go on in this call, and says so by its
// error; its state is kept, and the next call goes on.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { exportAll, HOST, installed, world } from "./helpers.mjs";

const { fileStore } = await import(pathToFileURL(join(installed, "dist/entry/node.js")).href);

const definition = { version: 1, host: HOST, list: 4, mapping: { email: "EMail", firstName: "Name" } };
const PROFILES = 2_000;
const csv = new TextEncoder().encode(`EMail,Name\n${Array.from({ length: PROFILES }, (_, row) => `person${row}@example.net,Ann\n`).join("")}`);

describe("a run", () => {
  it("goes on after its host threw six times", async () => {
    const folder = mkdtempSync(join(tmpdir(), "acx-host-"));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const { sandbox, host, connection } = world();
    let sleeps = 0;
    const run = (sleep) =>
      exportAll({
        connection, definition, source: csv, host: { ...host, sleep },
        checkpoints: { store: fileStore(join(folder, "kept")), key: "sixteen characters and more" },
      });
    for (let crash = 1; crash <= 6; crash += 1) {
      const until = sleeps + 2 * crash;
      const failing = (millis, signal) => {
        sleeps += 1;
        if (sleeps >= until) throw new Error("the timer is broken");
        return host.sleep(millis, signal);
      };
      await assert.rejects(run(failing), /the timer is broken/u);
    }
    const { summary } = await run(host.sleep);
    assert.deepEqual([summary.result, summary.read, summary.delivered], ["succeeded", PROFILES, PROFILES]);
    assert.equal(sandbox.account.contacts.filter(({ email }) => email.endsWith("@example.net")).length, PROFILES);
  });
});
