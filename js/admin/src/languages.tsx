/** The choice of a language. */
import type { JSX } from "preact";
import { choose, language, type Language, LANGUAGE_NAMES, t } from "./i18n.js";

export function Languages(): JSX.Element {
  return (
    <select aria-label={t("app.language")} value={language} onChange={(event) => choose(event.currentTarget.value as Language)}>
      {Object.entries(LANGUAGE_NAMES).map(([name, label]) => <option key={name} value={name}>{label}</option>)}
    </select>
  );
}
