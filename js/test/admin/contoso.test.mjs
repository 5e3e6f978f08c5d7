// Microsoft's sample customers through the admin page: matched on the dropped file, saved, run; what counts is what the sandbox
// holds of each, computed from the file alone.
import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FILE, phoneOf, readRows } from "../kit/contoso.mjs";
import { open, setUp } from "./world.mjs";

test("the Contoso file, from the drop to the account", async (t) => {
  const world = await setUp(t, { speed: 60 });
  const { sandbox, served } = world;
  copyFileSync(FILE, join(world.folder, "sources", "contacts.csv"));
  const post = async (path, body) => {
    const response = await fetch(`${served.url}/api/${path}`, { method: "POST", headers: { authorization: `Bearer ${served.firstToken}`, "content-type": "application/json" }, body: JSON.stringify(body) });
    assert.equal(response.status, 201);
  };
  await post("connections", { name: "Main", host: "acme.api-us1.com", apiKey: sandbox.key, consent: { agreed: true, version: "1" } });
  await post("segments", { name: "Contoso", source: { file: "contacts.csv" } });
  const { page, complaints } = await open(world, served.firstToken);
  const press = (name) => page.getByRole("button", { name, exact: true }).click();
  await page.getByRole("link", { name: "New export" }).first().click();
  await page.getByLabel("Connection for this export").selectOption({ label: "Main" });
  await press("Next");
  await page.getByRole("combobox", { name: "List" }).selectOption("4");
  await press("Next");
  await page.getByLabel("Contoso").check();
  await press("Next");
  await page.getByLabel("Drop a file").setInputFiles(FILE);
  await page.getByText("As they will arrive").waitFor();
  // Everybody, also those whose column does not say yes.
  await page.getByLabel("Consent").selectOption({ label: "everybody is sent" });
  const rows = readRows();
  await page.getByText(`5,000 read: 5,000 valid, 0 rejected, 0 duplicate, 0 without consent`).waitFor();
  await press("Next");
  await page.getByLabel("Name").fill("Contoso to list 4");
  await press("Save without running");
  await page.getByText("The export has not run.").waitFor();
  await page.getByRole("link", { name: "Open the export" }).click();
  await press("Run now");
  await page.getByText("Successful").first().waitFor({ timeout: 120_000 });
  const { account } = sandbox.sandbox;
  for (const row of rows) {
    const contact = account.contact(row.EMail.toLowerCase());
    assert.deepEqual([contact.firstName, contact.lastName, contact.phone, contact.lists[4]], [row.FirstName, row.LastName, phoneOf(row.Telephone), "active"], row.ContactId);
  }
  assert.deepEqual(complaints, []);
});
