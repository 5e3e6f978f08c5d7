// The demo: 5,000 invented profiles with the faults of real ones go through the packed command into a sandbox.
// Flags: --rows N (default 5000), --keep (the sandbox stays up until Ctrl-C), --admin (the admin page instead of the command).
import { spawn } from "node:child_process";
import { closeSync, createReadStream, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { js, pkg, root, run, say, stop, target } from "./tools.mjs";

const folder = join(target, "demo");
const app = join(folder, "app");
const LIST = 4;

/** Addresses that the import itself fails; the mapping cannot know them. */
const BOUNCED = Array.from({ length: 6 }, (_, index) => `moved.away${index}@example.com`);
const OPTED_OUT = Array.from({ length: 6 }, (_, index) => `no.more.mail${index}@example.com`);
const EXCLUDED = Array.from({ length: 6 }, (_, index) => `sales${index}@blocked.example`);

function flags() {
  try {
    const { values } = parseArgs({ options: { rows: { type: "string", default: "5000" }, keep: { type: "boolean", default: false }, admin: { type: "boolean", default: false } } });
    const rows = Number(values.rows);
    if (!Number.isInteger(rows) || rows < 1 || rows > 1_000_000) stop("--rows must be a whole number from 1 to 1000000.");
    return { rows, keep: values.keep, admin: values.admin };
  } catch (error) {
    return stop(error.message);
  }
}

/** Time of the newest file below a folder. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** The packed package, built again when anything it is made of is newer. */
function packed() {
  const find = () => {
    const manifest = join(pkg, "package.json");
    if (!existsSync(manifest) || !existsSync(join(pkg, "dist", "cli", "bin.js"))) return undefined;
    const path = join(target, `activecampaign-export-${JSON.parse(readFileSync(manifest, "utf8")).version}.tgz`);
    return existsSync(path) ? path : undefined;
  };
  const sources = ["src", "Cargo.toml", "Cargo.lock", "pkg-template", "js/src", "js/admin", "js/package.json", "js/tsconfig.json", "js/scripts/build.mjs", "js/scripts/bindgen.rs"];
  const found = find();
  if (found && statSync(found).mtimeMs >= Math.max(...sources.map((path) => newest(join(root, path))))) return found;
  say("building the package first");
  run(process.execPath, [join(js, "scripts", "build.mjs")], { failure: "The package could not be built: see the lines above." });
  return find() ?? stop("The build ended without a package.");
}

/** Installs the package the way a customer does. */
function install(tarball) {
  const marker = join(app, "installed.json");
  const stamp = JSON.stringify({ tarball, time: statSync(tarball).mtimeMs });
  if (!existsSync(marker) || readFileSync(marker, "utf8") !== stamp) {
    say("installing the packed package into target/demo/app");
    rmSync(app, { recursive: true, force: true });
    mkdirSync(app, { recursive: true });
    writeFileSync(join(app, "package.json"), '{ "private": true, "type": "module" }\n');
    // Node 20 has no SQLite of its own, which the service behind the admin page needs.
    const { libsql } = JSON.parse(readFileSync(join(js, "package.json"), "utf8")).devDependencies;
    run("npm", ["install", "--no-audit", "--no-fund", "--omit=dev", "--prefer-offline", relative(app, tarball), `libsql@${libsql}`], {
      cwd: app, quiet: true, failure: "The package could not be installed: see the lines above.",
    });
    writeFileSync(marker, stamp);
  }
  return join(app, "node_modules", "activecampaign-export", "dist");
}

/** The same numbers in every run (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const FIRST = ["Ada", "Zoë", "Jürgen", "Marie-Claire", "Søren", "José", "Łukasz", "Ayşe", "Nguyễn", "Chloé", "Björn", "Siobhán", "李娜", "Олена", "Yusuf", "Emma", "Liam", "Noah", "Olivia", "Mateo"];
const LAST = ["Müller", "O'Brien", "García", "Lefèvre", "Kowalska", "Ångström", "Smith", "van der Berg", "Petrović", "Özdemir", "Jones", "Rossi", "Novák", "Silva", "Hansen", "王", "Shevchenko", "Brown", "Dubois", "Costa"];
const CITIES = ["Berlin", "Lyon", "Porto", "São Paulo", "Kraków", "Gothenburg", "Austin, Texas", "Saint-Étienne"];
const NOTES = ["", "", "", "prefers mornings, calls back", 'said "maybe later"', "two lines:\nsecond line", "VIP; handle with care"];

const quoted = (text) => (/[",\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Faults by the row's place within every 400, so that any size has some of each. */
const ADDRESS_FAULTS = {
  7: () => "", 41: () => "   ", 63: (user) => `${user}.example.com`, 88: (user) => `${user}@example`, 101: (user) => `${user}@@example.com`,
  119: (user) => `${user}..x@example.com`, 137: (user) => `o'${user}@example.com`, 155: (user) => `"${user}" <${user}@example.com>`,
  171: (user) => `${user}@example.com; ${user}@example.org`, 193: (user) => `mailto:${user}@example.com`, 214: (user) => `${user}ü@example.com`,
  233: (user) => `${user} @example.com`,
};

function lineOf(row, random) {
  const pick = (items) => items[Math.floor(random() * items.length)];
  const place = row % 400;
  const user = `person${row}`;
  // The eighteen addresses that only the import can refuse come early, the duplicates later.
  const early = [...BOUNCED, ...OPTED_OUT, ...EXCLUDED];
  const special = row % 23 === 5 ? early[(row - 5) / 23] : undefined;
  const duplicate = [260, 320, 380].includes(place) ? `Person${row - 10}@Example.com` : undefined;
  const email = special ?? duplicate ?? ADDRESS_FAULTS[place]?.(user) ?? `${user}@example.com`;
  const digits = String(1_000_000 + Math.floor(random() * 8_999_999));
  const phone = row % 11 === 0 ? `(555) ${digits.slice(0, 3)}-${digits.slice(3)} x${row % 900}` : row % 37 === 0 ? "ask her assistant" : row % 5 === 0 ? "" : `+49 170 ${digits}`;
  const born = place === 290 ? "2/30/1985" : `${1 + (row % 12)}/${1 + (row % 28)}/${1950 + (row % 55)}`;
  const tier = place === 305 ? "platinum" : pick(["low", "medium", "high"]);
  const cells = [`CUST-${100_000 + row}`, pick(FIRST), pick(LAST), email, phone, born, tier, String(Math.floor(random() * 5_000)), pick(CITIES), pick(NOTES), row % 50 === 9 ? "no" : "yes"];
  // A broken row costs more than one when a line break follows the break.
  if (place === 345 || place === 361) cells[9] = "";
  const line = cells.map(quoted).join(",");
  if (place === 345) return line.replace(/^([^,]*),[^,]*/u, '$1,"Mar"got');
  if (place === 361) return line.split(",").slice(0, 4).join(",");
  return line;
}

function writeSource(path, rows) {
  const random = randomFrom(20_211_008);
  const file = openSync(path, "w");
  let text = "CustomerId,FirstName,LastName,EMail,Telephone,DateOfBirth,LoyaltyTier,LoyaltyPoints,City,Notes,NewsletterConsent\n";
  for (let row = 1; row <= rows; row += 1) {
    text += `${lineOf(row, random)}\n`;
    if (text.length > 1_000_000 || row === rows) {
      writeSync(file, text);
      text = "";
    }
  }
  closeSync(file);
}

const definition = {
  version: 1,
  name: "Gold customers",
  host: "demo.api-us1.com",
  list: LIST,
  mapping: {
    id: "CustomerId",
    email: "EMail",
    firstName: "FirstName",
    lastName: "LastName",
    phone: "Telephone",
    fields: [
      { field: "Birthday", column: "DateOfBirth", dateOrder: "mdy" },
      { field: "Loyalty tier", column: "LoyaltyTier" },
      { field: "Loyalty points", column: "LoyaltyPoints" },
      { field: "City", column: "City" },
      { field: "Notes", column: "Notes" },
    ],
    tags: ["demo", { column: "LoyaltyTier", prefix: "tier: " }],
    consent: "NewsletterConsent",
  },
  automations: "exclude",
  mode: "add",
};

function seedWith(seed) {
  const opted = OPTED_OUT.map((email) => ({ email, lists: { [LIST]: "unsubscribed" } }));
  return { ...seed, contacts: [...seed.contacts, ...opted], bounced: [...seed.bounced, ...BOUNCED], exclusions: seed.exclusions };
}

/** Runs the command on this terminal. Ctrl-C reaches it too: it decides how to end. */
async function command(bin, args, key) {
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder, stdio: "inherit", env: { ...process.env, ACTIVECAMPAIGN_API_KEY: key } });
  const ended = await new Promise((done, fail) => child.on("error", fail).on("close", (code, signal) => done(code ?? signal)));
  process.removeListener("SIGINT", ignore);
  return ended;
}

async function firstLines(path, count) {
  const width = (process.stdout.columns ?? 100) - 6;
  const lines = [];
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (lines.push(line.length > width ? `${line.slice(0, width - 1)}…` : line) === count) break;
  }
  return lines;
}

/** A path as whoever started the demo sees it: npm changes the folder. */
const seen = (path) => relative(process.env.INIT_CWD ?? process.cwd(), path) || ".";

async function whatNext(served, keep) {
  const rejected = join(folder, "customers.rejected.csv");
  const list = served.sandbox.account.lists.find(({ id }) => id === LIST);
  console.log(`The sandbox itself counts ${list.counts.active.toLocaleString("en-US")} active contacts in list ${LIST}; one was there before.`);
  console.log("\nWhat to look at next");
  if (existsSync(rejected)) {
    console.log(`  the rejected rows: ${seen(rejected)}`);
    for (const line of await firstLines(rejected, 4)) console.log(`    ${line}`);
  }
  console.log(`  the sandbox's status page: ${served.url}/ (${keep ? "up until Ctrl-C" : "with --keep it stays up"})`);
  console.log(`  commands to try${keep ? ", in another terminal" : ""}:`);
  const tried = (rest) => console.log(`    npx activecampaign-export ${rest}`);
  console.log(`    cd ${seen(app)}`);
  tried("suggest -s ../customers.csv");
  tried("check --offline -d ../export.json -s ../customers.csv");
  if (!keep) return tried("sandbox");
  console.log(`    export ACTIVECAMPAIGN_API_KEY=${served.key}`);
  tried(`fields --sandbox ${served.url}`);
  tried(`run --reveal -d ../export.json -s ../customers.csv --sandbox ${served.url}`);
}

const { rows, keep, admin } = flags();
const dist = install(packed());
say(`writing ${rows.toLocaleString("en-US")} profiles to target/demo/customers.csv and the definition to target/demo/export.json`);
writeSource(join(folder, "customers.csv"), rows);
writeFileSync(join(folder, "export.json"), `${JSON.stringify(definition, null, 2)}\n`);
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const [{ serveSandbox }, { defaultSeed }] = await Promise.all([load("sandbox/serve.js"), load("sandbox/index.js")]);
const served = await serveSandbox({ seed: seedWith(defaultSeed()), ...(admin ? { speed: 5 } : {}) });
say(`the sandbox is up: ${served.url}`);
if (admin) {
  const [{ serveService }, { offerPage }] = await Promise.all([load("entry/service.js"), import("./demo-admin.mjs")]);
  await offerPage({ serveService, served, folder, definition, list: LIST });
  await served.close();
  process.exit(0);
}
const args = ["run", "--definition", "export.json", "--source", "customers.csv", "--sandbox", served.url];
say(`activecampaign-export ${args.join(" ")}\n`);
const ended = await command(join(dist, "cli", "bin.js"), args, served.key);
// Rejected profiles are what the demo is about; of anything else nothing further can be shown.
if (ended !== 0 && ended !== 3) {
  await served.close();
  stop(`The demo failed: \`activecampaign-export run\` ended with ${typeof ended === "number" ? `status ${ended}` : ended}; see the lines above.`);
}
console.log(`\nThe command's exit status is ${ended}${ended === 3 ? ": finished, with rejected profiles" : ""}.`);
await whatNext(served, keep);
console.log("  the admin page, with sample data: npm --prefix js run demo -- --admin");
if (keep) await new Promise((done) => process.once("SIGINT", done));
await served.close();
