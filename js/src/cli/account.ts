/** `test-connection`, `lists`, `fields`: what an account is and holds. */
import { describeAccount, testConnection } from "../entry/node.js";
import type { Account, Connection } from "../types.js";
import { type AccountOptions, accountName, readDefinition, requireConnection } from "./connect.js";
import { EXIT, exitOfStop } from "./errors.js";
import { complain, ending, patiently, print, printJson } from "./output.js";
import { stopLines } from "./stop.js";
import { type Colors, beside, clean, colorsOf, count, many, table, widthOf, wrap } from "./text.js";

export interface LookOptions extends AccountOptions {
  json?: boolean;
}

function connectionOf(options: LookOptions): Connection {
  const definition = options.definition === undefined || options.host !== undefined ? undefined : readDefinition(options.definition);
  return requireConnection(options, definition);
}

export function testCommand(options: LookOptions): Promise<number> {
  const what = "The connection does not work";
  const json = options.json === true ? (stop: unknown) => ({ ok: false, stop }) : undefined;
  return ending({ ...options, what, json }, async () => {
    const connection = connectionOf(options);
    const report = await patiently(testConnection(connection));
    if (options.json === true) printJson(report);
    const width = widthOf(process.stdout);
    if (report.stop) {
      complain(stopLines(report.stop, { ...options, what }, colorsOf(process.stderr), width));
      return exitOfStop(report.stop);
    }
    if (options.json === true) return EXIT.done;
    const { user = "unknown", lists = 0, fields = 0, contactLimit: limit } = report;
    const colors = colorsOf(process.stdout);
    print([
      colors.green(colors.bold(`The connection to ${accountName(connection)} works.`)),
      "",
      ...beside("User      ", clean(user), width),
      ...beside("Lists     ", count(lists), width),
      ...beside("Fields    ", count(fields), width),
      ...beside("Contacts  ", limit ? `${count(limit.used)} of the plan's ${count(limit.limit)}` : "this key may not read the plan's limit", width),
    ]);
    return EXIT.done;
  });
}

export function listsCommand(options: LookOptions): Promise<number> {
  return look(options, "lists", ({ lists }, colors, width) => [
    ...table(
      [{ title: "id", right: true }, { title: "name" }, { title: "active", right: true }],
      lists.map(({ id, name, activeSubscribers }) => [String(id), name, activeSubscribers === undefined ? "" : count(activeSubscribers)]),
      colors,
      width,
    ),
    "",
    ...wrap(`${many(lists.length, "list")}; "list" in a definition is the id.`, width ?? Infinity),
  ]);
}

export function fieldsCommand(options: LookOptions): Promise<number> {
  return look(options, "fields", ({ fields }, colors, width) => [
    ...table(
      [{ title: "id", right: true }, { title: "title" }, { title: "perstag" }, { title: "type" }, { title: "options", soft: true }],
      fields.map(({ id, title, perstag, type, options: choices }) => [String(id), title, perstag ?? "", type ?? "", (choices ?? []).join(", ")]),
      colors,
      width,
    ),
    "",
    ...wrap(`${many(fields.length, "custom field")}; a mapping names one by id, title or perstag.`, width ?? Infinity),
  ]);
}

type Lines = (account: Account, colors: Colors, width: number | undefined) => string[];

function look(options: LookOptions, part: "lists" | "fields", lines: Lines): Promise<number> {
  const json = options.json === true ? (stop: unknown) => ({ stop }) : undefined;
  return ending({ ...options, what: "The account could not be read", json }, async () => {
    const account = await patiently(describeAccount(connectionOf(options)));
    if (options.json === true) printJson(account[part]);
    // In a pipe nothing is cut: whoever searches needs the whole name.
    else print(lines(account, colorsOf(process.stdout), process.stdout.isTTY ? process.stdout.columns : undefined));
    return EXIT.done;
  });
}
