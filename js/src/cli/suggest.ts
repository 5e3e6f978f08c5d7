/** `suggest`: a mapping guessed from the names of the columns, as a definition to start from. */
import { withDateOrders } from "../date-order.js";
import { describeAccount, preview, readColumns, suggestMapping } from "../entry/node.js";
import type { Account, Mapping, SuggestedMapping } from "../types.js";
import { type AccountOptions, accountName, findConnection } from "./connect.js";
import { openProfiles } from "./files.js";
import { complain, ending, patiently, print, printJson } from "./output.js";
import { Sample } from "./sample.js";
import { type Colors, clean, colorsOf, table, widthOf, wrap } from "./text.js";

export interface SuggestOptions extends AccountOptions {
  source: string;
  json?: boolean;
}

/** Placeholders that `check` refuses, so that nobody runs them by mistake. */
const HOST = "<YOUR-ACCOUNT>.api-us1.com";
const LIST = "ID-OF-THE-LIST";
const EMAIL = "COLUMN-WITH-THE-ADDRESS";

export function suggestCommand(options: SuggestOptions): Promise<number> {
  const json = options.json === true ? (stop: unknown) => ({ stop }) : undefined;
  return ending({ ...options, what: "Nothing could be suggested", json }, async () => {
    const opened = await openProfiles(options.source);
    const sample = new Sample();
    const columns = await readColumns(sample.of(opened.bytes()));
    const connection = findConnection(options, undefined);
    const account = "missing" in connection ? undefined : await patiently(describeAccount(connection));
    const guessed = suggestMapping(columns, account);
    const { mapping, unsure } = account === undefined ? { mapping: guessed.mapping, unsure: [] } : await withDateOrders(guessed.mapping, account, sample.lines(), preview);
    const suggested = { ...guessed, mapping };
    if (options.json === true) {
      printJson(suggested);
      return 0;
    }
    const told = "missing" in connection ? undefined : accountName(connection);
    // Apart from the definition, so that it can be written to a file.
    complain(suggestionLines(suggested, columns, told, unsure, colorsOf(process.stderr), widthOf(process.stderr)));
    print([JSON.stringify(definitionFor(suggested.mapping, options.host, account), null, 2)]);
    return 0;
  });
}

function suggestionLines({ suggestions }: SuggestedMapping, columns: readonly string[], account: string | undefined, unsure: readonly string[], colors: Colors, width: number): string[] {
  const rows = suggestions.map(({ target, field, column, confidence, negated }) => [
    target === "fields" ? `field "${field ?? ""}"` : target === "consent" && negated === true ? "consent (says no)" : target,
    column,
    `${Math.round(confidence * 100)} %`,
  ]);
  const used = new Set(suggestions.map(({ column }) => column));
  const unused = columns.filter((column) => !used.has(column));
  const titles = [{ title: "target" }, { title: "column" }, { title: "confidence", right: true }];
  const lines = rows.length === 0 ? ["No column has a name that says what it is."] : table(titles, rows, colors, width);
  const consent = suggestions.some(({ target }) => target === "consent");
  const notes = [
    ...(unused.length > 0 ? [`Not used: ${unused.slice(0, 30).map(clean).join(", ")}${unused.length > 30 ? ` and ${unused.length - 30} more` : ""}.`] : []),
    account === undefined ? "Custom fields are suggested when an account is given: --host with a key, or --sandbox." : `Custom fields are those of ${account}.`,
    ...unsure.map((title) => `The days of "${clean(title)}" may be read in several orders: add "dateOrder", "mdy" for 8/1/1974 in August, "dmy" in January.`),
    ...(consent ? ["With `consent`, profiles whose column does not say yes are not sent; remove it if that is not meant."] : []),
    "A definition to start from; put in what is written in capitals, then run `check`:",
  ];
  return [...lines, "", ...notes.flatMap((note) => wrap(note, width)), ""];
}

function definitionFor(mapping: Partial<Mapping>, host: string | undefined, account: Account | undefined): unknown {
  // With one list there is nothing to choose.
  const only = account?.lists.length === 1 ? account.lists[0]?.id : undefined;
  return {
    version: 1,
    name: "My export",
    host: host ?? HOST,
    list: only ?? LIST,
    mapping: { ...(mapping.email === undefined ? { email: EMAIL } : {}), ...mapping },
    automations: "exclude",
    mode: "add",
  };
}
