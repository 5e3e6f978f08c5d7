// A real Chromium for tests: found where systems keep it or where CHROMIUM_PATH says, else installed with apt-get where
// that may be done without asking anybody; and a server for pages, on this machine only.
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { delimiter, extname, join } from "node:path";
import { chromium } from "playwright-core";

const PLACES = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];
const COMMANDS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Whatever is not about the page stays off: no sandbox of its own (containers have none), no calls of the browser's. */
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findChromium() {
  const given = process.env.CHROMIUM_PATH;
  if (given) {
    if (executable(given)) return given;
    throw new Error(`CHROMIUM_PATH names ${given}, which cannot be started. Correct it, or leave it out.`);
  }
  const folders = (process.env.PATH ?? "").split(delimiter).concat("/usr/bin", "/usr/local/bin", "/snap/bin");
  return [...folders.flatMap((folder) => COMMANDS.map((command) => join(folder, command))), ...PLACES].find(executable);
}

/** Root, or sudo that asks for no password, may install; nobody else is asked for one. */
function aptGet() {
  const can = (command, args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;
  if (process.platform !== "linux" || !can("apt-get", ["--version"])) return undefined;
  if (process.getuid() === 0) return ["apt-get"];
  return can("sudo", ["-n", "true"]) ? ["sudo", "-n", "apt-get"] : undefined;
}

function installChromium() {
  const [command, ...args] = aptGet() ?? [];
  if (!command) return undefined;
  console.log("> installing Chromium with apt-get");
  const apt = (...more) => spawnSync(command, [...args, "-q", "-y", ...more], { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  apt("update");
  apt("install", "--no-install-recommends", "chromium");
  return findChromium();
}

/** Where Chromium is. Throws with what to do when there is none and none can be installed. */
export function chromiumPath() {
  const path = findChromium() ?? installChromium();
  if (path) return path;
  throw new Error("Chromium is needed for the tests in a browser, and none was found or could be installed: install Chromium or Chrome, or name it in CHROMIUM_PATH.");
}

/** A running Chromium; to be closed by whoever launched it. */
export function launchChromium(flags = []) {
  return chromium.launch({ executablePath: chromiumPath(), args: [...FLAGS, ...flags], headless: true });
}

/** A Chromium over a profile folder, as a person has it: it can be killed, and started again over the same folder. */
export async function startChromium(folder) {
  const child = spawn(chromiumPath(), [...FLAGS, "--headless", "--no-default-browser-check", "--remote-debugging-port=0", `--user-data-dir=${folder}`], { stdio: ["ignore", "ignore", "pipe"] });
  const closed = new Promise((resolve) => child.once("close", resolve));
  const address = await new Promise((resolve, reject) => {
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      told += text;
      const found = /DevTools listening on (\S+)/u.exec(told);
      if (found) resolve(found[1]);
    });
    closed.then(() => reject(new Error(`Chromium ended before it could be used:\n${told}`)));
  });
  const browser = await chromium.connectOverCDP(address);
  const kill = () => {
    child.kill("SIGKILL");
    return closed;
  };
  return { browser, kill };
}

const TYPES = {
  ".css": "text/css", ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".json": "application/json",
  ".mjs": "text/javascript", ".svg": "image/svg+xml", ".wasm": "application/wasm",
};

/**
 * Serves pages on this machine. `find(path)` gives the file for a path, or an answer `{ status, headers, body }` of its
 * own, or nothing for a 404. `headers` go with every answer.
 */
export async function servePages(find, headers = {}) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    try {
      const found = await find(decodeURIComponent(pathname), request);
      if (found === undefined) throw Object.assign(new Error("not found"), { code: "ENOENT" });
      const answer = typeof found === "string" ? { status: 200, headers: { "content-type": TYPES[extname(found)] ?? "application/octet-stream" }, body: await readFile(found) } : found;
      response.writeHead(answer.status, { ...headers, ...answer.headers }).end(answer.body);
    } catch (error) {
      response.writeHead(error.code === "ENOENT" || error.code === "EISDIR" ? 404 : 500, headers).end(String(error.message));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

/** Opens a page, and gives what it throws or complains of together with it. */
export async function openPage(browser, address) {
  const page = await browser.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(address);
  return { page, complaints };
}
