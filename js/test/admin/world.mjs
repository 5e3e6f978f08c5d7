// The admin page in a real Chromium, served by the service beside a sandbox: what its tests have in common.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { launchChromium } from "../kit/chromium.mjs";
import { place, serveSandbox, service } from "../service/helpers.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screenshots = join(root, "target", "screenshots");

/** Contoso's first profiles, with what must stay text, and some that are refused. */
export const HOSTILE = ["<img src=x onerror=alert(1)>", "=cmd()", '"><script>alert(1)</script>'];
export function profiles() {
  const header = "ContactId,FirstName,LastName,EMail,Telephone,LoyaltyTier,Notes";
  const good = Array.from({ length: 60 }, (_, at) => `C-${at},Ana ${at},Novak,ana${at}@example.com,+38640123${String(at).padStart(3, "0")},${["high", "medium", "low"][at % 3]},x`);
  const named = HOSTILE.map((name, at) => `H-${at},"${name.replaceAll('"', '""')}",Test,hostile${at}@example.com,,high,x`);
  const bad = ["B-1,Bad,One,no-at.example.com,,low,x", "B-2,Bad,Two,two@@example.com,,low,x", "B-3,Bad,Three,,,low,x", `D-1,Again,Ana,ana1@example.com,,low,x`];
  return [header, ...good, ...named, ...bad].join("\n");
}
export const COUNTS = { read: 67, delivered: 63, rejected: 3, duplicate: 1 };

/** A service with a sandbox as its account, and a browser. */
export async function setUp(t, { speed = 20, more = {} } = {}) {
  const folder = place();
  mkdirSync(join(folder, "sources"));
  writeFileSync(join(folder, "sources", "gold.csv"), profiles());
  const sandbox = await serveSandbox({ speed });
  const served = await service.serveService({ folder: join(folder, "data"), sources: join(folder, "sources"), sandbox: sandbox.url, ...more });
  const browser = await launchChromium();
  t.after(async () => {
    await browser.close();
    await served.close();
    await sandbox.close();
  });
  return { browser, folder, sandbox, served, file: join(folder, "sources", "gold.csv") };
}

/** The same for all tests of a `describe`: there from its first test on. */
export function sharedWorld() {
  const ends = [];
  const world = {};
  before(async () => Object.assign(world, await setUp({ after: (end) => ends.push(end) })));
  after(async () => {
    for (const end of ends) await end();
  });
  return world;
}

/** A tab of somebody's own; `complaints` has what the browser said of it, but for answers that were refused. */
export async function open({ browser, served }, token, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, locale: "en-GB", timezoneId: "Europe/Ljubljana", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => complaints.push(`a dialog: ${dialog.message()}`));
  page.on("console", (message) => message.type() === "error" && !/Failed to load resource/u.test(message.text()) && complaints.push(message.text()));
  await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(served.url);
  if (token !== undefined) {
    await page.getByRole("textbox").fill(token);
    await page.getByRole("button").last().click();
    await page.getByRole("navigation").waitFor();
  }
  return { page, context, complaints };
}

mkdirSync(screenshots, { recursive: true });

/** What was found in the views that were looked at; told at the end, all at once. */
export const findings = [];

/** A view as people see it: nothing that axe finds, and pictures of it, light, dark and narrow. */
export async function look(page, name) {
  await page.waitForLoadState("networkidle");
  await page.evaluate(axe);
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    findings.push(...violations.map(({ id, nodes }) => `${name}, ${scheme}: ${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" | ")}`));
    await page.screenshot({ path: join(screenshots, `${name}-${scheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  const before = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 800 });
  await page.screenshot({ path: join(screenshots, `${name}-narrow.png`), fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) findings.push(`${name} is ${wide} px wider than a phone`);
  await page.setViewportSize(before);
  findings.push(...(await page.evaluate(() => globalThis.violations)).map((violation) => `${name}: the policy was broken: ${violation}`));
}
