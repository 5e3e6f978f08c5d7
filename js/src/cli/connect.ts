/** From options to a connection: which account, which key. */
import type { Connection, ExportDefinition } from "../types.js";
import { wrong } from "./errors.js";
import { readJson, readKey, requireKey } from "./files.js";
import { clean } from "./text.js";

/** Options that say which account is meant. */
export interface AccountOptions {
  definition?: string;
  host?: string;
  sandbox?: string;
  keyFile?: string;
  allowHost?: string[];
}

/** Stands in for the hostname where only a sandbox is named; nothing is ever sent to it. */
const SANDBOX_HOST = "sandbox.api-us1.com";

/** A definition as it stands in its file; the core checks it key by key. */
export function readDefinition(path: string): ExportDefinition {
  return readJson(path, "definition") as ExportDefinition;
}

/** The hostname in a definition, whatever else is wrong with it. */
export function hostIn(definition: unknown): string | undefined {
  if (typeof definition !== "object" || definition === null || !("host" in definition)) return undefined;
  return typeof definition.host === "string" ? definition.host : undefined;
}

function connectionWith(apiKey: string, options: AccountOptions, host: string | undefined): Connection {
  const bound = host ?? (options.sandbox === undefined ? undefined : SANDBOX_HOST);
  return {
    apiKey,
    allowedHosts: options.allowHost ?? [],
    ...(bound === undefined ? {} : { host: bound }),
    ...(options.sandbox === undefined ? {} : { sandbox: options.sandbox }),
  };
}

/** For commands that cannot do without the account. */
export function requireConnection(options: AccountOptions, definition: unknown): Connection {
  const host = options.host ?? hostIn(definition);
  if (host === undefined && options.sandbox === undefined) {
    if (options.definition === undefined) throw wrong("Which account? Give --host, --definition or --sandbox.");
    throw wrong(`The definition ${clean(options.definition)} names no host.`, 'Add "host": "ACCOUNT.api-us1.com", or give --sandbox.');
  }
  return connectionWith(requireKey(options.keyFile, options.sandbox), options, host);
}

/** For commands that can do without: nothing when there is no key or no account. */
export function findConnection(options: AccountOptions, definition: unknown): Connection | { missing: string } {
  const key = readKey(options.keyFile);
  if (key === undefined) return { missing: "no key is given" };
  const host = options.host ?? hostIn(definition);
  if (host === undefined && options.sandbox === undefined) return { missing: "no account is named" };
  return connectionWith(key, options, host);
}

/** The account as people know it. */
export function accountName(connection: Connection, definition?: unknown): string {
  const host = connection.host ?? hostIn(definition) ?? "the account";
  return clean(connection.sandbox === undefined ? host : `the sandbox ${connection.sandbox}`);
}
