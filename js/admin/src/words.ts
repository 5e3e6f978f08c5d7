/** What the service and the core say, in the user's language; in English they say it themselves. */
import type { Issue, Omission, Stop } from "../../src/types.js";
import type { Problem } from "./api.js";
import { filled, isOwnText, type Key, language, type Language, named, t } from "./i18n.js";
import * as sl from "./texts/service-sl.js";

export interface Words {
  text: string;
  /** Set where the text is the service's English in a page of another language. */
  lang?: "en";
  /** What the service says in English, where the text says less. */
  inEnglish?: string;
}

const LANGUAGES: Partial<Record<Language, typeof sl>> = { sl };
const known = (): typeof sl | undefined => LANGUAGES[language];

/** What is known, or the service's own words. */
const wordsOf = (text: string | undefined, own: string): Words => (text === undefined ? ownWords(own) : { text });
/** What the page itself says of a field is in the user's language already. */
const ownWords = (own: string): Words => (known() && own !== "" && !isOwnText(own) ? { text: own, lang: "en" } : { text: own });

export function ruleWords(rule: string, reason: string, remedy = ""): { reason: Words; remedy: Words } {
  const found = known()?.RULES[rule];
  // What the account itself says of a contact is told beside it.
  const account = rule === "refused_by_account" && said(reason, rule) === undefined;
  return {
    reason: found && account ? { text: found.reason, inEnglish: reason } : wordsOf(found?.reason, reason),
    remedy: remedy === "" ? { text: "" } : wordsOf(found?.remedy, remedy),
  };
}

export function omissionWords({ target, code, reason }: Pick<Omission, "target" | "code" | "reason">): Words {
  const { text, ...rest } = wordsOf(known()?.OMISSIONS[code], reason);
  return { text: `${target === "phone" ? t("match.phone") : target}: ${text}`, ...rest };
}

/** What a problem is, and what to do. */
export function problemWords({ status, code, detail, remedy }: Problem): Words[] {
  if (code === "unreachable") return [{ text: t("state.unreachable") }];
  if (status === 412) return [{ text: t("state.changed") }];
  const { what, remedy: toDo } = stopWords({ code, message: detail, remedy });
  return [detail === "" ? { text: t("state.failed") } : what, toDo].filter(({ text }) => text !== "");
}

/** Why something stopped or waits, and what to do. */
export function stopWords({ code, message, remedy }: Pick<Stop, "code" | "message" | "remedy">): { what: Words; remedy: Words } {
  const [what, toDo] = [said(message, code), said(remedy, code)];
  const general = known()?.GENERAL[code];
  if (what !== undefined || general === undefined || message === "") return { what: wordsOf(what, message), remedy: wordsOf(toDo, remedy) };
  const untold = toDo === undefined && remedy !== "";
  return { what: { text: general, inEnglish: untold ? `${message} ${remedy}` : message }, remedy: { text: toDo ?? "" } };
}

export function issueWords({ code, message }: Partial<Pick<Issue, "code">> & Pick<Issue, "message">): Words {
  const { text, ...rest } = wordsOf(said(message, code), message);
  return { text: plain(text), ...rest };
}

/** Settings by the names that they have on the page. */
const SETTINGS: Readonly<Record<string, Key>> = {
  "mapping.email": "match.email", "mapping.firstName": "match.firstName", "mapping.lastName": "match.lastName", "mapping.phone": "match.phone", "mapping.id": "match.id",
  "mapping.consent": "match.consent", "mapping.subscribe": "match.subscribe", name: "exports.name", list: "export.list", segments: "export.segments", host: "connections.host",
};

/** Without the paths of settings, which only programs know. */
function plain(text: string): string {
  return text.replaceAll(/`([\w.]+)`/gu, (whole, path: string) => {
    const key = SETTINGS[path];
    return key === undefined ? whole : t(key);
  });
}

/** The privacy statement: whoever runs the service may have one of his own, in whatever language. */
export function privacyWords(text: string): Words {
  const [english, own] = known()?.PRIVACY ?? [];
  return { text: own !== undefined && english === text ? filled(own, {}) : text };
}

export const actionWords = (action: string): string => named("action", action);

/** What kind of record a target such as `export/k3v` is, and which. */
export function targetOf(target: string): { kind: string; id: string; words: string } {
  const [kind = "", ...rest] = target.split("/");
  return { kind, id: decodeURIComponent(rest.join("/")), words: named("kind", kind) };
}

/** One sentence of the service or several, or nothing where not all of them are known. */
function said(text: string, code = ""): string | undefined {
  if (!known() || text === "") return undefined;
  const whole = sentence(text, code);
  if (whole !== undefined) return whole;
  for (let at = text.indexOf(". "); at !== -1; at = text.indexOf(". ", at + 1)) {
    const first = sentence(text.slice(0, at + 1), code);
    const rest = first === undefined ? undefined : said(text.slice(at + 2), code);
    if (rest !== undefined) return `${first} ${rest}`;
  }
  return undefined;
}

/** Those that come with the code go first: words may be alike. */
function sentence(text: string, code: string): string | undefined {
  for (const pair of [...(known()?.SAID[code] ?? []), ...Object.values(known()?.SAID ?? {}).flat()]) {
    const found = like(pair, text);
    if (found !== undefined) return found;
  }
  return undefined;
}

const patterns = new Map<string, { pattern: RegExp; names: string[] }>();

function patternOf(english: string): { pattern: RegExp; names: string[] } {
  const made = patterns.get(english);
  if (made) return made;
  const names: string[] = [];
  const parts = english.split(/(\{\w+\})/u).map((part, at) => {
    if (at % 2 === 0) return part.replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`);
    const name = part.slice(1, -1);
    names.push(name);
    return /^[nmk]$/u.test(name) ? String.raw`(\d+)` : "(.+?)";
  });
  const found = { pattern: new RegExp(`^${parts.join("")}$`, "su"), names };
  patterns.set(english, found);
  return found;
}

function like([english, text]: sl.Pair, message: string): string | undefined {
  if (!english.includes("{")) return english === message ? filled(text, {}) : undefined;
  const { pattern, names } = patternOf(english);
  const match = pattern.exec(message);
  if (!match) return undefined;
  const values: Record<string, string | number> = {};
  for (const [at, name] of names.entries()) {
    const value = valueOf(name, match[at + 1] ?? "");
    if (value === undefined) return undefined;
    values[name] = value;
  }
  return filled(text, values);
}

function valueOf(name: string, value: string): string | number | undefined {
  if (/^[nmk]$/u.test(name)) return Number(value);
  if (name === "rule") return known()?.RULES[value]?.reason ?? value;
  // A sentence within another may have lost its full stop.
  return name.startsWith("said") ? (said(value) ?? said(`${value}.`)?.replace(/\.$/u, "")) : value;
}
