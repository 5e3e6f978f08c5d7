/** Texts, numbers and times in the user's language. */
import { en } from "./texts/en.js";
import { sl } from "./texts/sl.js";

/** A text, or one for each plural of its `n`. */
export type Text = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);
export type Key = keyof typeof en;

const LANGUAGES = { en, sl } as const;
export type Language = keyof typeof LANGUAGES;
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", sl: "Slovenščina" };

const KEPT = "activecampaign-export language";

function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  const wanted = [kept, ...navigator.languages.map((name) => name.slice(0, 2))];
  return wanted.find((name): name is Language => name !== null && name in LANGUAGES) ?? "en";
}

/** The language of the texts; another one from `choose` on. */
export let language: Language = preferred();

/** Ways of writing plurals, numbers and times: the user's own ones of that language. */
interface Formats {
  locale: string;
  plurals: Intl.PluralRules;
  numbers: Intl.NumberFormat;
  times: Intl.DateTimeFormat;
  clocks: Intl.DateTimeFormat;
  relative: Intl.RelativeTimeFormat;
}

function formatsOf(name: Language): Formats {
  const locale = navigator.languages.find((each) => each.startsWith(name)) ?? name;
  return {
    locale, plurals: new Intl.PluralRules(locale), numbers: new Intl.NumberFormat(locale),
    times: new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }), clocks: new Intl.DateTimeFormat(locale, { timeStyle: "medium" }),
    relative: new Intl.RelativeTimeFormat(locale, { numeric: "auto" }),
  };
}

let formats = formatsOf(language);
document.documentElement.lang = language;
document.documentElement.dir = "ltr";

let onChosen: () => void = () => undefined;
/** Is told when the language has changed: everything is said anew, and what was entered stays. */
export function whenChosen(listener: () => void): void {
  onChosen = listener;
}

export function choose(name: Language): void {
  localStorage.setItem(KEPT, name);
  language = name;
  formats = formatsOf(name);
  document.documentElement.lang = name;
  onChosen();
}

export const clock = (millis: number): string => formats.clocks.format(millis);
export const number = (value: number): string => formats.numbers.format(value);
export const time = (value: string | undefined): string => (value === undefined ? "" : formats.times.format(new Date(value)));

/** A size, such as "1.4 MB". */
export function bytes(value: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), units.length - 1);
  return new Intl.NumberFormat(formats.locale, { style: "unit", unit: units[step] ?? "byte", unitDisplay: step === 0 ? "long" : "short", maximumFractionDigits: 1 }).format(value / 1_000 ** step);
}

/** How long ago or from now, such as "in 3 hours". */
export function ago(value: string): string {
  const seconds = (Date.parse(value) - Date.now()) / 1_000;
  const units: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
  const [unit, length] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return formats.relative.format(Math.round(seconds / length), unit);
}

export function duration(millis: number): string {
  const minutes = millis / 60_000;
  if (minutes < 1) return t("time.seconds", { n: Math.ceil(millis / 1_000) });
  return minutes < 120 ? t("time.minutes", { n: Math.ceil(minutes) }) : t("time.hours", { n: Math.round(minutes / 60) });
}

export const t = (key: Key, values: Record<string, string | number> = {}): string => filled(LANGUAGES[language][key], values);

/** Whether something is a text of the page as it stands. */
export const isOwnText = (text: string): boolean => (Object.values(LANGUAGES[language]) as Text[]).includes(text);

/** A text with its values, numbers as the user writes them. */
export function filled(text: Text, values: Record<string, string | number>): string {
  const chosen = typeof text === "string" ? text : (text[formats.plurals.select(Number(values.n ?? 0))] ?? text.other);
  return chosen.replaceAll(/\{(\w+)\}/gu, (_, name: string) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : (value ?? "");
  });
}

/** The text of a key that is made at run time, or what is known otherwise. */
export function named(prefix: string, name: string): string {
  const key = `${prefix}.${name}`;
  return key in en ? t(key as Key) : name;
}
