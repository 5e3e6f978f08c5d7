/** `serve`: the service on this machine. */
import { KEY_PREFIX, newAdministratorToken, type ServedService, type ServeOptions, serveService } from "../entry/service.js";
import { CommandError, EXIT } from "./errors.js";
import { complain, ending, print } from "./output.js";
import { clean, colorsOf, widthOf, wrap } from "./text.js";

export interface ServeCommandOptions {
  data: string;
  port?: number;
  address?: string;
  sources?: string;
  sandbox?: string;
  allowHost?: string[];
  sourceHost?: string[];
  privacyUrl?: string;
}

/** Until Ctrl-C. */
export function serveCommand(options: ServeCommandOptions): Promise<number> {
  return ending({ what: "The service did not start" }, async () => {
    const served = await start(options);
    const ended = new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    });
    print(welcomeLines(served, options));
    await ended;
    await served.close();
    complain(["The service has ended. Runs that were going go on when it starts again."]);
    return EXIT.done;
  });
}

async function start({ data, port, address, sources, sandbox, allowHost, sourceHost, privacyUrl }: ServeCommandOptions): Promise<ServedService> {
  const given: ServeOptions = {
    folder: data,
    ...(port === undefined ? {} : { port }),
    ...(address === undefined ? {} : { address }),
    ...(sources === undefined ? {} : { sources }),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(allowHost === undefined ? {} : { allowedHosts: allowHost }),
    ...(privacyUrl === undefined ? {} : { privacyUrl }),
    ...(sourceHost === undefined ? {} : { sourceHosts: sourceHost }),
  };
  try {
    return await serveService(given);
  } catch (error) {
    const code = codeOf(error);
    const instead = "Choose another with --port, or leave --port out for any free one.";
    if (code === "EADDRINUSE") throw new CommandError(EXIT.stopped, `Port ${port} is taken by another program.`, instead);
    if (code === "EACCES") throw new CommandError(EXIT.stopped, `Port ${port} may not be opened, or the folder ${clean(data)} may not be written.`, instead);
    if (code === "run_in_progress") throw atWork(data);
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
}

function atWork(data: string): CommandError {
  return new CommandError(EXIT.stopped, `A service works on the folder ${clean(data)}.`, "End it first, or name another folder with --data.");
}

export interface TokenCommandOptions {
  data: string;
  user?: string;
}

/** A new token where the last one was lost. */
export function tokenCommand({ data, user }: TokenCommandOptions): Promise<number> {
  return ending({ what: "No token was made" }, async () => {
    try {
      const made = await newAdministratorToken({ folder: data, user });
      print([`A token for the administrator ${clean(made.user)}, shown this once (it ends after 90 days):`, `  ${made.secret}`]);
      complain(wrap("The audit log has an entry of it. Tokens that were there before stay; end those that are lost: DELETE /api/tokens/ID.", widthOf(process.stderr)));
      return EXIT.done;
    } catch (error) {
      throw codeOf(error) === "run_in_progress" ? atWork(data) : error;
    }
  });
}

function welcomeLines({ url, firstToken }: ServedService, { data, sources, sandbox }: ServeCommandOptions): string[] {
  const colors = colorsOf(process.stdout);
  const token = firstToken === undefined ? [] : ["", colors.bold("The first administrator's token, shown this once (it ends after 90 days):"), `  ${firstToken}`];
  return [
    colors.green(colors.bold(`The service listens on ${url}`)),
    "",
    sandbox === undefined ? `  Sends to     ${colors.bold("live accounts")} of ActiveCampaign` : `  Sends to     the sandbox ${clean(sandbox)}, whatever account a connection names`,
    `  Page         ${url}/`,
    `  Reference    ${url}/reference`,
    `  Description  ${url}/openapi.json`,
    `  Data         ${clean(data)}`,
    `  Sources      ${sources === undefined ? "none (--sources names a folder of files)" : clean(sources)}`,
    `  Keys         sealed in the data, or by name from variables ${KEY_PREFIX}…`,
    ...token,
  ];
}
