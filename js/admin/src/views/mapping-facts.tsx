/** Data matching in words, one line a target. */
import type { JSX } from "preact";
import type { Account, Mapping, ValueSource } from "../../../src/types.js";
import { t } from "../i18n.js";
import { columnOf, consentColumn, fieldColumn, FIXED, tagColumn } from "../mapping.js";

export function MappingFacts({ mapping, account }: { mapping: Partial<Mapping>; account?: Account | undefined }): JSX.Element {
  const titleOf = (id: string): string => account?.fields.find((field) => String(field.id) === id)?.title ?? id;
  const plain = FIXED.filter((name) => mapping[name] !== undefined).map((name): [string, string] => [t(`match.${name}`), columnOf(mapping[name] as ValueSource)]);
  const fields = (mapping.fields ?? []).map((field): [string, string] => ["field" in field ? field.field : titleOf(String(field.id)), fieldColumn(field)]);
  const tags = (mapping.tags ?? []).map((tag): [string, string] => [t("match.tags"), typeof tag === "string" ? `“${tag}”` : `${tag.prefix ?? ""}${tagColumn(tag)}`]);
  const consent = (["consent", "subscribe"] as const).flatMap((name): [string, string][] => {
    const setting = mapping[name];
    const no = typeof setting === "object" && setting.negated === true;
    return setting === undefined ? [] : [[t(`match.${name}`), no ? t("match.saysNo", { column: consentColumn(setting) }) : consentColumn(setting)]];
  });
  return (
    <ul class="mapped">
      {[...plain, ...consent, ...fields, ...tags].map(([target, column], at) => <li key={at}><bdi>{target}</bdi> <span class="quiet" aria-hidden="true">←</span> <bdi>{column}</bdi></li>)}
    </ul>
  );
}
