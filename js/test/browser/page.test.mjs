// The example of a page (examples/page), built as a customer builds it with the packed package, in a real Chromium: a
// dry run that leaves the page free, and exports through the relay of its own server into a sandbox.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { launchChromium } from "../kit/chromium.mjs";
import { assertHeld, definition, FILE, readRows } from "../kit/contoso.mjs";
import { HOST, installed } from "../package/helpers.mjs";

const { serveSandbox } = await import(pathToFileURL(join(installed, "dist", "sandbox/serve.js")).href);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** Beside the installed package, which it finds as any app does. */
const app = join(installed, "..", "..", "page");

let browser;
before(async () => {
  rmSync(app, { recursive: true, force: true });
  cpSync(here("../../examples/page"), app, { recursive: true });
  const vite = spawnSync(process.execPath, [here("../../node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn"], { cwd: app, encoding: "utf8" });
  assert.deepEqual([vite.status, vite.stdout + vite.stderr], [0, ""]);
  browser = await launchChromium();
});
after(() => browser?.close());

/** The example's own server before a sandbox; `address` signs in. */
async function serveExample(sandbox) {
  const env = { ...process.env, PORT: "0", ACTIVECAMPAIGN_HOST: HOST, ACTIVECAMPAIGN_API_KEY: sandbox.key, SANDBOX: sandbox.url };
  const child = spawn(process.execPath, [join(app, "server.mjs")], { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [address] = await new Promise((resolve, reject) => {
    lines.once("line", (line) => resolve([line]));
    child.once("close", () => reject(new Error("the example's server ended")));
  });
  return { address, close: () => new Promise((resolve) => (child.once("close", resolve), child.kill())) };
}

/** A world of its own for a test: sandbox, server, and a browser that has nothing stored. */
async function setUp(t) {
  const sandbox = await serveSandbox({ speed: 20 });
  const server = await serveExample(sandbox);
  const context = await browser.newContext();
  const folder = mkdtempSync(join(tmpdir(), "acx-page-"));
  t.after(async () => {
    await context.close();
    await server.close();
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const complaints = [];
  const open = async () => {
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(server.address);
    return page;
  };
  const write = (text) => {
    const path = join(folder, "segment.csv");
    writeFileSync(path, text);
    return path;
  };
  const imports = () => sandbox.sandbox.account.requests.filter(({ method, path, status }) => method === "POST" && path === "/api/3/import/bulk_import" && status === 200).length;
  return { account: sandbox.sandbox.account, key: sandbox.key, server, open, write, complaints, imports };
}

/** Fills in the definition and a file, as a person does. */
async function choose(page, what, path) {
  await page.locator("#definition").fill(JSON.stringify(what));
  await page.locator("#file").setInputFiles(path);
}

const code = (page) => page.locator("#status").getAttribute("data-code");
const ended = async (page) => {
  await page.locator("#status[data-code]").waitFor({ timeout: 120_000 });
  return code(page);
};
const counts = (page) => page.locator("#counts dd").evaluateAll((all) => Object.fromEntries(all.map(({ id, dataset }) => [id.replace("count-", ""), Number(dataset.count)])));

/** Waits for what other processes do; what does not come in two minutes will not come. */
async function until(condition) {
  for (const end = Date.now() + 120_000; !condition(); ) {
    if (Date.now() > end) throw new Error(`in vain: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const MILLION = { version: 1, name: "Million", list: 1, mapping: { email: "EMail", firstName: "First", lastName: "Last", tags: [{ column: "Tier" }], consent: "Consent" } };

/**
 * Runs in the page: makes a file of a million rows and drops it. Of each thousand, one has no @,
 * one says no, and two repeat an address.
 */
function dropMillion() {
  const parts = ["EMail,First,Last,Tier,Consent\n"];
  for (let thousand = 0; thousand < 1_000; thousand += 1) {
    const rows = Array.from({ length: 1_000 }, (_, at) => {
      const row = thousand * 1_000 + at;
      const repeats = (at === 900 || at === 901) ? row - 5 : row;
      const address = at === 0 ? `person${row}.example.net` : `person${repeats}@example.net`;
      return `${address},First ${row},"O'Neil, ${row}",gold,${at === 1 ? "no" : "yes"}\n`;
    });
    parts.push(rows.join(""));
  }
  const file = new File(parts, "million.csv");
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(file);
  document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  return file.size;
}

it("the example pins what the workspace pins", () => {
  const manifest = (path) => JSON.parse(readFileSync(here(path), "utf8"));
  const [example, { dependencies, devDependencies }] = [manifest("../../examples/page/package.json"), manifest("../../package.json")];
  for (const [name, version] of Object.entries({ ...example.dependencies, ...example.devDependencies })) {
    if (!version.startsWith("file:")) assert.equal(version, { ...dependencies, ...devDependencies }[name], name);
  }
});

describe("a page", () => {
  it("exports a file through the relay, and holds no key", async (t) => {
    const { account, key, open, complaints, imports } = await setUp(t);
    const page = await open();
    const seen = [];
    page.on("request", (request) => seen.push({ url: request.url(), headers: request.headers() }));
    await choose(page, { ...definition, host: HOST }, FILE);
    await page.locator("#export").click();
    assert.equal(await ended(page), "succeeded");
    assert.deepEqual(await counts(page), { read: 5_000, pending: 0, queued: 0, delivered: 5_000, rejected: 0, duplicate: 0, excluded: 0, unverified: 0, resent: 0, batches: 20 });
    const rows = readRows();
    assert.equal(rows.length, 5_000);
    for (const row of rows) assert.equal(assertHeld(account, row).imports.length, 1);
    assert.equal(imports(), 20);
    assert.deepEqual(complaints, []);
    const origin = new URL(page.url()).origin;
    assert.ok(seen.length > 20 && seen.every(({ url }) => url.startsWith(`${origin}/`)));
    assert.ok(!JSON.stringify(seen).includes(key) && !(await page.content()).includes(key));
  });

  it("goes on in another tab when its own was closed in the middle; that one is refused until then", async (t) => {
    const { account, open, write, complaints, imports } = await setUp(t);
    const text = readFileSync(FILE, "utf8").split("\n").map((line, at) => (at % 100 === 50 ? line.replace("@", " at ") : line)).join("\n");
    const [valid, broken] = [true, false].map((whole) => readRows(text).filter(({ EMail }) => EMail.includes("@") === whole));
    assert.deepEqual([valid.length, broken.length], [4_950, 50]);
    const path = write(text);
    const [first, second] = [await open(), await open()];
    for (const page of [first, second]) await choose(page, { ...definition, host: HOST }, path);
    await first.locator("#export").click();
    await until(() => imports() >= 3);
    await second.locator("#export").click();
    assert.equal(await ended(second), "run_in_progress");
    assert.match(await second.locator("#status").textContent(), /Another tab or worker of this browser is working on this run/u);
    await until(() => imports() >= 6);
    assert.equal(await code(first), null);
    await first.close();
    assert.ok(imports() < 20);
    await second.evaluate(async () => {
      // The browser frees the lock when it has taken the tab down.
      while ((await navigator.locks.query()).held.length > 0) await new Promise(requestAnimationFrame);
      delete document.getElementById("status").dataset.code;
    });
    await second.locator("#export").click();
    assert.equal(await ended(second), "completed_with_rejections");
    const { read, delivered, rejected, resent, batches, ...rest } = await counts(second);
    assert.deepEqual([read, delivered, rejected], [5_000, 4_950, 50]);
    assert.deepEqual(rest, { pending: 0, queued: 0, duplicate: 0, excluded: 0, unverified: 0 });
    for (const row of valid) assertHeld(account, row);
    for (const row of broken) assert.equal(account.contacts.find(({ email }) => email.startsWith(row.EMail.split(" ")[0].toLowerCase())), undefined);
    // Only what was on its way when the tab was closed went twice, if it did.
    t.diagnostic(`${imports()} imports for 20 batches; ${resent} contacts went again`);
    assert.ok(resent <= 5 * 250 && imports() >= 20 && imports() <= 20 + resent / 250 && batches >= 20, `${imports()} imports, ${resent} resent, ${batches} batches`);
    assert.deepEqual(complaints, []);
  });

  it("sends nobody whose column does not say yes, and names the rejected rows with what to do", async (t) => {
    const { account, open, write, complaints } = await setUp(t);
    const page = await open();
    await choose(page, { version: 1, name: "Small", host: HOST, list: 1, mapping: { email: "EMail" } }, write("EMail,Ok\nada@example.com,yes\nzoe.example.com,yes\nno@example.com,no\n"));
    await page.locator("#consent").fill("Ok");
    await page.locator("#export").click();
    assert.equal(await ended(page), "completed_with_rejections");
    const { read, delivered, rejected, excluded } = await counts(page);
    assert.deepEqual({ read, delivered, rejected, excluded }, { read: 3, delivered: 1, rejected: 1, excluded: 1 });
    assert.equal(account.contact("no@example.com"), undefined);
    const [row, column, , reason, remedy] = await page.locator("#rejected tbody td").allTextContents();
    assert.deepEqual([row, column, remedy], ["2", "EMail", "Correct the address."]);
    assert.match(reason, /no @/u);
    assert.doesNotMatch(await page.locator("main").innerText(), /completed_with_rejections/u);
    assert.deepEqual(complaints, []);
  });

  it("is told in words that it is signed out", async (t) => {
    const { open, server, account } = await setUp(t);
    const page = await open();
    await page.context().clearCookies();
    await choose(page, { ...definition, host: HOST }, FILE);
    await page.locator("#export").click();
    assert.equal(await ended(page), "blocked");
    assert.match(await page.locator("#status").textContent(), /The relay does not know who is calling/u);
    assert.equal(account.requests.length, 0);
    assert.ok(server.address.includes("session="));
  });

  it("reads a million dropped rows in its worker, and stays free meanwhile", async (t) => {
    const { open, complaints } = await setUp(t);
    const page = await open();
    await page.locator("#definition").fill(JSON.stringify({ ...MILLION, host: HOST }));
    const bytes = await page.evaluate(dropMillion);
    await page.evaluate(() => {
      globalThis.seen = { keys: 0, frames: 0, longTasks: [] };
      new PerformanceObserver((list) => seen.longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration)))).observe({ type: "longtask" });
      const running = () => document.getElementById("status").dataset.code === undefined;
      document.addEventListener("keydown", () => (seen.keys += running() ? 1 : 0));
      const frame = () => running() && ((seen.frames += 1), requestAnimationFrame(frame));
      requestAnimationFrame(frame);
    });
    const start = Date.now();
    await page.locator("#preview").click();
    let pressed = 0;
    // A key that is pressed while the worker works must be handled before it is done.
    for (; (await code(page)) === null; pressed += 1) await page.keyboard.press("Shift");
    const millis = Date.now() - start;
    assert.equal(await code(page), "preview");
    assert.deepEqual(await counts(page), { read: 1_000_000, accepted: 996_000, rejected: 1_000, duplicate: 2_000, excluded: 1_000, batches: 3_984 });
    const { keys, frames, longTasks } = await page.evaluate(() => seen);
    t.diagnostic(`${bytes} bytes in ${millis} ms; ${keys} of ${pressed} keys and ${frames} frames meanwhile; long tasks of the page: ${JSON.stringify(longTasks)} ms`);
    assert.ok(pressed >= 5, `${pressed} keys were pressed`);
    // The last one may have met the end.
    assert.ok(keys >= pressed - 1, `${keys} of ${pressed} keys were handled meanwhile`);
    assert.ok(frames >= 5, `${frames} frames`);
    assert.deepEqual(complaints, []);
  });
});
