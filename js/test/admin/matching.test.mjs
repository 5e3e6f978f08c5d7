// Data matching on a segment's first rows and on files that change, and the ways out of a half-filled form, in a real Chromium.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { COUNTS, findings, look, open, setUp } from "./world.mjs";

describe("matching and leaving", () => {
  const ends = [];
  let world;
  let ask;
  before(async () => {
    world = await setUp({ after: (end) => ends.push(end) }, { speed: 60 });
    const { served, sandbox } = world;
    ask = async (method, path, body) => {
      const response = await fetch(`${served.url}/api/${path}`, { method, headers: { authorization: `Bearer ${served.firstToken}`, "content-type": "application/json" }, ...(body ? { body: JSON.stringify(body) } : {}) });
      assert.ok(response.ok, `${response.status} ${path}`);
      return response.json();
    };
    await ask("POST", "connections", { name: "Main", host: "acme.api-us1.com", apiKey: sandbox.key, consent: { agreed: true, version: "1" } });
    await ask("POST", "segments", { name: "Gold", source: { file: "gold.csv" } });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
  const file = (name, text) => {
    const path = join(world.folder, name);
    writeFileSync(path, text);
    return path;
  };
  async function matching() {
    const tab = await open(world, world.served.firstToken);
    const { page } = tab;
    await page.getByRole("link", { name: "New export" }).first().click();
    await page.getByLabel("Connection for this export").selectOption({ label: "Main" });
    await press(page, "Next");
    await page.getByRole("combobox", { name: "List" }).selectOption("4");
    await press(page, "Next");
    await page.getByLabel("Gold").check();
    await press(page, "Next");
    return tab;
  }
  const column = (page, target) => page.getByLabel(target, { exact: true }).inputValue();

  it("a segment's first rows are matched and previewed as a dropped file is; tags come from columns", async () => {
    const { page, context, complaints } = await matching();
    await press(page, "Read the first rows of “Gold”");
    await page.getByText(`${COUNTS.read} read: ${COUNTS.delivered} valid`).waitFor();
    await page.getByText("The first rows of Gold, as they are now").waitFor();
    assert.equal(await column(page, "E-mail"), "EMail");
    await press(page, "Add a tag from a column");
    await page.getByLabel("Tag from the column").selectOption("LoyaltyTier");
    await page.getByLabel("Prefix").fill("tier-");
    await press(page, "Add a tag for everybody");
    await page.getByLabel("Tag for everybody").fill("winter, 2026");
    await page.getByRole("cell", { name: "tier-high winter, 2026" }).first().waitFor();
    await look(page, "export-matching-segment");
    await press(page, "Next");
    await page.getByLabel("Name").fill("Gold with tags");
    await press(page, "Save without running");
    await page.getByText("The export has not run.").waitFor();
    const { items } = await ask("GET", "exports");
    assert.deepEqual(items.find(({ name }) => name === "Gold with tags").mapping.tags, [{ column: "LoyaltyTier", prefix: "tier-" }, "winter, 2026"]);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("another file keeps the matches that fit it, and says which columns are gone", async () => {
    const { page, context } = await matching();
    await page.getByLabel("Drop a file").setInputFiles(file("one.csv", "Mail,Given,Telephone\nana@example.com,Ana,+38640123456\n"));
    await page.getByRole("cell", { name: "ana@example.com" }).waitFor();
    // Touched by hand, so that it is a person's choice.
    await page.getByLabel("First name").selectOption("Given");
    await page.getByRole("cell", { name: "Ana" }).waitFor();
    await page.getByLabel("Drop a file").setInputFiles(file("two.csv", "Mail,Vorname\nbor@example.com,Bor\n"));
    await page.getByText("Not in this file, and taken out of the matches:").waitFor();
    assert.match(await page.getByText("Not in this file").textContent(), /Given/u);
    assert.equal(await column(page, "E-mail"), "Mail");
    await page.getByRole("cell", { name: "bor@example.com" }).waitFor();
    assert.equal(await page.getByRole("cell", { name: "Ana" }).count(), 0);
    await context.close();
  });

  it("the order of days is guessed from the rows; one that cannot be is asked for", async () => {
    const { fields } = await ask("GET", `connections/${(await ask("GET", "connections")).items[0].id}/account`);
    const { title } = fields.find(({ type }) => type === "date");
    const { page, context } = await matching();
    const rows = (days) => `Mail,${title}\n${days.map((day, at) => `p${at}@example.com,${day}\n`).join("")}`;
    await page.getByLabel("Drop a file").setInputFiles(file("mdy.csv", rows(["1/31/1980", "2/28/1990", "3/1/1991"])));
    await page.getByRole("cell", { name: "p0@example.com" }).waitFor();
    assert.equal(await page.getByLabel("Order of days").inputValue(), "mdy");
    await page.getByRole("cell", { name: "1980-01-31" }).waitFor();
    await page.getByLabel("Drop a file").setInputFiles(file("either.csv", rows(["1/2/1980", "3/4/1990"])));
    await page.getByText("The days may be read in several orders: choose one.").waitFor();
    assert.equal(await page.getByLabel("Order of days").inputValue(), "");
    await context.close();
  });

  it("a row that is half filled in is told, an empty one is no part of the export", async () => {
    const { page, context } = await matching();
    await press(page, "Read the first rows of “Gold”");
    await page.getByText(`${COUNTS.read} read`).waitFor();
    await press(page, "Add a field");
    await press(page, "Add a field");
    await page.getByLabel("Column").last().selectOption("Notes");
    await page.getByText("Choose both the field and the column").waitFor();
    await page.getByRole("button", { name: "Remove: Field", exact: true }).last().click();
    assert.equal(await page.getByText("Choose both the field and the column").count(), 0);
    await press(page, "Next");
    await page.getByLabel("Name").fill("With an empty row");
    await press(page, "Save without running");
    await page.getByText("The export has not run.").waitFor();
    const { mapping } = (await ask("GET", "exports")).items.find(({ name }) => name === "With an empty row");
    assert.ok(mapping.fields.every(({ field, column: from }) => field !== "" && from !== ""));
    await context.close();
  });

  it("nobody leaves what is not saved without being asked; what is saved is left at once", async () => {
    const { page, context } = await matching();
    await page.getByRole("navigation").getByRole("link", { name: "Segments" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("What you have entered here is lost.").waitFor();
    await look(page, "export-leave");
    await dialog.getByRole("button", { name: "Stay here" }).click();
    await page.getByRole("heading", { name: "Data matching" }).waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Segments" }).click();
    await dialog.getByRole("button", { name: "Leave" }).click();
    await page.getByRole("heading", { level: 1, name: "Segments" }).waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Connections" }).click();
    await page.getByRole("heading", { level: 1, name: "Connections" }).waitFor();
    await context.close();
  });

  it("the course of a run is there after a reload, and the files of the folder are offered", async () => {
    const { page, context } = await open(world, world.served.firstToken);
    await page.getByRole("link", { name: "Gold with tags" }).click();
    await press(page, "Run now");
    await page.getByText("Completed with rejections").first().waitFor({ timeout: 60_000 });
    await page.reload();
    await page.getByRole("img", { name: "Profiles over time, by outcome" }).waitFor();
    assert.ok((await page.locator("figure canvas").boundingBox()).width > 300);
    await page.getByRole("navigation").getByRole("link", { name: "Segments" }).click();
    await press(page, "New segment");
    await page.locator("datalist option").first().waitFor({ state: "attached" });
    assert.deepEqual(await page.locator("datalist option").evaluateAll((options) => options.map(({ value }) => value)), ["gold.csv"]);
    assert.deepEqual(await page.getByLabel("Where it is read").locator("option").allTextContents(), ["File in the folder of sources", "Uploaded here", "Address (https)"]);
    await context.close();
  });

  it("what is not there, or only for administrators, says so; a token stays where one wishes", async () => {
    const { page, context } = await open(world);
    await page.getByLabel("Token").fill(world.served.firstToken);
    await page.getByLabel("Stay signed in on this computer").check();
    await press(page, "Sign in");
    await page.getByRole("navigation").waitFor();
    const other = await context.newPage();
    await other.goto(`${world.served.url}/exports/nothing`);
    await other.getByText("There is nothing here").waitFor();
    await other.goto(`${world.served.url}/nowhere`);
    await other.getByText("There is nothing here").waitFor();
    await look(page, "not-found");
    await other.getByRole("button", { name: "Sign out" }).click();
    await page.reload();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await ask("POST", "users", { id: "bor", role: "contributor" });
    const { secret } = await ask("POST", "tokens", { user: "bor", name: "the page" });
    const contributor = await open(world, secret);
    for (const path of ["users", "connections/new", "audit"]) {
      await contributor.page.goto(`${world.served.url}/${path}`);
      await contributor.page.getByText("For administrators only").waitFor();
      assert.equal(await contributor.page.getByRole("textbox").count(), 0);
    }
    await contributor.context.close();
    await context.close();
  });

  it("nothing was found in the views that were looked at", () => assert.deepEqual(findings, []));
});
