/** `pull` and `apply`: connections, segments and exports as a folder of JSON. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, EXIT, fileTrouble, wrong } from "./errors.js";
import { readJson } from "./files.js";
import { ending, print } from "./output.js";
import { FILE_SHAPES, fileSchema, type Kind, ServiceClient, type ServiceRecord } from "./service-client.js";
import { clean } from "./text.js";

export interface DefinitionsOptions {
  url: string;
  prune?: boolean;
  dryRun?: boolean;
}

const KINDS = Object.keys(FILE_SHAPES) as Kind[];
const ONE: Record<Kind, string> = { connections: "connection", segments: "segment", exports: "export" };

/** What a file says of a record. */
type Definition = Record<string, unknown> & { name: string };

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
    const written: string[] = [];
    for (const kind of KINDS) {
      put(join(folder, "schemas"), `${ONE[kind]}.schema.json`, fileSchema(kind));
      const names = new Set<string>();
      for (const record of present.records[kind]) {
        const file = fileName(record.name, names);
        put(join(folder, kind), file, { $schema: `../schemas/${ONE[kind]}.schema.json`, ...present.definition(kind, record) });
        written.push(`  ${kind}/${file}`);
      }
      const others = filesOf(folder, kind).filter((file) => !names.has(file));
      if (others.length > 0) written.push(...others.map((file) => `  ${kind}/${clean(file)} stands for nothing in the service: apply would make it`));
    }
    print([`Written to ${clean(folder)}:`, ...written]);
    return EXIT.done;
  });
}

/** A name that every file system takes; numbered where two would be the same. */
function fileName(name: string, taken: Set<string>): string {
  const stem = name.toLowerCase().replaceAll(/[^\p{Letter}\p{Number}]+/gu, "-").replaceAll(/^-|-$/gu, "").slice(0, 80) || "unnamed";
  let file = `${stem}.json`;
  for (let number = 2; taken.has(file); number += 1) file = `${stem}-${number}.json`;
  taken.add(file);
  return file;
}

function put(folder: string, file: string, value: unknown): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, file), `${JSON.stringify(value, null, 2)}\n`);
  } catch (error) {
    throw new CommandError(EXIT.stopped, `${clean(join(folder, file))} could not be written: ${fileTrouble(error)}.`);
  }
}

function filesOf(folder: string, kind: Kind): string[] {
  const path = join(folder, kind);
  return existsSync(path) ? readdirSync(path).filter((file) => file.endsWith(".json")).sort() : [];
}

/** All files of a folder, each looked at as a whole; every mistake is told at once. */
function read(folder: string): Record<Kind, Definition[]> {
  if (!KINDS.some((kind) => existsSync(join(folder, kind)))) throw wrong(`${clean(folder)} has no folder of ${KINDS.join(", ")}.`, "Write one with `pull`.");
  const mistakes: string[] = [];
  const found = { connections: [], segments: [], exports: [] } as Record<Kind, Definition[]>;
  for (const kind of KINDS) {
    const names = new Map<string, string>();
    for (const file of filesOf(folder, kind)) {
      const path = `${kind}/${file}`;
      const parsed = FILE_SHAPES[kind].safeParse(readJson(join(folder, kind, file), ONE[kind]));
      if (!parsed.success) {
        mistakes.push(...parsed.error.issues.map((issue) => `${path}: ${issue.path.join(".") || "the whole"}: ${issue.message}`));
        continue;
      }
      const before = names.get(parsed.data.name);
      if (before !== undefined) mistakes.push(`${path}: has the same name as ${before}`);
      names.set(parsed.data.name, path);
      found[kind].push(parsed.data as Definition);
    }
  }
  if (mistakes.length > 0) throw wrong(`Some definitions are wrong; nothing was changed:\n${mistakes.map((mistake) => `  ${clean(mistake)}`).join("\n")}`);
  return found;
}

/** One thing that is to be done. */
interface Step {
  kind: Kind;
  name: string;
  what: "create" | "update" | "remove";
}

export function applyCommand(folder: string, { url, prune = false, dryRun = false }: DefinitionsOptions): Promise<number> {
  return ending({ what: "Not everything was applied" }, async () => {
    const wanted = read(folder);
    const client = new ServiceClient(url);
    let present = await Present.read(client);
    const steps = plan(wanted, present, prune);
    const left = prune ? [] : plan(wanted, present, true).filter(({ what }) => what === "remove");
    print(steps.length === 0 ? ["Nothing to change."] : steps.map(({ what, kind, name }) => `${dryRun ? "would " : ""}${what} ${ONE[kind]} ${clean(name)}`));
    if (left.length > 0) print([`${left.length} in the service ${left.length === 1 ? "has" : "have"} no file, and ${left.length === 1 ? "stays" : "stay"}; --prune removes: ${left.map(({ name }) => clean(name)).join(", ")}`]);
    if (dryRun) return EXIT.done;
    for (const step of steps) {
      await take(client, present, step, wanted);
      // What was made has an id by which the next ones name it.
      present = await Present.read(client);
    }
    return EXIT.done;
  });
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

async function take(client: ServiceClient, present: Present, { kind, name, what }: Step, wanted: Record<Kind, Definition[]>): Promise<void> {
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
    if (error instanceof CommandError) throw new CommandError(error.exitCode, `${ONE[kind]} ${clean(name)}: ${error.message}`, error.remedy);
    throw error;
  }
}
