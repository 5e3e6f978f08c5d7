// What the service and the core say, in Slovenian: every rule, every sentence, every action of the audit log, and a page that shows it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { load } from "../service/helpers.mjs";
import { findings, look, open, sharedWorld } from "./world.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const source = (path) => readFileSync(join(root, path), "utf8");

/** A module of the page, by itself. */
async function built(name) {
  const entry = join(root, `js/admin/src/${name}.ts`);
  const [{ output: [{ code }] }] = await build({ root, configFile: false, logLevel: "silent", build: { write: false, lib: { entry, formats: ["es"] } } });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}
const { GENERAL, OMISSIONS, PRIVACY, RULES, SAID } = await built("texts/service-sl");
const pairs = Object.values(SAID).flat();

/** Files with an ending below a folder. */
const below = (folder, ending) => readdirSync(join(root, folder), { recursive: true }).filter((name) => name.endsWith(ending)).map((name) => join(folder, name));

/** Stands for what varies in a sentence. */
const VARIES = "\uE000";

/** What is filled into a text, with texts and objects of its own; and all texts in quotes with such gaps. */
const GAP = /\$\{(?:[^{}`]|`(?:[^`\\]|\\.)*`|\{[^{}]*\})*\}/gu;
const SCRIPT = new RegExp(String.raw`"((?:[^"\\\n]|\\.)*)"|\x60((?:[^\x60\\$]|\\.|\$(?!\{)|${GAP.source})*)\x60|'((?:[^'\\\n]|\\.)*)'`, "gu");

/** The texts in quotes of a file; `\` at the end of a line of Rust goes on in the next. */
function quoted(path) {
  const rust = path.endsWith(".rs");
  // What describes the interface is for programmers.
  const code = source(path).replaceAll(/^\s*\/\/.*$/gmu, "").replaceAll(/\\\n\s*/gu, "").replaceAll(/(?:description|summary): ("[^"]*"|`[^`]*`)/gu, "");
  const found = rust ? code.replaceAll(/b?'(?:\\.|[^'\\])'/gu, "").matchAll(/"((?:[^"\\]|\\.)*)"/gsu) : code.matchAll(SCRIPT);
  return [...found].map(([, ...forms]) => (forms.find((form) => form !== undefined) ?? "").replaceAll(rust ? /(?<!\{)\{\w*\}/gu : GAP, VARIES).replaceAll(/\\(["`'\\])/gu, "$1"));
}

/** A text of the source as a pattern of all that it may become. */
function patternOf(text) {
  const parts = text.split(VARIES).map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`));
  return new RegExp(`^${parts.join("(.*)")}$`, "su");
}

/** Where a page may meet a sentence: the service, and the core below it. */
const MET = [
  // The shapes of files say what they are for; the start is whoever starts the service's.
  ...["js/src/service", "js/src/node/service"].flatMap((folder) => readdirSync(join(root, folder)).filter((name) => name.endsWith(".ts") && !/^(?:file-shapes|serve)\./u.test(name)).map((name) => join(folder, name))),
  ...["app", "bodies", "guards", "pages", "versions"].map((name) => `js/src/service/http/${name}.ts`),
  ...["live-run", "edge-runner", "service-object", "sealed-upload", "source"].map((name) => `js/src/cloudflare/${name}.ts`),
  "js/src/connection.ts", "js/src/wire.ts", "js/src/store/common.ts", "js/src/store/keeper.ts",
  "src/connection.rs", ...["src/service", "src/export", "src/plan", "src/mapping", "src/source"].flatMap((folder) => below(folder, ".rs")),
];

/** What only programs meet, or whoever starts the service: the page shows them in English. */
const ENGLISH = [
  // Bodies and definitions that the page does not make.
  "The connection is not valid JSON.", '`sharing.with` must be one of "administrators", "contributors", "users".', `The definition is not valid JSON (${VARIES}).`,
  "`version` must be 1, the only version of definitions so far.", '`source.delimiter` must be one of "," ";" "\\t" "|".', `\`${VARIES}\` must be ${VARIES}, but is ${VARIES}.`,
  "The plan was made without the account's lists and fields.", "Read the account first and pass it to the plan.", "Send it as application/json.", `Send it as ${VARIES}.`,
  `This refresh was told to have ${VARIES} already.`, "Tell another refresh under an id of its own.",
  // Calls of the package, and uploads of the worker without the service.
  "The definition names another host than the connection.", "Use the connection that this export was defined for, or remove `host` from the definition.", "No hostname is given.", "Name the account's host in the connection or in the definition.",
  "The connection has a relay and a key.", "Leave the key out: the relay has it. Change it in the account if it was in a page.", "The sandbox must be an address on this machine, such as http://127.0.0.1:8080.", "Copy the address that `activecampaign-export sandbox` prints.",
  "The lease of a store is no whole number of milliseconds above 0.", "Leave leaseMillis out, or pass a number such as 150000.", "The name of a run is no text, empty, or longer than 200 characters.", "Name each export by a text of its own, such as its id.",
  "The checkpoints name no store.", "Pass { store, key }, such as a fileStore.", "The key of the checkpoints is missing, or shorter than 16 characters.", "Pass a secret of 16 characters or more.", "The store gave no claim.", "Let claim() resolve to a claim as the contract describes it.",
  `Send it by PUT /exports/${VARIES}/source, and start the export again.`,
  // The secret that the service starts with, and a crash, which `GENERAL` has words for.
  "The service's secret is missing, has a name that is none, or is shorter than 32 characters.", "Give each version a name of letters and digits and 32 random characters, and name the current one.",
  `The core has crashed ${VARIES} times over this run.`, "Report the place that the crash named. To try once more, start the run anew.",
];

/** A sentence within another may be two. */
const filled = (english) => english.replaceAll("{said}", "a b");

describe("what the service says, in Slovenian", () => {
  it("has reason and remedy of every rule", async () => {
    const { rules } = await load("activecampaign-export");
    assert.ok(rules().length > 20);
    assert.deepEqual(Object.keys(RULES), rules().map(({ code }) => code));
    for (const { code, reason, remedy } of rules()) for (const [own, said] of [[reason, RULES[code].reason], [remedy, RULES[code].remedy]]) assert.ok(said.endsWith(".") && said !== own, `${code}: ${said}`);
  });

  it("has every reason for which a value is left out", () => {
    const codes = [...source("src/contact.rs").matchAll(/Self::\w+ => "([a-z]+_[a-z_]+)"/gu)].map(([, code]) => code);
    assert.ok(codes.length > 4);
    assert.deepEqual(Object.keys(OMISSIONS), codes);
  });

  it("has every sentence that a page may meet", () => {
    const sentences = MET.flatMap((path) => quoted(path)).filter((text) => /^[A-Z`\uE000].*[a-z]{2} .*[.?\uE000]$/su.test(text) && !ENGLISH.includes(text) && text !== PRIVACY[0]);
    assert.ok(sentences.length > 250, `${sentences.length} sentences`);
    assert.deepEqual(sentences.filter((text) => !pairs.some(([english]) => patternOf(text).test(filled(english)))), []);
  });

  it("has none that is not said any more", () => {
    const all = [...below("js/src", ".ts"), ...below("src", ".rs")].flatMap(quoted);
    assert.ok(all.includes(PRIVACY[0]), "the privacy statement is the service's own");
    assert.deepEqual(ENGLISH.filter((text) => !all.includes(text)), []);
    const texts = new Set(all);
    const literal = (text) => text.replaceAll(/\{\w+\}|\uE000/gu, "").length;
    const known = [...texts].map((text) => ({ pattern: patternOf(text), length: literal(text) }));
    // A pattern of little but gaps proves nothing, unless what fills them is said elsewhere.
    const said = (english) => known.some(({ pattern, length }) => length > 0 && pattern.test(english) && (length >= 0.4 * literal(english) || pattern.exec(english).slice(1).every((gap) => texts.has(gap))));
    // The core puts a full stop behind the place in a source.
    const unsaid = pairs.map(([english]) => filled(english).replace(/column \{m\}\)\.$/u, "column {m})")).filter((english) => !said(english));
    assert.deepEqual(unsaid, []);
    const codes = all.filter((text) => /^\uE000?\w{4,}$/u.test(text)).map(patternOf);
    assert.deepEqual([...Object.keys(SAID), ...Object.keys(GENERAL)].filter((code) => !codes.some((each) => each.test(code))), []);
  });

  it("keeps what varies, and has every plural", () => {
    const places = (text) => [...new Set(text.match(/\{\w+\}/gu))].sort();
    for (const [english, slovenian] of pairs) {
      if (typeof slovenian !== "string") assert.deepEqual(Object.keys(slovenian), ["one", "two", "few", "other"], english);
      assert.deepEqual(places(JSON.stringify(slovenian)), places(english), english);
    }
  });
});

describe("the words of a Slovenian page", async () => {
  // What the page finds in a browser.
  const browser = { localStorage: { getItem: () => "sl" }, navigator: { languages: ["sl-SI"] }, document: { documentElement: {} } };
  for (const [name, value] of Object.entries(browser)) Object.defineProperty(globalThis, name, { value, configurable: true });
  const words = await built("words");
  for (const name of Object.keys(browser)) delete globalThis[name];
  const issue = (message, code) => words.issueWords({ message, code });

  it("are found for every sentence, with its values and its code, and without a code", () => {
    for (const [code, known] of Object.entries(SAID)) {
      for (const [english] of known) {
        const message = english.replaceAll("{said}", "Nobody has to act.").replaceAll(/\{[nmk]\}/gu, "12345").replaceAll(/\{\w+\}/gu, "Novice d.o.o.");
        for (const found of [issue(message, code), issue(message)]) {
          assert.equal(found.lang, undefined, message);
          if (english.includes("{n}")) assert.ok(found.text.includes("12.345"), `${message}: ${found.text}`);
          if (english.includes("{name}")) assert.ok(found.text.includes("Novice d.o.o."), `${message}: ${found.text}`);
        }
      }
    }
  });

  it("are found for sentences within others, and one after another", () => {
    assert.equal(issue('2 settings are wrong. The first: The source has no column "A". It has: B, C.', "settings").text, '2 nastavitvi nista pravilni. Prva: Vir nima stolpca "A". Ima: B, C.');
    assert.equal(issue("The file is UTF-16. Save it as UTF-8 (line 1, column 1).", "utf16").text, "Datoteka je v UTF-16. Shranite jo kot UTF-8 (vrstica 1, stolpec 1)");
    assert.equal(issue('The columns of the segment "Zlati" could not be looked at: It did not answer in time. Its columns are looked at when the export is run.', "source_failed").text, 'Stolpcev segmenta "Zlati" ni bilo mogoče pregledati: Vir ni odgovoril pravočasno. Njegovi stolpci se pregledajo ob zagonu izvoza.');
    assert.equal(issue("4 of 5 profiles were rejected; the definition allows 10 %. Most: email_no_at.").text, "Zavrnjenih profilov: 4 od 5; nastavitve jih dovoljujejo 10 %. Najpogostejši razlog: Naslov nima znaka @ ali jih ima več.");
  });

  it("are English, and say so, where no text is known; a general one keeps the service's beside it", () => {
    assert.deepEqual(issue("Quite new.", "quite_new"), { text: "Quite new.", lang: "en" });
    const { what, remedy } = words.stopWords({ code: "core_crash", message: "The core stopped at a place.", remedy: "Report it." });
    assert.deepEqual([what, remedy], [{ text: GENERAL.core_crash, inEnglish: "The core stopped at a place. Report it." }, { text: "" }]);
    assert.deepEqual(words.ruleWords("refused_by_account", "Wrong field.").reason, { text: RULES.refused_by_account.reason, inEnglish: "Wrong field." });
    assert.deepEqual(words.ruleWords("new_rule", "New.", "Do.").remedy, { text: "Do.", lang: "en" });
    assert.deepEqual(words.omissionWords({ target: "phone", code: "phone_unusable", reason: "x" }), { text: `Telefon: ${OMISSIONS.phone_unusable}` });
    assert.deepEqual([words.privacyWords(PRIVACY[0]), words.privacyWords("Our own.")], [{ text: PRIVACY[1] }, { text: "Our own." }]);
  });
});

it("every action of the audit log, and every kind of record, has words in both languages", async () => {
  const service = below("js/src/service", ".ts").concat(below("js/src/cloudflare", ".ts")).map(source).join("\n");
  const parts = [/\.change\([\w."]+, (.+?), (?:KEYS\.|change\.key)/gu, /action: (?!string|z\.)(.+?), target/gu, /#save\(user, ("[^"]*")/gu].flatMap((pattern) => [...service.matchAll(pattern)].map(([, written]) => written));
  const states = [...new Set([...service.matchAll(/state: z\.enum\((\["started".*?\])\)/gu)].flatMap(([, list]) => JSON.parse(list)))];
  // A run that is put in the queue begins, unless it has ended already.
  const ended = [...service.matchAll(/\.queue\(.*?status: "(\w+)"/gu)].map(([, status]) => status);
  const actions = new Set(parts.flatMap((written) => {
    if (written.startsWith("`refresh.${")) return states.map((state) => `refresh.${state}`);
    if (written.startsWith("`run.${")) return ["start", ...ended].map((state) => `run.${state}`);
    const literal = [...written.matchAll(/"(\w+\.\w+)"/gu)].map(([, action]) => action);
    // What is handed on under the same name is written elsewhere.
    assert.ok(literal.length > 0 || written === "action", written);
    return literal;
  }));
  assert.ok(actions.size > 25, [...actions].join(" "));
  for (const name of ["en", "sl"]) {
    const { [name]: all } = await built(`texts/${name}`);
    const known = Object.keys(all).filter((key) => key.startsWith("action.")).map((key) => key.slice("action.".length));
    assert.deepEqual(known.sort(), [...actions].sort(), name);
    for (const action of actions) assert.ok(all[`kind.${action.split(".")[0]}`], action);
  }
});

describe("a page in Slovenian", () => {
  const world = sharedWorld();

  /** All that is shown. */
  const shown = (page) => page.locator("main").evaluate((main) => main.innerText);

  it("shows what is wrong with a new connection, and not one English sentence", async () => {
    const { page, context, complaints } = await open(world, world.served.firstToken, { locale: "sl-SI" });
    await page.goto(`${world.served.url}/connections/new`);
    await page.getByText(PRIVACY[1]).waitFor();
    const host = page.getByLabel("Gostiteljsko ime");
    for (const [typed, said] of [["https://acme.api-us1.com/x", "Gostiteljsko ime mora biti brez predpone, kot je https://."], ["Acme.api-us1.com", "Gostiteljsko ime mora biti zapisano z malimi črkami."], ["acme.example.com", "To ni znan gostitelj ActiveCampaign."]]) {
      await host.fill(typed);
      await page.getByLabel("Ključ API").fill("wrong");
      await page.getByRole("button", { name: "Poveži" }).click();
      await page.locator(".field").filter({ has: host }).getByText(said).waitFor();
      await page.getByRole("alert").getByText("Nekatere nastavitve niso pravilne; nič ni bilo shranjeno. Popravite jih in znova shranite.").waitFor();
      assert.doesNotMatch(await shown(page), /\b(?:the|must|is|are|not|of|and|it|them|copy|nothing)\b/iu);
      assert.equal(await page.locator("main [lang]").count(), 0);
    }
    await look(page, "connection-refused-slovenian");
    await host.fill("acme.api-us1.com");
    await page.getByRole("button", { name: "Poveži" }).click();
    await page.getByText("Račun je zavrnil ključ. Znova prepišite ključ iz tega računa").waitFor();
    await page.getByRole("button", { name: "Shrani" }).click();
    await page.getByText("Dajte ji ime.").waitFor();
    await page.getByText("Dokler se ne strinjate, se nič ne shrani.").waitFor();
    assert.equal(await page.locator("main [lang]").count(), 0);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("shows the audit log in words, with names, and the codes behind them", async () => {
    const { served } = world;
    const made = await fetch(`${served.url}/api/segments`, { method: "POST", headers: { authorization: `Bearer ${served.firstToken}`, "content-type": "application/json" }, body: JSON.stringify({ name: "Zlate stranke", source: { file: "gold.csv" } }) });
    assert.equal(made.status, 201);
    const { page, context } = await open(world, served.firstToken, { locale: "sl-SI" });
    await page.goto(`${served.url}/audit`);
    const row = page.getByRole("row", { name: /Segment narejen/u });
    await row.getByRole("cell", { name: "Segment Zlate stranke" }).waitFor();
    assert.equal(await row.getByText("Segment narejen").getAttribute("title"), "segment.create");
    await page.getByRole("cell", { name: "Uporabnik admin" }).waitFor();
    await look(page, "audit-slovenian");
    await context.close();
  });

  it("has nothing that was found in the views that were looked at", () => assert.deepEqual(findings, []));
});
