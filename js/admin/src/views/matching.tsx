/** Data matching: which column goes where, with what a file of the segment says about it. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Account, FieldMapping, Mapping, ValueSource } from "../../../src/types.js";
import { ask, type Problem } from "../api.js";
import { type Key, t } from "../i18n.js";
import { type Arriving, columnsOf, type Columns, type DryRun, dryRunOf } from "../sample.js";
import { issueAt, Notice, problemOf, SelectField, TextField, Trouble, useWork } from "../ui.js";
import { ReasonBars } from "./chart.js";
import type { Draft } from "./export-edit.js";
import { Rows } from "./rejected.js";

const ORDERS: [string, Key][] = [["", "match.isoOnly"], ["ymd", "match.ymd"], ["mdy", "match.mdy"], ["dmy", "match.dmy"]];

const FIXED = ["email", "firstName", "lastName", "phone", "id"] as const;

/** What a setting names, where it is a plain column. */
function columnOf(source: ValueSource | undefined): string {
  if (source === undefined || typeof source === "string") return source ?? "";
  return "column" in source ? source.column : source.template;
}

interface MatchingProps {
  draft: Draft;
  onMapping: (mapping: Partial<Mapping>) => void;
  account: Account | undefined;
  problem: Problem | undefined;
}

export function Matching({ draft, onMapping, account, problem }: MatchingProps): JSX.Element {
  const { mapping } = draft;
  const [columns, setColumns] = useState<string[]>([]);
  const [file, setFile] = useState<File>();
  const work = useWork();
  const take = ({ columns: found, mapping: suggested }: Columns): void => {
    setColumns(found);
    // What somebody has chosen stays.
    onMapping({ ...suggested, ...mapping, fields: mapping.fields ?? suggested.fields ?? [] });
  };
  const read = (chosen: File): Promise<void> =>
    work.run(async () => {
      setFile(undefined);
      setColumns([]);
      const found = await columnsOf(chosen, account);
      setFile(chosen);
      take(found);
    });
  const fromSegment = (): Promise<void> =>
    work.run(async () => {
      const [segment] = draft.segments;
      const path = `segments/${segment ?? ""}/suggestions${draft.connection === "" ? "" : `?connection=${draft.connection}`}`;
      take((await ask<Columns>("GET", path)).value);
    });
  const set = (name: (typeof FIXED)[number] | "consent", column: string): void => {
    const { [name]: _before, ...rest } = mapping;
    onMapping(column === "" ? rest : { ...rest, [name]: column });
  };
  // A column that is mapped is there, whatever has been read.
  const used = [...FIXED.map((name) => columnOf(mapping[name])), ...(mapping.fields ?? []).map(fieldColumn), consentColumn(mapping)].filter((name) => name !== "");
  const choices = [{ value: "", label: t("match.notSent") }, ...[...new Set([...columns, ...used])].map((name) => ({ value: name, label: name }))];
  return (
    <>
      <p>{t("match.text")}</p>
      <Drop onFile={(chosen) => void read(chosen)} />
      {draft.segments.length === 0 ? null : <button type="button" disabled={work.busy} onClick={() => void fromSegment()}>{t("match.fromSegment")}</button>}
      <Trouble problem={work.problem} />
      {choices.length === 1 ? <p class="quiet">{t("match.noColumns")}</p> : null}
      <div class="matching">
        {FIXED.map((name) => <SelectField key={name} label={t(`match.${name}`)} hint={name === "email" ? t("state.required") : t("state.optional")} issue={issueAt(problem, `mapping.${name}`)?.message} value={columnOf(mapping[name])} choices={choices} onChange={(column) => set(name, column)} />)}
        <SelectField label={t("match.consent")} hint={t("match.consentText")} value={consentColumn(mapping)} choices={choices.map((choice) => (choice.value === "" ? { ...choice, label: t("match.everybody") } : choice))} onChange={(column) => set("consent", column)} />
      </div>
      <Fields mapping={mapping} onMapping={onMapping} account={account} choices={choices} problem={problem} />
      <TextField label={t("match.tag")} hint={t("match.oneTag")} value={(mapping.tags ?? []).find((tag) => typeof tag === "string") ?? ""} onInput={(tag) => onMapping({ ...mapping, tags: [...(mapping.tags ?? []).filter((each) => typeof each !== "string"), ...(tag === "" ? [] : [tag])] })} />
      {file === undefined ? null : columnOf(mapping.email) === "" ? <Notice>{t("match.chooseEmail")}</Notice> : <Sample file={file} draft={draft} account={account} />}
    </>
  );
}

function consentColumn({ consent }: Partial<Mapping>): string {
  return typeof consent === "object" ? consent.column : (consent ?? "");
}

function fieldColumn(field: FieldMapping): string {
  return "column" in field ? field.column : field.template;
}

function Drop({ onFile }: { onFile: (file: File) => void }): JSX.Element {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer?.files ?? [];
    if (file) onFile(file);
  };
  return (
    <div class={over ? "drop over" : "drop"} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={dropped}>
      <label for="sample">{t("match.drop")}</label>
      <input ref={input} id="sample" type="file" accept=".csv,.ndjson,.jsonl,text/csv" onChange={(event) => { const [file] = event.currentTarget.files ?? []; if (file) onFile(file); }} />
      <p class="hint">{t("match.dropText")}</p>
    </div>
  );
}

interface FieldsProps {
  mapping: Partial<Mapping>;
  onMapping: (mapping: Partial<Mapping>) => void;
  account: Account | undefined;
  choices: { value: string; label: string }[];
  problem: Problem | undefined;
}

/** Custom fields, each with its type. */
function Fields({ mapping, onMapping, account, choices, problem }: FieldsProps): JSX.Element {
  const fields = mapping.fields ?? [];
  const titles = account?.fields ?? [];
  const put = (at: number, field: FieldMapping | undefined): void => onMapping({ ...mapping, fields: fields.flatMap((each, place) => (place === at ? (field ? [field] : []) : [each])) });
  const nameOf = (field: FieldMapping): string => ("id" in field ? (titles.find(({ id }) => String(id) === String(field.id))?.title ?? String(field.id)) : field.field);
  return (
    <>
      {fields.map((field, at) => {
        const title = nameOf(field);
        const type = titles.find((each) => each.title === title)?.type;
        const issue = issueAt(problem, `mapping.fields[${at}]`)?.message;
        return (
          <div class="row field-row" key={at}>
            <SelectField label={t("match.field")} hint={type === undefined ? undefined : `${t("match.type")}: ${type}`} issue={issue} value={title} choices={[...new Set([title, ...titles.map((each) => each.title)])].map((value) => ({ value, label: value }))} onChange={(chosen) => put(at, { field: chosen, column: fieldColumn(field) })} />
            <SelectField label={t("match.column")} value={fieldColumn(field)} choices={choices.filter(({ value }) => value !== "")} onChange={(column) => put(at, { ...field, column } as FieldMapping)} />
            {type === "date" || type === "datetime" ? <SelectField label={t("match.dateOrder")} value={field.dateOrder ?? ""} choices={ORDERS.map(([value, key]) => ({ value, label: t(key) }))} onChange={(order) => { const { dateOrder: _order, ...rest } = field; put(at, (order === "" ? rest : { ...rest, dateOrder: order }) as FieldMapping); }} /> : null}
            <button type="button" class="small" aria-label={`${t("do.remove")}: ${title}`} onClick={() => put(at, undefined)}>×</button>
          </div>
        );
      })}
      <button type="button" disabled={titles.length === 0 || choices.length < 2} onClick={() => onMapping({ ...mapping, fields: [...fields, { field: titles.find(({ title }) => !fields.some((each) => nameOf(each) === title))?.title ?? "", column: choices[1]?.value ?? "" }] })}>{t("match.add")}</button>
    </>
  );
}

/** What a run would make of the file: read by the same core, beside the page. */
function Sample({ file, draft, account }: { file: File; draft: Draft; account: Account | undefined }): JSX.Element {
  const [run, setRun] = useState<DryRun>();
  const [problem, setProblem] = useState<Problem>();
  const [reading, setReading] = useState(false);
  const text = JSON.stringify([draft.mapping, draft.list]);
  useEffect(() => {
    const { mapping, list } = draft;
    if (columnOf(mapping.email) === "") return undefined;
    let current = true;
    const later = setTimeout(() => {
      setReading(true);
      dryRunOf(file, mapping as Mapping, Number(list) || 1, account).then(
        (found) => { if (current) { setRun(found); setProblem(undefined); setReading(false); } },
        (error: unknown) => { if (current) { setProblem(problemOf(error)); setReading(false); } },
      );
    }, 300);
    return () => {
      current = false;
      clearTimeout(later);
    };
  }, [file, text, account]);
  if (problem) return <Trouble problem={problem} />;
  if (!run) return <p class="quiet" role="status">{t("match.reading", { name: file.name })}</p>;
  const { summary: { read, accepted, rejected, duplicate, excluded, batches, minutes, rejectedByRule, omissions }, contacts, rejected: rows } = run;
  return (
    <section aria-busy={reading}>
      <h3 id="sample-title">{t("match.preview")}</h3>
      <p>{t("match.counts", { read, accepted, rejected, duplicate, excluded })} · {t("match.estimate", { n: batches, minutes: t("time.minutes", { n: Math.max(1, Math.ceil(minutes)) }) })}</p>
      <Contacts contacts={contacts} account={account} />
      {Object.keys(rejectedByRule).length === 0 ? null : <><h4>{t("match.reasons")}</h4><ReasonBars counts={rejectedByRule} words={(rule) => rows.find((row) => row.rule === rule)?.reason ?? rule} /><Rows rows={rows} /></>}
      {omissions.length === 0 ? null : <><h4>{t("match.left")}</h4><ReasonBars counts={Object.fromEntries(omissions.map(({ target, reason, count }) => [`${target}: ${reason}`, count]))} words={(text) => text} /></>}
    </section>
  );
}

function Contacts({ contacts, account }: { contacts: readonly Arriving[]; account: Account | undefined }): JSX.Element | null {
  if (contacts.length === 0) return null;
  const plain = ["email", "first_name", "last_name", "phone"].filter((name) => contacts.some((contact) => contact[name] !== undefined));
  const fieldsOf = (contact: Arriving): { id: unknown; value: unknown }[] => (Array.isArray(contact.fields) ? (contact.fields as { id: unknown; value: unknown }[]) : []);
  const ids = [...new Set(contacts.flatMap((contact) => fieldsOf(contact).map(({ id }) => String(id))))];
  const words: Record<string, string> = { email: t("match.email"), first_name: t("match.firstName"), last_name: t("match.lastName"), phone: t("match.phone") };
  const tagged = contacts.some(({ tags }) => Array.isArray(tags) && tags.length > 0);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("match.preview")}>
      <table>
        <thead><tr>{plain.map((name) => <th key={name} scope="col">{words[name]}</th>)}{ids.map((id) => <th key={id} scope="col"><bdi>{account?.fields.find((field) => String(field.id) === id)?.title ?? id}</bdi></th>)}{tagged ? <th scope="col">Tags</th> : null}</tr></thead>
        <tbody>
          {contacts.map((contact, at) => (
            <tr key={at}>
              {plain.map((name) => <td key={name}><bdi>{String(contact[name] ?? "")}</bdi></td>)}
              {ids.map((id) => <td key={id}><bdi>{String(fieldsOf(contact).find((field) => String(field.id) === id)?.value ?? "")}</bdi></td>)}
              {tagged ? <td><bdi>{Array.isArray(contact.tags) ? contact.tags.join(", ") : ""}</bdi></td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
