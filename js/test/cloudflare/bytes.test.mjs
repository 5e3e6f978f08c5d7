// Rows that never become a request cost processor time, too: a slice reads so many bytes of its source, and the next one goes
// on. A source of such rows alone, however long, holds up neither its export's status nor its cancelling.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { assertBalance } from "../kit/balance.mjs";
import { edge, exportTo, follow, serveSandbox } from "./edge.mjs";

/** 12 requests of 32 KiB. */
const SLICE_BYTES = 384 * 1024;
const HEADER = "EMail,First\n";
const ROW = "twice@example.net,Ada\n";

/** A file that ends with the test only. */
const endless = { over: false };
const rows = Buffer.from(ROW.repeat(3_000));

async function outside(request) {
  if (request.url === "https://files.example/endless.csv") {
    let begun = false;
    return new Response(new ReadableStream({
      async pull(controller) {
        // Miniflare asks for the next one without waiting: at once, nothing else would have its turn in this process.
        await sleep(5);
        const chunk = begun ? rows : Buffer.from(HEADER);
        begun = true;
        if (endless.over) controller.close();
        else controller.enqueue(chunk);
      },
    }, { highWaterMark: 0 }));
  }
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
  const answer = await fetch(request.url, { method: request.method, headers: [...request.headers], body, redirect: "manual" });
  return new Response(await answer.arrayBuffer(), { status: answer.status, headers: [...answer.headers].filter(([name]) => !/^(?:content-encoding|content-length|transfer-encoding)$/u.test(name)) });
}

describe("a slice's bytes", () => {
  let sandbox;
  let worker;

  before(async () => {
    sandbox = await serveSandbox({ port: 0, speed: 60 });
    const exports = { endless: exportTo(sandbox, { url: "https://files.example/endless.csv" }), long: exportTo(sandbox, { r2: "long.csv" }), wrong: exportTo(sandbox, { r2: "wrong.csv" }) };
    worker = await edge(exports, { KEY: sandbox.key }, { outboundService: outside });
  });
  after(async () => {
    endless.over = true;
    await worker?.end();
    await sandbox?.close();
  });

  it("let an export answer and be cancelled while its source does not end", { timeout: 60_000 }, async () => {
    assert.equal((await worker.start("endless")).http, 202);
    let status = await worker.status("endless");
    // Some slices of nothing but duplicates.
    while ((status.progress?.duplicate ?? 0) < 100_000) status = await worker.status("endless");
    assert.equal(status.status, "running");
    assert.equal((await worker.call("/exports/endless/cancel", { method: "POST" })).status, 202);
    const { result, progress } = (await follow(worker, "endless")).at(-1);
    assert.equal(result, "cancelled");
    assertBalance(progress);
    assert.deepEqual([progress.pending, progress.queued], [1, 0]);
  });

  it("are as many as the slices have, whatever becomes of the rows", { timeout: 60_000 }, async () => {
    const count = 200_000;
    for (const [name, row, bucket] of [["long", ROW, "duplicate"], ["wrong", "nobody,Ada Lovelace!!\n", "rejected"]]) {
      await worker.put(`${name}.csv`, HEADER + row.repeat(count));
      await worker.start(name);
      const { result, progress, slices } = (await follow(worker, name)).at(-1);
      const bytes = HEADER.length + row.length * count;
      assert.ok(slices >= bytes / SLICE_BYTES, `${slices} slices for ${bytes} bytes`);
      assert.deepEqual([progress.read, progress[bucket] >= count - 1], [count, true], `${result}`);
    }
  });
});
