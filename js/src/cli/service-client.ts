/** Talks to a service. */
import { fileIssues, fileSchema, FILE_SHAPES, type Kind } from "../entry/service.js";
import type { Issue } from "../types.js";
import { CommandError, EXIT, wrong } from "./errors.js";
import { clean } from "./text.js";

export const TOKEN_VARIABLE = "ACTIVECAMPAIGN_EXPORT_TOKEN";

export { fileIssues, fileSchema, FILE_SHAPES, type Kind };

/** A record as the service gives it. */
export interface ServiceRecord {
  id: string;
  name: string;
  etag: string;
  [key: string]: unknown;
}

interface Told {
  detail?: string;
  remedy?: string;
  retryHelps?: boolean;
  issues?: Issue[];
}

export class ServiceClient {
  readonly #url: string;
  readonly #token: string;

  /** Throws a `CommandError` without a token, or with an address that is none. */
  constructor(url: string) {
    if (!URL.canParse(url) || !/^https?:$/u.test(new URL(url).protocol)) throw wrong("The address of the service is none.", "Give one such as http://127.0.0.1:8080.");
    const token = process.env[TOKEN_VARIABLE]?.trim();
    if (token === undefined || token === "") throw wrong(`There is no token: set ${TOKEN_VARIABLE}.`, "An administrator makes one; the first is shown when the service first starts.");
    this.#url = url.replace(/\/+$/u, "");
    this.#token = token;
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(`${this.#url}${path}`, {
        method, redirect: "error",
        headers: { authorization: `Bearer ${this.#token}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new CommandError(EXIT.stopped, "The service does not answer.", "Look whether it runs, and whether the address is right.");
    }
    const text = await response.text();
    if (response.ok) return text === "" ? undefined : JSON.parse(text);
    throw refused(response.status, text);
  }

  /** All records of a kind, whole. */
  async all(kind: Kind): Promise<ServiceRecord[]> {
    const records: ServiceRecord[] = [];
    for (let after = ""; ; ) {
      const page = (await this.call("GET", `/api/${kind}?limit=500${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`)) as { items: ServiceRecord[]; next?: string };
      records.push(...page.items);
      if (page.next === undefined) return records;
      after = page.next;
    }
  }
}

function refused(status: number, text: string): CommandError {
  let told: Told = {};
  try {
    told = JSON.parse(text) as Told;
  } catch {
    // Not the service's own words.
  }
  const issues = (told.issues ?? []).map(({ path, message, suggestion }) => `\n  ${clean(path)}: ${clean(message)}${suggestion === undefined ? "" : ` (${clean(suggestion)}?)`}`);
  const exit = told.retryHelps === true || status >= 500 ? EXIT.stopped : EXIT.wrong;
  return new CommandError(exit, `${clean(told.detail ?? `The service answered ${status}.`)}${issues.join("")}`, told.remedy === undefined ? undefined : clean(told.remedy));
}
