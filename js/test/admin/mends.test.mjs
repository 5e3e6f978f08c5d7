// What once went wrong on the page: work that was lost, old figures that looked live, and saves that nobody wished for.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { service } from "../service/helpers.mjs";
import { open, setUp } from "./world.mjs";

describe("what once went wrong on the page", () => {
  const ends = [];
  let world;
  let connection;
  let segment;
  before(async () => {
    world = await setUp({ after: (end) => ends.push(end) }, { speed: 20 });
    connection = await ask("POST", "connections", { name: "Main", host: "acme.api-us1.com", apiKey: world.sandbox.key, sharing: { with: "contributors" }, consent: { agreed: true, version: "1" } });
    segment = await ask("POST", "segments", { name: "Gold", source: { file: "gold.csv" } });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  async function ask(method, path, body, headers = {}) {
    const { served } = world;
    const response = await fetch(`${served.url}/api/${path}`, { method, headers: { authorization: `Bearer ${served.firstToken}`, "content-type": "application/json", ...headers }, ...(body ? { body: JSON.stringify(body) } : {}) });
    assert.ok(response.ok, `${response.status} ${path}`);
    return response.status === 204 ? undefined : response.json();
  }
  const saved = async (name, more = {}) => (await ask("POST", "exports", { name, connection: connection.id, list: 4, segments: [segment.id], mapping: { email: "EMail" }, ...more })).export;
  const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
  async function at(path, token = world.served.firstToken) {
    const tab = await open(world, token);
    await tab.page.goto(`${world.served.url}${path}`);
    return tab;
  }

  it("a change by somebody else meanwhile: what was entered stays, and is saved by saving again", async () => {
    const one = await saved("Conflict");
    const { page, context } = await at(`/exports/${one.id}/edit`);
    await page.getByRole("button", { name: /Review/u }).click();
    await page.getByLabel("Name").fill("Conflict, renamed");
    await ask("PATCH", `exports/${one.id}`, { schedule: { type: "refresh", active: false } }, { "if-match": one.etag });
    await press(page, "Save without running");
    await page.getByText("What you entered is still here").waitFor();
    assert.equal(await page.getByLabel("Name").inputValue(), "Conflict, renamed");
    await press(page, "Save without running");
    await page.getByText("The export has not run.").waitFor();
    assert.equal((await ask("GET", `exports/${one.id}`)).name, "Conflict, renamed");
    await context.close();
  });

  it("a double click on Next saves nothing", async () => {
    const one = await saved("Double");
    const { page, context } = await at(`/exports/${one.id}/edit`);
    await page.getByRole("button", { name: /Data matching/u }).click();
    await page.getByRole("button", { name: "Next", exact: true }).dblclick();
    await page.getByRole("heading", { name: "Review" }).waitFor();
    assert.equal((await ask("GET", `exports/${one.id}`)).etag, one.etag);
    await context.close();
  });

  it("a token that was revoked asks to sign in again, over what was entered", async () => {
    await ask("POST", "users", { id: "eva", role: "contributor" });
    const token = await ask("POST", "tokens", { user: "eva", name: "the page" });
    const { page, context } = await at("/exports/new", token.secret);
    await page.getByLabel("Connection for this export").selectOption({ label: "Main" });
    await press(page, "Next");
    await page.getByRole("combobox", { name: "List" }).selectOption("4");
    await ask("DELETE", `tokens/${token.id}`);
    await press(page, "Next");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("What you have entered stays here.").waitFor();
    await dialog.getByLabel("Token").fill("acx_wrong");
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await dialog.getByText("This token is not known").waitFor();
    await dialog.getByLabel("Token").fill((await ask("POST", "tokens", { user: "eva", name: "another" })).secret);
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await dialog.waitFor({ state: "detached" });
    await press(page, "Back");
    assert.equal(await page.getByRole("combobox", { name: "List" }).inputValue(), "4");
    await context.close();
  });

  it("another language is spoken at once, and what was entered stays", async () => {
    const { page, context } = await at("/connections/new");
    await page.getByLabel("Display name").fill("Half of it");
    await page.getByLabel("Language").selectOption("sl");
    await page.getByRole("heading", { level: 1, name: "Nova povezava" }).waitFor();
    assert.equal(await page.getByLabel("Prikazno ime").inputValue(), "Half of it");
    assert.equal(await page.locator("html").getAttribute("lang"), "sl");
    await context.close();
  });

  it("Back and signing out ask before unsaved work is lost", async () => {
    const { page, context } = await at("/");
    await page.getByRole("navigation").getByRole("link", { name: "Connections" }).click();
    await page.getByRole("link", { name: "New connection" }).click();
    const entries = await page.evaluate(() => history.length);
    await page.getByLabel("Display name").fill("Half of it");
    // No person is as quick as the page's next frame.
    await page.waitForFunction((before) => history.length > before, entries);
    const dialog = page.getByRole("dialog");
    await page.goBack();
    await dialog.getByRole("button", { name: "Stay here" }).click();
    assert.equal(await page.getByLabel("Display name").inputValue(), "Half of it");
    await press(page, "Sign out");
    await dialog.getByRole("button", { name: "Stay here" }).click();
    assert.equal(await page.getByLabel("Display name").inputValue(), "Half of it");
    await page.goBack();
    await dialog.getByRole("button", { name: "Leave" }).click();
    await page.getByRole("heading", { level: 1, name: "Connections" }).waitFor();
    await context.close();
  });

  it("a test of a connection speaks of what stands in the form: another host needs the key anew, another key another test", async () => {
    const { page, context } = await at(`/connections/${connection.id}`);
    await page.getByLabel("Hostname").fill("other.api-us1.com");
    await press(page, "Connect");
    await page.getByText("Enter the key for this hostname").waitFor();
    assert.equal(await page.getByText("It works").count(), 0);
    await page.getByLabel("Hostname").fill("acme.api-us1.com");
    await press(page, "Connect");
    await page.getByText("It works").waitFor();
    await page.getByLabel("API key").fill("another");
    assert.equal(await page.getByText("It works").count(), 0);
    await context.close();
  });

  it("a column that says who wants nothing is told as such, and stays so", async () => {
    const one = await saved("Negated", { mapping: { email: "EMail", consent: { column: "Notes", negated: true }, subscribe: "LoyaltyTier" } });
    const { page, context } = await at(`/exports/${one.id}`);
    await page.getByText("Notes (says who does not want it)").waitFor();
    await page.getByText("Subscribed when ← LoyaltyTier").waitFor();
    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByRole("button", { name: /Data matching/u }).click();
    const boxes = page.getByLabel("The column says who does not want it");
    assert.deepEqual([await boxes.first().isChecked(), await boxes.last().isChecked()], [true, false]);
    await page.getByLabel("First name").selectOption("Notes");
    await page.getByRole("button", { name: /Review/u }).click();
    await press(page, "Save without running");
    await page.getByText("The export has not run.").waitFor();
    assert.deepEqual((await ask("GET", `exports/${one.id}`)).mapping.consent, { column: "Notes", negated: true });
    await context.close();
  });

  it("an upload whose dialog is closed does not take the place of what was there", async () => {
    const made = await ask("POST", "segments", { name: "Uploaded", source: { upload: true } });
    const put = await fetch(`${world.served.url}/api/segments/${made.id}/profiles`, { method: "PUT", headers: { authorization: `Bearer ${world.served.firstToken}`, "content-type": "text/csv" }, body: "EMail\nright@example.com\n" });
    assert.equal(put.status, 200);
    writeFileSync(join(world.folder, "wrong.csv"), "EMail\nwrong@example.com\n");
    const { page, context } = await at("/segments");
    let release;
    const held = new Promise((done) => (release = done));
    await page.route("**/profiles", async (route) => {
      await held;
      await route.continue().catch(() => undefined);
    });
    await page.getByRole("button", { name: "Edit: Uploaded" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Upload the profiles").setInputFiles(join(world.folder, "wrong.csv"));
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("is being uploaded").waitFor();
    const gone = page.waitForEvent("requestfailed");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await gone;
    release();
    const sample = await fetch(`${world.served.url}/api/segments/${made.id}/sample`, { headers: { authorization: `Bearer ${world.served.firstToken}` } });
    assert.match(await sample.text(), /right@example/u);
    await context.close();
  });

  it("rejected rows that are gone are told, and no error is saved as a file", async () => {
    const one = await saved("Gone rows");
    const run = await ask("POST", `exports/${one.id}/run`);
    const { page, context } = await at(`/runs/${run.id}`);
    await page.getByText("Completed with rejections").first().waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Download (CSV)" }).waitFor();
    await ask("DELETE", `runs/${run.id}/rejections`);
    const downloads = [];
    page.on("download", (download) => downloads.push(download));
    await press(page, "Download (CSV)");
    await page.getByRole("alert").waitFor();
    await page.reload();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByRole("button", { name: "Download (CSV)" }).count(), 0);
    assert.deepEqual(downloads, []);
    await context.close();
  });

  it("a service that was started again is followed on; while it is away the page says so, and calls no token wrong", async () => {
    const one = await saved("Long");
    const { served, folder, sandbox } = world;
    const rows = Array.from({ length: 4_000 }, (_, at) => `long${at}@example.com`).join("\n");
    writeFileSync(join(folder, "sources", "long.csv"), `EMail\n${rows}\n`);
    const long = await ask("POST", "segments", { name: "Long", source: { file: "long.csv" } });
    await ask("PATCH", `exports/${one.id}`, { segments: [long.id] }, { "if-match": one.etag });
    const run = await ask("POST", `exports/${one.id}/run`);
    const { page, context } = await at(`/runs/${run.id}`);
    await page.getByText("Sending").first().waitFor();
    const port = Number(new URL(served.url).port);
    await served.close();
    await page.getByText("Not live since").waitFor();
    const fresh = await context.newPage();
    await fresh.goto("about:blank");
    world.served = Object.assign(await service.serveService({ folder: join(folder, "data"), sources: join(folder, "sources"), sandbox: sandbox.url, port }), { firstToken: served.firstToken });
    ends.unshift(() => world.served.close());
    await page.getByText("Successful").first().waitFor({ timeout: 60_000 });
    assert.equal(await page.getByText("Not live since").count(), 0);
    assert.equal(await page.locator(".figures div", { hasText: "Delivered" }).first().locator("dd").textContent(), "4,000");
    // Where nobody answers, nobody's token is wrong.
    await page.route("**/api/me", (route) => route.abort());
    await page.reload();
    await page.getByText("The service does not answer.").waitFor();
    assert.equal(await page.getByText("This token is not known").count(), 0);
    await page.unroute("**/api/me");
    await press(page, "Try again");
    await page.getByRole("navigation").waitFor();
    await context.close();
  });
});
