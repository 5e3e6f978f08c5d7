/** The commands, their options and their help. Each loads its code only when it runs. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addAccountOptions, addSegmentOptions, port, speed } from "./options.js";
import type { LookOptions } from "./account.js";
import type { DefinitionsOptions } from "./definitions.js";
import type { CheckOptions } from "./check.js";
import type { RunOptions } from "./run.js";
import type { ServeCommandOptions, TokenCommandOptions } from "./serve.js";
import type { SandboxCommandOptions } from "./sandbox.js";
import type { SuggestOptions } from "./suggest.js";
import { clean } from "./text.js";

const NAME = "activecampaign-export";

const EXAMPLES = `
Examples:
  ${NAME} sandbox                              an account to try this on
  ${NAME} lists --host acme.api-us1.com        lists and their ids
  ${NAME} suggest -s segment.csv               a definition to start from
  ${NAME} check -d export.json -s segment.csv  a dry run, nothing is sent
  ${NAME} run -d export.json -s segment.csv    the export

"activecampaign-export run --help" explains a command and its options.

Exit status:
  0  finished: no profile was rejected or is unverified
  1  stopped: run it again when the cause is gone
  2  the command, the definition or the source must be mended first
  3  finished, with rejected or unverified profiles`;

const RUN_EXAMPLES = `
Examples:
  ${NAME} run -d export.json -s segment.csv --rejects rejected.csv
  ${NAME} run -d export.json -s segment.csv --state gold.run
  gunzip -c segment.csv.gz | ${NAME} run -d export.json -s - --json

Ctrl-C sends nothing new and waits for what the account has taken; a second one
quits at once (130). A kept run is authenticated by a key in its folder, or by
ACTIVECAMPAIGN_EXPORT_STATE_KEY. After --restart ten minutes may pass before the
first profile goes out: what the run before sent may still be on its way.`;

const CHECK_EXAMPLES = `
With a key the account is read, so that the list, field titles, types and
options are checked too. The exit status is 3 when profiles would be rejected.

Example:
  ${NAME} check -d export.json -s segment.csv --rejects rejected.csv`;

const SERVE_EXAMPLES = `
The first start makes an administrator and shows its token, once. The service's secret
seals keys and rejected profiles: it is kept in the folder, or is given in the variable
ACTIVECAMPAIGN_EXPORT_SECRET. Put TLS in front of it before you open it to others.

Example:
  ${NAME} serve --data service --port 8080 --sources segments`;

const TOKEN_EXAMPLES = `
End the service first. Whoever may write its folder may do this; the audit log has
an entry of it.

Example:
  ${NAME} token --data service`;

const DEFINITIONS_EXAMPLES = `
The token is taken from ACTIVECAMPAIGN_EXPORT_TOKEN. Keys are never in the files.

Example:
  ${NAME} pull definitions --url http://127.0.0.1:8080
  ${NAME} apply definitions --url http://127.0.0.1:8080 --dry-run`;

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
}

/** The program; `finish` takes the exit status of the command that ran. */
export function makeProgram(finish: (exitCode: number) => void): Command {
  const program = new Command(NAME)
    .description("Exports segments of customer profiles to ActiveCampaign and tells the truth about each profile.")
    .version(version(), "-V, --version", "show the version")
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .configureOutput({
      // What follows an equals sign may be a key under a wrong name.
      outputError: (text, write) => write(clean(text.replaceAll(/'(--?[^'=]+)=[^']*'/gu, "'$1'").replace(/\n$/u, "")).concat("\n")),
    });
  addTransfers(program, finish);
  addLooks(program, finish);
  addServe(program, finish);
  addDefinitions(program, finish);
  program
    .command("sandbox")
    .description("serve an ActiveCampaign account on this machine, to try things on")
    .option("-p, --port <number>", "the port (default: any free one)", port)
    .option("--seed <file>", "what the account holds (JSON; default: five lists, eleven fields, a few contacts)")
    .option("--speed <factor>", "how many times faster than the wall its clock runs (default: 1)", speed)
    .option("--knobs <file>", "how the account behaves, and faults to inject (JSON)")
    .addHelpText("after", `\nIts key is sandbox-key, unless the seed names another. What it holds is in memory\nand gone with it; Ctrl-C ends it.\n\nExample:\n  ${NAME} sandbox --port 8787`)
    .action(async (options: SandboxCommandOptions) => finish(await (await import("./sandbox.js")).sandboxCommand(options)));
  return program;
}

function addTransfers(program: Command, finish: (exitCode: number) => void): void {
  addSegmentOptions(program.command("run").description("send a segment, and follow every batch to its real outcome"))
    .option("--rejects <file>", "where rejected rows and duplicates go (default: <source>.rejected.csv in this folder; rejected.csv for -s -)")
    .option("--state <folder>", "keep the run there; the same command goes on where it stopped")
    .option("--restart", "with --state: give up the run that is kept and begin anew")
    .option("--json", "print the summary as JSON, and nothing else")
    .option("-q, --quiet", "no progress, and no summary when all went well")
    .addHelpText("after", RUN_EXAMPLES)
    .action(async (options: RunOptions) => finish(await (await import("./run.js")).runCommand(options)));
  addSegmentOptions(program.command("check").description("dry run: counts, reasons and time needed; sends nothing"))
    .option("--rejects <file>", "write the rejected rows to this file")
    .option("--offline", "do not read the account, even with a key")
    .option("--json", "print the result as JSON, and nothing else")
    .addHelpText("after", CHECK_EXAMPLES)
    .action(async (options: CheckOptions) => finish(await (await import("./check.js")).checkCommand(options)));
  addAccountOptions(program.command("suggest").description("guess a definition from the names of the columns"))
    .requiredOption("-s, --source <file>", "the profiles, as CSV or NDJSON in UTF-8; - for standard input")
    .option("--host <hostname>", "with a key: the account whose custom fields are suggested too; goes into the definition")
    .option("--json", "print mapping and suggestions as JSON, and nothing else")
    .addHelpText("after", `\nThe definition alone is on standard output. Of an account that is given, custom\nfields are suggested too, and the order of their days where the first profiles\nshow it.\n\nExample:\n  ${NAME} suggest -s segment.csv > export.json`)
    .action(async (options: SuggestOptions) => finish(await (await import("./suggest.js")).suggestCommand(options)));
}

function addServe(program: Command, finish: (exitCode: number) => void): void {
  program
    .command("serve")
    .description("connections, exports, schedules and runs as a service with an HTTP interface")
    .requiredOption("--data <folder>", "where it keeps everything")
    .option("-p, --port <number>", "the port (default: any free one)", port)
    .option("--address <address>", "the address to listen at (default: 127.0.0.1)")
    .option("--sources <folder>", "where files of segments lie")
    .option("--source-host <host...>", "the only hosts that segments may be read from by https")
    .option("--privacy-url <url>", "your own privacy statement, shown beside the consent")
    .option("--sandbox <url>", "use a sandbox on this machine instead of every account")
    .option("--allow-host <host...>", "hosts beyond *.api-us1.com and *.activehosted.com that may get a key")
    .addHelpText("after", SERVE_EXAMPLES)
    .action(async (options: ServeCommandOptions) => finish(await (await import("./serve.js")).serveCommand(options)));
  program
    .command("token")
    .description("make a new administrator's token for a service that does not run, where the last one was lost")
    .requiredOption("--data <folder>", "where the service keeps everything")
    .option("--user <name>", "the administrator, made one if need be (default: the first that is active)")
    .addHelpText("after", TOKEN_EXAMPLES)
    .action(async (options: TokenCommandOptions) => finish(await (await import("./serve.js")).tokenCommand(options)));
}

function addDefinitions(program: Command, finish: (exitCode: number) => void): void {
  const load = (): Promise<typeof import("./definitions.js")> => import("./definitions.js");
  const make = (name: string, description: string): Command => program.command(name).description(description).argument("<folder>", "the definitions").requiredOption("--url <address>", "the service, such as http://127.0.0.1:8080");
  make("pull", "write a service's connections, segments and exports to a folder of JSON")
    .addHelpText("after", DEFINITIONS_EXAMPLES)
    .action(async (folder: string, options: DefinitionsOptions) => finish(await (await load()).pullCommand(folder, options)));
  make("apply", "make a service equal to a folder of JSON; nothing is run")
    .option("--dry-run", "say what would be done, and do nothing")
    .option("--prune", "remove what has no file (exports on a removed connection are detached)")
    .addHelpText("after", DEFINITIONS_EXAMPLES)
    .action(async (folder: string, options: DefinitionsOptions) => finish(await (await load()).applyCommand(folder, options)));
}

function addLooks(program: Command, finish: (exitCode: number) => void): void {
  const look = (name: string, description: string): Command =>
    addAccountOptions(
      program
        .command(name)
        .description(description)
        .option("--host <hostname>", "the account's bare hostname, such as acme.api-us1.com")
        .option("-d, --definition <file>", "take the hostname from this definition")
        .option("--json", "print the result as JSON, and nothing else")
        .addHelpText("after", `\nExample:\n  ${NAME} ${name} --host acme.api-us1.com`),
    );
  const load = (): Promise<typeof import("./account.js")> => import("./account.js");
  look("test-connection", "prove that host and key work").action(async (options: LookOptions) => finish(await (await load()).testCommand(options)));
  look("lists", "the account's lists, all of them").action(async (options: LookOptions) => finish(await (await load()).listsCommand(options)));
  look("fields", "the account's custom fields, all of them").action(async (options: LookOptions) => finish(await (await load()).fieldsCommand(options)));
}
