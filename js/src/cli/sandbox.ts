/** `sandbox`: an ActiveCampaign account on this machine, to try things on. */
import type { ServeSandboxOptions, ServedSandbox } from "../sandbox/serve.js";
import { EXIT, CommandError, wrong } from "./errors.js";
import { KEY_VARIABLE, readJson } from "./files.js";
import { complain, ending, print } from "./output.js";
import { clean, colorsOf } from "./text.js";

export interface SandboxCommandOptions {
  port?: number;
  seed?: string;
  knobs?: string;
  speed?: number;
}

/** Until Ctrl-C. */
export function sandboxCommand(options: SandboxCommandOptions): Promise<number> {
  return ending({ what: "The sandbox did not start" }, async () => {
    const served = await start(options);
    // Before the address is told: whoever reads it may end this at once.
    const ended = new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    });
    print(welcomeLines(served));
    await ended;
    await served.close();
    complain(["The sandbox is gone, and what was in it."]);
    return EXIT.done;
  });
}

async function start({ port, seed, knobs, speed }: SandboxCommandOptions): Promise<ServedSandbox> {
  const given: ServeSandboxOptions = {
    ...(port === undefined ? {} : { port }),
    ...(speed === undefined ? {} : { speed }),
    ...(seed === undefined ? {} : { seed: readJson(seed, "seed") as NonNullable<ServeSandboxOptions["seed"]> }),
    ...(knobs === undefined ? {} : { knobs: readJson(knobs, "file of knobs") as NonNullable<ServeSandboxOptions["knobs"]> }),
  };
  // Only here: the other commands start without a server.
  const { serveSandbox } = await import("../sandbox/serve.js");
  try {
    return await serveSandbox(given);
  } catch (error) {
    if (error instanceof TypeError) {
      const files = [seed, knobs].filter((path) => path !== undefined).map(clean).join(" or ");
      // The file is named already; what the sandbox calls it says nothing more.
      const faults = error.message.replace(/^the seed of the sandbox is wrong:\n/u, "");
      throw wrong(`${files === "" ? "The sandbox" : files} is wrong:\n${faults.split("\n").map(clean).join("\n")}`);
    }
    const code = codeOf(error) ?? codeOf(error instanceof Error ? error.cause : undefined);
    const instead = "Choose another with --port, or leave --port out for any free one.";
    if (code === "EADDRINUSE") throw new CommandError(EXIT.stopped, `Port ${port} is taken by another program.`, instead);
    if (code === "EACCES") throw new CommandError(EXIT.stopped, `Port ${port} may only be opened by an administrator.`, instead);
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
}

function welcomeLines({ url, key }: ServedSandbox): string[] {
  const colors = colorsOf(process.stdout);
  const command = process.env.npm_command === "exec" ? "npx activecampaign-export" : "activecampaign-export";
  const word = /^[\w.-]+$/u.test(key) ? key : `'${key.replaceAll("'", String.raw`'\''`)}'`;
  const tried = (rest: string): string => `  ${command} ${rest} --sandbox ${url}`;
  return [
    colors.green(colors.bold(`The sandbox listens on ${url}`)),
    "",
    `  Key          ${clean(key)}`,
    `  Status page  ${url}/`,
    "  It keeps everything in memory, sends nothing anywhere, and ends with Ctrl-C.",
    "",
    colors.bold("To try next, in another terminal:"),
    process.platform === "win32" ? `  set ${KEY_VARIABLE}=${clean(key)}` : `  export ${KEY_VARIABLE}=${word}`,
    tried("test-connection"),
    tried("lists"),
    tried("fields"),
    tried("suggest -s segment.csv"),
    tried("check -d export.json -s segment.csv"),
    tried("run -d export.json -s segment.csv"),
  ];
}
