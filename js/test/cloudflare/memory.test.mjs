// A million profiles through one object: what its isolate holds at the most, as the runtime's own inspector counts it, and
// the core's memory, which that leaves out. Garbage that the runtime has not collected yet comes on top; it collects when
// it needs the room. The object's clock goes sixty times as fast; nothing here is a time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fetch } from "miniflare";
import { edge, exportTo, people, serveSandbox } from "./edge.mjs";

const PROFILES = 1_000_000;
const MOST_BYTES = 64_000_000;

/** Asks the inspector of the worker's isolate. */
async function inspector(miniflare) {
  const { host } = await miniflare.getInspectorURL();
  const { webSocket } = await fetch(`http://${host}/core:user:`, { headers: { upgrade: "websocket" } });
  const waiting = new Map();
  webSocket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(data);
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  webSocket.accept();
  let last = 0;
  const call = async (method) => {
    last += 1;
    const answered = new Promise((resolve) => waiting.set(last, resolve));
    webSocket.send(JSON.stringify({ id: last, method }));
    return answered;
  };
  await call("HeapProfiler.enable");
  return {
    heldBytes: async () => {
      await call("HeapProfiler.collectGarbage");
      const { totalSize, embedderHeapUsedSize, backingStorageSize } = await call("Runtime.getHeapUsage");
      return totalSize + embedderHeapUsedSize + backingStorageSize;
    },
    close: () => webSocket.close(),
  };
}

test("a million profiles take less than 64 MB of the isolate", { timeout: 600_000 }, async () => {
  const speed = 60;
  const sandbox = await serveSandbox({ port: 0, speed });
  const worker = await edge({ million: exportTo(sandbox, { r2: "million.csv" }) }, { KEY: sandbox.key }, { speed, inspectorPort: 0 });
  try {
    await worker.put("million.csv", people("million", PROFILES));
    const { heldBytes, close } = await inspector(worker.miniflare);
    await worker.start("million");
    let most = 0;
    let status = await worker.status("million");
    while (status.status !== "ended") {
      // The inspector of an isolate that has nothing to do does not answer.
      const bytes = await Promise.race([heldBytes(), sleep(5_000)]);
      most = Math.max(most, (bytes ?? 0) + (status.coreBytes ?? 0));
      await sleep(500);
      status = await worker.status("million");
    }
    close();
    assert.deepEqual([status.result, status.progress.delivered], ["succeeded", PROFILES]);
    // The set of addresses alone is 16 MB: it was looked at when it was full.
    assert.ok(most > 16_000_000 && most < MOST_BYTES, `${most} bytes`);
    console.log(`${(most / 1e6).toFixed(1)} MB at the most, ${(status.coreBytes / 1e6).toFixed(1)} of them the core's; ${status.slices} slices`);
  } finally {
    await worker.end();
    await sandbox.close();
  }
});
