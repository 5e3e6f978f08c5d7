/** The rows of data matching that there may be many of: custom fields and tags. */
import type { JSX } from "preact";
import type { Account, FieldMapping, Mapping, TagMapping } from "../../../src/types.js";
import type { Problem } from "../api.js";
import { type Key, named, t } from "../i18n.js";
import { fieldColumn, fieldName, tagColumn } from "../mapping.js";
import { issueAt, SelectField, TextField } from "../ui.js";

const ORDERS: [string, Key][] = [["", "match.isoOnly"], ["ymd", "match.ymd"], ["mdy", "match.mdy"], ["dmy", "match.dmy"]];

interface RowsProps {
  mapping: Partial<Mapping>;
  onMapping: (mapping: Partial<Mapping>) => void;
  names: readonly string[];
  problem: Problem | undefined;
}

/** A list with one of it changed, or taken out. */
function changed<T>(all: readonly T[], at: number, one: T | undefined): T[] {
  return all.flatMap((each, place) => (place === at ? (one === undefined ? [] : [one]) : [each]));
}

const choose = (names: readonly string[]): { value: string; label: string }[] => [{ value: "", label: t("match.choose") }, ...names.map((name) => ({ value: name, label: name }))];

/** Custom fields, each with its type. */
export function Fields({ mapping, onMapping, account, names, unsure, problem }: RowsProps & { account: Account | undefined; unsure: readonly string[] }): JSX.Element {
  const fields = mapping.fields ?? [];
  const titles = account?.fields ?? [];
  const titleOf = (field: FieldMapping): string => ("id" in field ? (titles.find(({ id }) => String(id) === String(field.id))?.title ?? String(field.id)) : fieldName(field));
  const put = (at: number, field: FieldMapping | undefined): void => onMapping({ ...mapping, fields: changed(fields, at, field) });
  return (
    <section>
      <h3>{t("match.fields")}</h3>
      {fields.map((field, at) => {
        const title = titleOf(field);
        const half = (title === "") !== (fieldColumn(field) === "") ? t("match.half") : undefined;
        return (
          <FieldRow key={at} field={field} title={title} account={account} names={names} isUnsure={unsure.includes(title)} issue={issueAt(problem, `mapping.fields[${at}]`)?.message ?? half} onField={(next) => put(at, next)} />
        );
      })}
      {titles.length === 0 ? <p class="quiet">{t("match.noFields")}</p> : <button type="button" disabled={names.length === 0} onClick={() => onMapping({ ...mapping, fields: [...fields, { field: "", column: "" }] })}>{t("match.add")}</button>}
    </section>
  );
}

interface FieldRowProps {
  field: FieldMapping;
  title: string;
  account: Account | undefined;
  names: readonly string[];
  isUnsure: boolean;
  issue: string | undefined;
  onField: (field: FieldMapping | undefined) => void;
}

function FieldRow({ field, title, account, names, isUnsure, issue, onField }: FieldRowProps): JSX.Element {
  const titles = (account?.fields ?? []).map((each) => each.title);
  const type = account?.fields.find((each) => each.title === title)?.type;
  const order = (chosen: string): void => {
    const { dateOrder: _order, ...rest } = field;
    onField((chosen === "" ? rest : { ...rest, dateOrder: chosen }) as FieldMapping);
  };
  return (
    <div class="row field-row">
      <SelectField label={t("match.field")} hint={type === undefined ? undefined : `${t("match.type")}: ${named("type", type)}`} issue={issue} value={title} choices={choose([...new Set([...(title === "" ? [] : [title]), ...titles])])} onChange={(chosen) => onField({ field: chosen, column: fieldColumn(field) })} />
      <SelectField label={t("match.column")} value={fieldColumn(field)} choices={choose(names)} onChange={(column) => onField(withColumn(field, column))} />
      {type === "date" || type === "datetime" ? <SelectField label={t("match.dateOrder")} hint={isUnsure && field.dateOrder === undefined ? t("match.unsure") : undefined} value={field.dateOrder ?? ""} choices={ORDERS.map(([value, key]) => ({ value, label: t(key) }))} onChange={order} /> : null}
      <button type="button" class="small" aria-label={`${t("do.remove")}: ${title || t("match.field")}`} onClick={() => onField(undefined)}>×</button>
    </div>
  );
}

/** A column takes the place of a template. */
function withColumn(field: FieldMapping, column: string): FieldMapping {
  const { template: _template, ...rest } = field as FieldMapping & { template?: string };
  return { ...rest, column } as FieldMapping;
}

/** Tags: the same for everybody, or from each profile's own value. */
export function Tags({ mapping, onMapping, names, problem }: RowsProps): JSX.Element {
  const tags = mapping.tags ?? [];
  const put = (at: number, tag: TagMapping | undefined): void => onMapping({ ...mapping, tags: changed(tags, at, tag) });
  const add = (tag: TagMapping): void => onMapping({ ...mapping, tags: [...tags, tag] });
  return (
    <section>
      <h3>{t("match.tags")}</h3>
      {tags.map((tag, at) => {
        const issue = issueAt(problem, `mapping.tags[${at}]`)?.message;
        return (
          <div class="row field-row" key={at}>
            {typeof tag === "string" ? (
              <TextField label={t("match.tag")} hint={t("match.oneTag")} issue={issue} value={tag} onInput={(text) => put(at, text)} />
            ) : (
              <>
                <SelectField label={t("match.tagColumn")} issue={issue} value={tagColumn(tag)} choices={choose(names)} onChange={(column) => put(at, { ...tag, column } as TagMapping)} />
                <TextField label={t("match.tagPrefix")} hint={t("match.tagPrefixHint")} value={tag.prefix ?? ""} onInput={(prefix) => { const { prefix: _prefix, ...rest } = tag; put(at, (prefix === "" ? rest : { ...rest, prefix }) as TagMapping); }} />
              </>
            )}
            <button type="button" class="small" aria-label={`${t("do.remove")}: ${(typeof tag === "string" ? tag : tagColumn(tag)) || t("match.tags")}`} onClick={() => put(at, undefined)}>×</button>
          </div>
        );
      })}
      <div class="row">
        <button type="button" onClick={() => add("")}>{t("match.addTag")}</button>
        <button type="button" disabled={names.length === 0} onClick={() => add({ column: "" })}>{t("match.addTagColumn")}</button>
      </div>
    </section>
  );
}
