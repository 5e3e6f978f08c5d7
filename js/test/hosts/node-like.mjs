// Node, Deno and Bun: the suite in a process of its own, which must end by itself and without an error nobody caught.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { broken, withSandbox } from "./runner.mjs";

const LIMIT_MILLIS = 180_000;

function start(command, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => (text += part));
    const timer = setTimeout(() => {
      text += `\nit did not end in ${LIMIT_MILLIS} ms`;
      child.kill("SIGKILL");
    }, LIMIT_MILLIS);
    child.on("error", (error) => (text += String(error)));
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status, text: text.trim() });
    });
  });
}

export async function runNodeLike({ app, command, args = [] }) {
  const reports = mkdtempSync(join(tmpdir(), "acx-report-"));
  const outcomes = [];
  try {
    for (const what of ["main", "slim"]) {
      const report = join(reports, what);
      const { status, text } = await withSandbox(app, (origin) => start(command, [...args, join("hosts", "main.mjs"), what, origin, report], app));
      if (existsSync(report)) outcomes.push(...JSON.parse(readFileSync(report, "utf8")));
      // A warning about the runtime itself is no failure; an exit status is.
      if (status !== 0 || !existsSync(report)) outcomes.push(...broken(`${what}: the process ends by itself`, text));
    }
    return outcomes;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}
