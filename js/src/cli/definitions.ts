/** `pull` and `apply`: connections, segments and exports as a folder of JSON. */
import { join } from "node:path";
import { type Definition, fileName, filesOf, KINDS, ONE, put, readFiles, refuse, type Wanted, type Writing } from "./definition-files.js";
import { CommandError, EXIT } from "./errors.js";
import { ending, print } from "./output.js";
import { FILE_SHAPES, fileSchema, type Kind, ServiceClient, type ServiceRecord } from "./service-client.js";
import { clean, widthOf, wrap } from "./text.js";

export interface DefinitionsOptions {
  url: string;
  prune?: boolean;
  dryRun?: boolean;
}

/** Everything that is there, with names in the place of ids. */
class Present {
  readonly records: Record<Kind, ServiceRecord[]>;

  constructor(records: Record<Kind, ServiceRecord[]>) {
    this.records = records;
  }

  static async read(client: ServiceClient): Promise<Present> {
    const [connections, segments, exports] = await Promise.all(KINDS.map((kind) => client.all(kind)));
    return new Present({ connections: connections ?? [], segments: segments ?? [], exports: exports ?? [] });
  }

  name(kind: Kind, id: string): string {
    return this.records[kind].find((record) => record.id === id)?.name ?? id;
  }

  id(kind: Kind, name: string): string {
    const found = this.records[kind].find((record) => record.name === name);
    // Sent as it is: the service says that there is no such one.
    return found?.id ?? name;
  }

  /** A record as its file has it. */
  definition(kind: Kind, record: ServiceRecord): Definition {
    if (kind === "connections") {
      const key = record.key as { kind: string; name?: string };
      return { name: record.name, host: record.host, ...(key.kind === "reference" ? { keyName: key.name } : {}), sharing: record.sharing };
    }
    const keys = Object.keys(FILE_SHAPES[kind].shape).filter((key) => key !== "$schema" && record[key] !== undefined);
    const definition = Object.fromEntries(keys.map((key) => [key, record[key]])) as Definition;
    if (kind === "segments") return definition;
    const { connection, segments, startAfter } = record as unknown as { connection: string | null; segments: string[]; startAfter: string[] };
    return {
      ...definition,
      connection: connection === null ? null : this.name("connections", connection),
      segments: segments.map((id) => this.name("segments", id)),
      startAfter: startAfter.map((id) => this.name("exports", id)),
    };
  }

  /** What a file says, as the service takes it. */
  body(kind: Kind, definition: Definition): Record<string, unknown> {
    const { $schema: _schema, ...body } = definition;
    if (kind !== "exports") return body;
    const { connection, segments, startAfter } = body as { connection?: string | null; segments?: string[]; startAfter?: string[] };
    return {
      ...body,
      connection: typeof connection === "string" ? this.id("connections", connection) : (connection ?? null),
      segments: (segments ?? []).map((name) => this.id("segments", name)),
      startAfter: (startAfter ?? []).map((name) => this.id("exports", name)),
    };
  }
}

export function pullCommand(folder: string, { url }: DefinitionsOptions): Promise<number> {
  return ending({ what: "The definitions were not written" }, async () => {
    const present = await Present.read(new ServiceClient(url));
    const files: Writing[] = [];
    const written: string[] = [];
    for (const kind of KINDS) {
      files.push({ folder: join(folder, "schemas"), file: `${ONE[kind]}.schema.json`, value: fileSchema(kind) });
      const names = new Set<string>();
      for (const record of present.records[kind]) {
        const file = fileName(record.name, names);
        files.push({ folder: join(folder, kind), file, value: { $schema: `../schemas/${ONE[kind]}.schema.json`, ...present.definition(kind, record) } });
        written.push(`  ${kind}/${file}`);
      }
      const others = filesOf(folder, kind).filter((file) => !names.has(file));
      if (others.length > 0) written.push(...others.map((file) => `  ${kind}/${clean(file)} stands for nothing in the service: apply would make it`));
    }
    put(files);
    print([`Written to ${clean(folder)}:`, ...written]);
    return EXIT.done;
  });
}

/** One thing that is to be done. */
interface Step {
  kind: Kind;
  name: string;
  what: "create" | "update" | "remove";
}

const DONE: Record<Step["what"], string> = { create: "created", update: "updated", remove: "removed" };

/** What no dry run can tell. */
const LATER = "Whether the files of segments are there, and lists, fields and keys at the account, is looked at when each is saved.";

export function applyCommand(folder: string, { url, prune = false, dryRun = false }: DefinitionsOptions): Promise<number> {
  return ending({ what: "Not everything was applied" }, async () => {
    const wanted = readFiles(folder);
    const client = new ServiceClient(url);
    let present = await Present.read(client);
    const steps = plan(wanted.definitions, present, prune);
    refuse(await mistakesOf(client, wanted, present, prune));
    const left = prune ? [] : plan(wanted.definitions, present, true).filter(({ what }) => what === "remove");
    if (left.length > 0) print([`${left.length} in the service ${left.length === 1 ? "has" : "have"} no file, and ${left.length === 1 ? "stays" : "stay"}; --prune removes: ${left.map(({ name }) => clean(name)).join(", ")}`]);
    if (steps.length === 0) print(["Nothing to change."]);
    else if (dryRun) print([...steps.map((step) => `would ${step.what} ${named(step)}`), "", ...wrap(LATER, widthOf(process.stdout))]);
    if (dryRun) return EXIT.done;
    for (const [at, step] of steps.entries()) {
      await take(client, present, step, wanted.definitions, steps.slice(at));
      print([`${DONE[step.what]} ${named(step)}`]);
      // What was made has an id by which the next ones name it.
      present = await Present.read(client);
    }
    return EXIT.done;
  });
}

function named({ kind, name }: Pick<Step, "kind" | "name">): string {
  return `${ONE[kind]} ${clean(name)}`;
}

/** What the files and the service know to be wrong together, before anything is changed. */
async function mistakesOf(client: ServiceClient, { definitions, paths }: Wanted, present: Present, prune: boolean): Promise<string[]> {
  const mistakes: string[] = [];
  const there = (kind: Kind, name: string): boolean => definitions[kind].some((each) => each.name === name) || (!prune && present.records[kind].some((each) => each.name === name));
  for (const definition of definitions.exports) {
    const { connection, segments, startAfter = [] } = definition as Definition & { connection: string | null; segments: string[]; startAfter?: string[] };
    const unknown = (kind: Kind, path: string, name: string): void => {
      if (!there(kind, name)) mistakes.push(`${paths.get(definition)}: ${path}: There is no ${ONE[kind]} "${name}", neither among the files nor ${prune ? "left in the service with --prune" : "in the service"}.`);
    };
    if (connection !== null) unknown("connections", "connection", connection);
    for (const [at, name] of segments.entries()) unknown("segments", `segments[${at}]`, name);
    for (const [at, name] of startAfter.entries()) unknown("exports", `startAfter[${at}]`, name);
  }
  const made = definitions.connections.filter(({ name }) => !present.records.connections.some((each) => each.name === name));
  if (made.length === 0) return mistakes;
  const { privacyStatement } = (await client.call("GET", "/api/me")) as { privacyStatement: { version: string } };
  for (const definition of made) {
    const { keyName, consent } = definition as Definition & { keyName?: string; consent?: { agreed: boolean; version: string } };
    const path = paths.get(definition);
    if (keyName === undefined) mistakes.push(`${path}: keyName: A new connection needs the name of the secret that holds its key.`);
    if (consent?.agreed !== true || consent.version !== privacyStatement.version) {
      mistakes.push(`${path}: consent: A new connection needs your consent to the privacy statement that GET /api/me of the service shows: "consent": { "agreed": true, "version": "${privacyStatement.version}" }.`);
    }
  }
  return mistakes;
}

/** Exports go first where something is removed, last where something is made. */
function plan(wanted: Record<Kind, Definition[]>, present: Present, prune: boolean): Step[] {
  const steps: Step[] = [];
  for (const kind of KINDS) {
    for (const definition of ordered(kind, wanted[kind])) {
      const record = present.records[kind].find(({ name }) => name === definition.name);
      if (!record) steps.push({ kind, name: definition.name, what: "create" });
      else if (!isSame(present.definition(kind, record), definition)) steps.push({ kind, name: definition.name, what: "update" });
    }
  }
  if (!prune) return steps;
  for (const kind of KINDS.toReversed()) {
    for (const { name } of present.records[kind]) if (!wanted[kind].some((definition) => definition.name === name)) steps.push({ kind, name, what: "remove" });
  }
  return steps;
}

/** Exports after those that they start after. */
function ordered(kind: Kind, definitions: readonly Definition[]): Definition[] {
  if (kind !== "exports") return [...definitions];
  const done: Definition[] = [];
  const visit = (definition: Definition, path: readonly string[]): void => {
    if (done.includes(definition) || path.includes(definition.name)) return;
    for (const name of (definition.startAfter as string[] | undefined) ?? []) {
      const before = definitions.find((each) => each.name === name);
      if (before) visit(before, [...path, definition.name]);
    }
    done.push(definition);
  };
  for (const definition of definitions) visit(definition, []);
  return done;
}

/** Whether the service has what the file says; what the file leaves out is the service's to choose. */
function isSame(present: Definition, wanted: Definition): boolean {
  const { $schema: _schema, consent: _consent, ...said } = wanted;
  return Object.entries(said).every(([key, value]) => canonical(present[key]) === canonical(value));
}

function canonical(value: unknown): string {
  const sorted = (_: string, part: unknown): unknown =>
    typeof part === "object" && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1))) : part;
  return JSON.stringify(value, sorted) ?? "undefined";
}

/** Does one step; `left` is it and all after it, which are told when it fails. */
async function take(client: ServiceClient, present: Present, { kind, name, what }: Step, wanted: Record<Kind, Definition[]>, left: readonly Step[]): Promise<void> {
  const record = present.records[kind].find((each) => each.name === name);
  const definition = wanted[kind].find((each) => each.name === name);
  const path = `/api/${kind}/${record?.id ?? ""}`;
  const on = { "if-match": record?.etag ?? "" };
  try {
    if (what === "create" && definition) await client.call("POST", `/api/${kind}`, present.body(kind, definition));
    else if (what === "update" && definition) {
      const { consent: _consent, keyName, ...body } = present.body(kind, definition);
      // A key that stays the same is not entered anew.
      const renewed = keyName !== undefined && (record?.key as { name?: string } | undefined)?.name !== keyName;
      await client.call("PATCH", path, { ...body, ...(renewed ? { keyName } : {}) }, on);
    } else if (kind === "connections") await client.call("POST", `${path}/remove`, { all: "detach" }, on);
    else await client.call("DELETE", path, undefined, on);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const open = `Not applied: ${left.map(named).join(", ")}. What is listed before was applied and stays.`;
    throw new CommandError(error.exitCode, `${named({ kind, name })}: ${error.message}`, [error.remedy, open].filter((text) => text !== undefined).join("\n"));
  }
}
