/** What the service says, in the page: the user's language, or marked as English. */
import type { JSX } from "preact";
import { t } from "./i18n.js";
import type { Words } from "./words.js";

/** Whatever is said in English in a page of another language says so, to be read out as such. */
export function Said({ words }: { words: Words | readonly Words[] }): JSX.Element {
  const all = "text" in words ? [words] : words;
  return <>{all.map(({ text, lang }, at) => <>{at === 0 ? "" : " "}{lang === undefined ? text : <span lang={lang}>{text}</span>}</>)}</>;
}

/** The service's own sentences, where the page's say less. */
export function InEnglish({ words }: { words: Words | readonly Words[] }): JSX.Element | null {
  const all = ("text" in words ? [words] : words).flatMap(({ inEnglish }) => inEnglish ?? []);
  if (all.length === 0) return null;
  return <details><summary>{t("state.inEnglish")}</summary><p lang="en">{all.join(" ")}</p></details>;
}
