// A person who owns customer data, from the first start to the removal, in a real Chromium; what counts is what the sandbox holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { COUNTS, findings, HOSTILE, look, open, setUp } from "./world.mjs";

test("from the first start to the removal", async (t) => {
  const world = await setUp(t);
  const { sandbox, served, file } = world;
  const { page, complaints } = await open(world);
  const heading = (name) => page.getByRole("heading", { level: 1, name });
  const go = (name) => page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
  const press = (name) => page.getByRole("button", { name, exact: true }).click();

  await t.test("a wrong token is told; the first administrator's lets in", async () => {
    await look(page, "sign-in");
    await page.getByLabel("Token").fill("acx_wrong");
    await press("Sign in");
    await page.getByText("This token is not known").waitFor();
    await page.getByLabel("Token").fill(served.firstToken);
    await press("Sign in");
    await heading("Exports").waitFor();
    await page.getByText("No exports yet").waitFor();
    await look(page, "exports-empty");
  });

  await t.test("a connection, in the order of the original page; a pasted address is corrected before one's eyes", async () => {
    await go("Connections");
    await page.getByText("No connections yet").waitFor();
    await look(page, "connections-empty");
    await page.getByRole("link", { name: "New connection" }).first().click();
    await page.getByLabel("Display name").fill("Newsletter, main account");
    await page.getByLabel("Who may use it").selectOption({ label: "Administrators and contributors" });
    await page.getByLabel("Hostname").fill("https://acme.api-us1.com/");
    await page.getByLabel("API key").fill(sandbox.key);
    await press("Save");
    await page.getByText("Nothing is saved until you agree").first().waitFor();
    await page.getByLabel("I agree").check();
    await press("Save");
    await page.getByText("The hostname must not have a scheme").first().waitFor();
    await press("Use acme.api-us1.com");
    assert.equal(await page.getByLabel("Hostname").inputValue(), "acme.api-us1.com");
    await press("Connect");
    await page.getByText("It works: signed in as").waitFor();
    await look(page, "connection-new");
    await press("Save");
    await page.getByRole("link", { name: "Newsletter, main account" }).waitFor();
    await look(page, "connections");
    assert.ok(!(await page.content()).includes(sandbox.key), "the key is not shown");
  });

  await t.test("a segment", async () => {
    await go("Segments");
    await look(page, "segments-empty");
    await press("New segment");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill(HOSTILE[0]);
    await dialog.getByLabel("File in the folder of sources").fill("gold.csv");
    await look(page, "segment-new");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("rowheader", { name: HOSTILE[0] }).waitFor();
    await look(page, "segments");
  });

  await t.test("an export in steps, matched on a dropped file with the package's own core", async () => {
    await go("Exports");
    await page.getByRole("link", { name: "New export" }).first().click();
    await page.getByLabel("Connection for this export").selectOption({ label: "Newsletter, main account" });
    await look(page, "export-connection");
    await press("Next");
    await page.getByRole("combobox", { name: "List" }).selectOption("4");
    await look(page, "export-list");
    await press("Next");
    await page.getByLabel(HOSTILE[0]).check();
    await look(page, "export-segments");
    await press("Next");
    await page.getByLabel("Drop a file").setInputFiles(file);
    await page.getByText(`${COUNTS.read} read: ${COUNTS.delivered} valid, ${COUNTS.rejected} rejected, ${COUNTS.duplicate} duplicate, 0 without consent`).waitFor();
    assert.equal(await page.getByLabel("E-mail", { exact: true }).inputValue(), "EMail");
    await page.getByRole("cell", { name: "Ana 0" }).waitFor();
    await look(page, "export-matching");
    await press("Next");
    await page.getByLabel("Name").fill(HOSTILE[1]);
    assert.equal(await page.getByLabel("Set off automations").isChecked(), false);
    await look(page, "export-review");
    await press("Save without running");
    await page.getByText("The export has not run.").waitFor();
    await look(page, "export-saved");
    await page.getByRole("link", { name: "Dry run" }).click();
    await page.getByText("Dry run: nothing was sent").waitFor();
    assert.equal(sandbox.sandbox.account.contact("ana0@example.com"), undefined);
    await go("Exports");
  });

  await t.test("a dry run, a run with live progress, and the profiles that were rejected", async () => {
    await page.getByRole("link", { name: HOSTILE[1] }).click();
    await heading(HOSTILE[1]).waitFor();
    await press("Dry run");
    await page.getByText(`${COUNTS.read} read: ${COUNTS.delivered} valid`).waitFor();
    await look(page, "export");
    await press("Run now");
    await page.getByRole("progressbar").waitFor();
    await look(page, "run-live");
    await page.getByText("Completed with rejections").first().waitFor({ timeout: 60_000 });
    for (const [name, count] of [["Read", COUNTS.read], ["Delivered", COUNTS.delivered], ["Rejected", COUNTS.rejected], ["Duplicate", COUNTS.duplicate]]) {
      assert.equal(await page.locator(".figures div", { hasText: name }).first().locator("dd").textContent(), String(count), name);
    }
    await page.getByRole("cell", { name: "B-1" }).waitFor();
    await look(page, "run-ended");
    const download = page.waitForEvent("download");
    await press("Download (CSV)");
    assert.match((await download).suggestedFilename(), /^rejected-.*\.csv$/u);
    const { account } = sandbox.sandbox;
    assert.equal(account.contact("hostile0@example.com").firstName, HOSTILE[0]);
    assert.equal(account.lists.find(({ id }) => id === 4).counts.active, COUNTS.delivered + 1);
  });

  await t.test("a schedule says the next five times in one's own zone", async () => {
    await page.getByRole("link", { name: HOSTILE[1] }).first().click();
    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByRole("button", { name: /Review/u }).click();
    await page.getByRole("combobox", { name: "When" }).selectOption({ label: "At times of its own" });
    for (const day of ["Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]) await page.getByLabel(day).uncheck();
    await page.getByLabel("Time zone").selectOption("America/New_York");
    await page.getByText("The next five times, in your own time zone (Europe/Ljubljana)").waitFor();
    await page.waitForFunction(() => [...document.querySelectorAll(".times time")].length === 5 && [...document.querySelectorAll(".times time")].every((time) => new Date(time.dateTime).getUTCDay() === 1));
    await look(page, "export-schedule");
    await press("Save without running");
    await page.getByText("The export has not run.").waitFor();
  });

  await t.test("a segment's exports, and the schedules of several exports at once", async () => {
    await go("Segments");
    await page.getByRole("button", { name: /^Manage exports/u }).click();
    const dialog = page.getByRole("dialog");
    assert.equal(await dialog.getByLabel(HOSTILE[1]).isChecked(), true);
    await look(page, "segment-exports");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await go("Exports");
    await press("Schedules");
    // Nothing is ticked beforehand: one change must not reach all of them unseen.
    assert.equal(await dialog.getByRole("button", { name: "Save" }).isDisabled(), true);
    await dialog.getByLabel(HOSTILE[1]).check();
    await dialog.getByLabel("Schedule", { exact: true }).selectOption({ label: "Turn off, each keeps its own schedule" });
    await look(page, "schedules");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("cell", { name: "On demand only" }).waitFor();
  });

  await t.test("users, a contributor's token, and the audit", async () => {
    await go("Users");
    await press("Let a user in");
    await page.getByRole("dialog").getByLabel("Name for signing in").fill("bor@example.com");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    // Who is let in needs a token: it is offered at once.
    await page.getByText("bor@example.com is let in").waitFor();
    assert.equal(await page.getByRole("dialog").getByLabel("For").inputValue(), "bor@example.com");
    await page.getByRole("dialog").getByLabel("Purpose").fill("the page");
    await look(page, "token-new");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    world.token = await page.locator(".secret").textContent();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    await page.getByRole("rowheader", { name: "bor@example.com" }).waitFor();
    await look(page, "users");
    await go("Audit");
    await press("Check the chain");
    await page.getByText("The chain is whole").waitFor();
    await look(page, "audit");
  });

  await t.test("the contributor sees what is shared, and no more", async () => {
    const other = await open(world, world.token);
    const names = await other.page.getByRole("navigation").getByRole("link").allTextContents();
    assert.deepEqual(names, ["Exports", "Segments", "Connections"]);
    await other.page.getByRole("rowheader", { name: HOSTILE[1] }).waitFor();
    await look(other.page, "contributor-exports");
    await other.page.getByRole("navigation").getByRole("link", { name: "Connections" }).click();
    await other.page.getByText("Newsletter, main account").waitFor();
    assert.equal(await other.page.getByText("acme.api-us1.com").count(), 0);
    await look(other.page, "contributor-connections");
    assert.deepEqual(other.complaints, []);
    await other.context.close();
  });

  await t.test("a removal shows what uses the connection; a detached export stays and does not run", async () => {
    await go("Connections");
    await page.getByRole("button", { name: /^Remove/u }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("1 export uses it").waitFor();
    assert.equal(await dialog.getByLabel(HOSTILE[1]).inputValue(), "detach");
    await look(page, "connection-remove");
    await dialog.getByRole("button", { name: "Remove" }).click();
    await page.getByText("No connections yet").waitFor();
    await go("Exports");
    await page.getByText("Detached").waitFor();
    await page.getByRole("link", { name: HOSTILE[1] }).click();
    assert.equal(await page.getByRole("button", { name: "Run now" }).isDisabled(), true);
    await look(page, "export-detached");
  });

  assert.deepEqual(complaints, []);
  assert.deepEqual(findings, []);
});
