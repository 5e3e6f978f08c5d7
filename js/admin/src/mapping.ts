/** What data matching makes of a mapping: pure, so that it can be looked at alone. */
import type { ConsentColumn, FieldMapping, Mapping, TagMapping, ValueSource } from "../../src/types.js";
import type { Columns } from "./sample.js";

export const FIXED = ["email", "firstName", "lastName", "phone", "id"] as const;
export type Fixed = (typeof FIXED)[number];

/** What a setting names, where it is a plain column. */
export function columnOf(source: ValueSource | undefined): string {
  if (source === undefined || typeof source === "string") return source ?? "";
  return "column" in source ? source.column : source.template;
}

export function consentColumn(consent: ConsentColumn | undefined): string {
  return typeof consent === "object" ? consent.column : (consent ?? "");
}

export function fieldColumn(field: FieldMapping): string {
  return "column" in field ? field.column : field.template;
}

export function fieldName(field: FieldMapping): string {
  return "field" in field ? field.field : String(field.id);
}

export function tagColumn(tag: Exclude<TagMapping, string>): string {
  return "column" in tag ? tag.column : tag.template;
}

/** All columns that a mapping names. */
export function columnsIn(mapping: Partial<Mapping>): string[] {
  const tags = (mapping.tags ?? []).flatMap((tag) => (typeof tag === "string" ? [] : [tagColumn(tag)]));
  return [...FIXED.map((name) => columnOf(mapping[name])), ...(mapping.fields ?? []).map(fieldColumn), consentColumn(mapping.consent), consentColumn(mapping.subscribe), ...tags].filter((name) => name !== "");
}

/** Without rows that nobody has filled in at all. */
export function withoutEmpty(mapping: Partial<Mapping>): Partial<Mapping> {
  const { fields = [], tags = [], ...rest } = mapping;
  return {
    ...rest,
    fields: fields.filter((field) => fieldName(field) !== "" || fieldColumn(field) !== ""),
    tags: tags.filter((tag) => (typeof tag === "string" ? tag.trim() !== "" : tagColumn(tag) !== "")),
  };
}

/** What of a mapping a dry run can be made with, once there is an address. */
export function usable(mapping: Partial<Mapping>): Mapping | undefined {
  const { email, ...rest } = withoutEmpty(mapping);
  if (email === undefined) return undefined;
  return { ...rest, email, fields: (rest.fields ?? []).filter((field) => fieldName(field) !== "" && fieldColumn(field) !== "") };
}

/** A template names columns in its own way: it stays, and the core says what it thinks of it. */
const isTemplate = (source: object | string | undefined): boolean => typeof source === "object" && "template" in source;

/**
 * A mapping for the columns of another file: one that nobody has touched is suggested anew; of another, what names
 * columns that are there stays. `lost` are the columns that are not.
 */
export function fitted(mapping: Partial<Mapping>, untouched: boolean, { columns, mapping: suggested }: Columns): { mapping: Partial<Mapping>; lost: string[] } {
  if (untouched) return { mapping: { ...suggested, tags: mapping.tags ?? [] }, lost: [] };
  const there = new Set(columns);
  const lost: string[] = [];
  const keeps = (source: object | string | undefined, column: string): boolean => {
    if (column === "" || there.has(column) || isTemplate(source)) return true;
    lost.push(column);
    return false;
  };
  const kept: Partial<Mapping> = { ...mapping };
  for (const name of FIXED) {
    if (mapping[name] !== undefined && keeps(mapping[name], columnOf(mapping[name]))) continue;
    delete kept[name];
    if (suggested[name] !== undefined) Object.assign(kept, { [name]: suggested[name] });
  }
  for (const name of ["consent", "subscribe"] as const) if (!keeps(mapping[name], consentColumn(mapping[name]))) delete kept[name];
  kept.fields = (mapping.fields ?? []).filter((field) => keeps(field, fieldColumn(field)));
  kept.tags = (mapping.tags ?? []).filter((tag) => typeof tag === "string" || keeps(tag, tagColumn(tag)));
  return { mapping: kept, lost };
}
