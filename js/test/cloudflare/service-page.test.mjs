// The admin page as the worker of a deployer serves it: the folder letter for letter in workerd, opened in a real Chromium.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { launchChromium } from "../kit/chromium.mjs";
import { app, deploy } from "./edge.mjs";
import { ADMIN_TOKEN, SECRET } from "./service-edge.mjs";
import { inMiniflare, settingsOf } from "./template.mjs";

describe("the admin page on Cloudflare", () => {
  const folder = mkdtempSync(join(app, "page-"));
  let edge;
  before(async () => {
    cpSync(join(app, "node_modules", "activecampaign-export", "cloudflare-service"), folder, { recursive: true });
    const settings = settingsOf(folder);
    const bindings = { ACTIVECAMPAIGN_EXPORT_SECRET: SECRET, EXPORT_ADMIN_TOKEN: ADMIN_TOKEN };
    edge = await deploy({ entryPoints: [join(folder, settings.main)] }, { ...inMiniflare(settings, folder), bindings });
  });
  after(async () => {
    await edge?.end();
    rmSync(folder, { recursive: true, force: true });
  });
  const get = (path) => edge.miniflare.dispatchFetch(`http://worker${path}`);

  it("has its files under the policy, at every place within it; the service stays the service", async () => {
    for (const path of ["/", "/exports/new", "/users"]) {
      const response = await get(path);
      assert.equal(response.status, 200, path);
      assert.match(response.headers.get("content-type"), /^text\/html/u, path);
      assert.match(response.headers.get("content-security-policy"), /require-trusted-types-for 'script'/u, path);
    }
    const wasm = await get("/assets/core_bg.wasm");
    assert.deepEqual([wasm.status, wasm.headers.get("content-type")], [200, "application/wasm"]);
    assert.equal((await get("/api/me")).status, 401);
    assert.equal((await get("/assets/none.js")).status, 404);
    assert.equal((await (await get("/openapi.json")).json()).openapi, "3.1.0");
    assert.equal((await get("/object/wake")).status, 404);
  });

  it("lets the administrator in", async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const complaints = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(String(await edge.miniflare.ready));
      await page.getByLabel("Token").fill(ADMIN_TOKEN);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("No exports yet").waitFor();
      assert.deepEqual(complaints, []);
    } finally {
      await browser.close();
    }
  });
});
