/** The options of the commands, and the refusal of keys among them. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { wrong } from "./errors.js";
import { KEY_VARIABLE } from "./files.js";

const KEY_FLAG = /^--?(?:k|key|api[-_]?key|api[-_]?token|token|ac[-_]?key)(?:$|=)/iu;

/** Refuses a key on the command line before anything reads it; nothing of it is shown. */
export function refuseKeyFlags(args: readonly string[]): void {
  const flag = args.find((each) => KEY_FLAG.test(each));
  if (flag === undefined) return;
  throw wrong(
    `A key is not taken from the command line (${flag.split("=")[0]}): every user of this machine could read it there, and the shell keeps it in its history.`,
    `Set ${KEY_VARIABLE}, or give --key-file. If the key was real, consider it known and reset it under Settings > Developer.`,
  );
}

const DELIMITERS: Readonly<Record<string, string>> = {
  ",": ",", comma: ",", ";": ";", semicolon: ";", "|": "|", pipe: "|", "\t": "\t", "\\t": "\t", tab: "\t",
};

function delimiter(value: string): string {
  const found = DELIMITERS[value.toLowerCase()];
  if (found === undefined) throw new InvalidArgumentError("It must be comma, semicolon, tab or pipe (or the character itself).");
  return found;
}

export function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/u.test(value) || number > 65_535) throw new InvalidArgumentError("It must be a whole number from 0 to 65535.");
  return number;
}

export function speed(value: string): number {
  const number = Number(value);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError("It must be a number above 0.");
  return number;
}

export function addAccountOptions(command: Command): Command {
  return command
    .option("--sandbox <url>", "use a sandbox on this machine instead of the account, such as http://127.0.0.1:8787")
    .option("--key-file <file>", `read the key from a file (default: the variable ${KEY_VARIABLE})`)
    .option("--allow-host <host...>", "hosts beyond *.api-us1.com and *.activehosted.com that may get the key");
}

export function addSegmentOptions(command: Command): Command {
  return addAccountOptions(
    command
      .requiredOption("-d, --definition <file>", "the export's definition (JSON)")
      .requiredOption("-s, --source <file>", "the profiles, as CSV or NDJSON in UTF-8; - for standard input")
      .addOption(new Option("--format <format>", "how the source is written").choices(["auto", "csv", "ndjson"]))
      .addOption(new Option("--delimiter <character>", "delimiter of CSV: comma, semicolon, tab or pipe").argParser(delimiter))
      .option("--reveal", "show whole values in the rejected rows (personal data)"),
  );
}
