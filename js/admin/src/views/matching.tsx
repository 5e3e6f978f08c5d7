/** Data matching: which column goes where, with what a file or the first rows of a segment say about it. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Account, Mapping } from "../../../src/types.js";
import { ask, bytesOf, every, type Problem, Refused } from "../api.js";
import { bytes as size, type Key, t } from "../i18n.js";
import { columnOf, columnsIn, consentColumn, FIXED, type Fixed, fitted, usable } from "../mapping.js";
import { type Columns, columnsOf } from "../sample.js";
import { Check, issueAt, Notice, SelectField, Trouble, useData, useWork } from "../ui.js";
import type { Draft } from "./export-edit.js";
import { Fields, Tags } from "./matching-rows.js";
import { type Looked, Sample } from "./sample-view.js";
import type { ListedSegment } from "./segments.js";

const TYPES: Record<Fixed, Key> = { email: "type.email", firstName: "type.text", lastName: "type.text", phone: "type.phone", id: "type.text" };

interface MatchingProps {
  draft: Draft;
  onMapping: (mapping: Partial<Mapping>) => void;
  account: Account | undefined;
  problem: Problem | undefined;
  read: Read | undefined;
  onRead: (read: Read) => void;
}

/** What has been read, which stays when one goes to another step, and the mapping as it was suggested then. */
export interface Read {
  found: Columns;
  suggested: string;
  lost: string[];
  looked?: Looked;
}

export function Matching({ draft, onMapping, account, problem, read, onRead }: MatchingProps): JSX.Element {
  const { mapping } = draft;
  // While a slow source is read somebody goes on matching.
  const latest = useRef(mapping);
  latest.current = mapping;
  const work = useWork();
  const take = (found: Columns, looked?: Looked): void => {
    const now = latest.current;
    const untouched = columnsIn(now).length === 0 || JSON.stringify(now) === read?.suggested;
    const next = fitted(now, untouched, found);
    onRead({ found, lost: next.lost, suggested: untouched ? JSON.stringify(next.mapping) : "", ...(looked ? { looked } : {}) });
    onMapping(next.mapping);
  };
  const look = async (looked: Looked): Promise<void> => take(await columnsOf(looked.file, account), looked);
  const ofFile = (file: File): Promise<void> => work.run(() => look({ file, name: file.name, firstRows: false }));
  const ofSegment = ({ id, name }: ListedSegment): Promise<void> =>
    work.run(async () => {
      try {
        await look({ file: new Blob([await bytesOf(`segments/${id}/sample`)]), name, firstRows: true });
      } catch (error) {
        // Not everybody may see the people of a segment; its columns are no secret.
        if (!(error instanceof Refused) || (error.problem.status !== 403 && error.problem.code !== "not_here")) throw error;
        take((await ask<Columns>("GET", `segments/${id}/suggestions${draft.connection === "" ? "" : `?connection=${draft.connection}`}`)).value);
      }
    });
  // A column that is mapped is there, whatever has been read.
  const names = [...new Set([...(read?.found.columns ?? []), ...columnsIn(mapping)])];
  const mappable = usable(mapping);
  return (
    <>
      <p>{t("match.text")}</p>
      <Drop onFile={(file) => void ofFile(file)} />
      {work.busy ? <p class="quiet" role="status">{t("state.loading")}</p> : read?.looked === undefined ? null : <p><strong>{read.looked.firstRows ? t("match.readSegment", { name: read.looked.name }) : t("match.readFile", { name: read.looked.name, size: size(read.looked.file.size) })}</strong></p>}
      <FromSegments ids={draft.segments} busy={work.busy} onSegment={(segment) => void ofSegment(segment)} />
      <Trouble problem={work.problem} />
      {read === undefined || read.lost.length === 0 ? null : <Notice kind="warning">{t("match.lost", { columns: read.lost.join(", ") })}</Notice>}
      {names.length === 0 ? <p class="quiet">{t("match.noColumns")}</p> : null}
      <Targets mapping={mapping} onMapping={onMapping} names={names} found={read?.found} problem={problem} />
      <Fields mapping={mapping} onMapping={onMapping} account={account} names={names} unsure={read?.found.unsure ?? []} problem={problem} />
      <Tags mapping={mapping} onMapping={onMapping} names={names} problem={problem} />
      {read?.looked === undefined ? null : mappable === undefined ? <Notice>{t("match.chooseEmail")}</Notice> : <Sample looked={read.looked} mapping={mappable} list={Number(draft.list) || 1} account={account} />}
    </>
  );
}

/** The targets that every account has. */
function Targets({ mapping, onMapping, names, found, problem }: Pick<MatchingProps, "onMapping" | "problem"> & { mapping: Partial<Mapping>; names: readonly string[]; found: Columns | undefined }): JSX.Element {
  const set = (name: Fixed, column: string): void => {
    const { [name]: _before, ...rest } = mapping;
    onMapping(column === "" ? rest : { ...rest, [name]: column });
  };
  const choices = (none: string): { value: string; label: string }[] => [{ value: "", label: none }, ...names.map((name) => ({ value: name, label: name }))];
  const hint = (name: Fixed): string => {
    const need = `${t(TYPES[name])} · ${name === "email" ? t("state.required") : t("state.optional")}`;
    const column = columnOf(mapping[name]);
    return column !== "" && columnOf(found?.mapping[name]) === column ? `${need} · ${t("match.suggested")}` : need;
  };
  return (
    <div class="matching">
      {FIXED.map((name) => <SelectField key={name} label={t(`match.${name}`)} hint={hint(name)} issue={issueAt(problem, `mapping.${name}`)?.message} value={columnOf(mapping[name])} choices={choices(t("match.notSent"))} onChange={(column) => set(name, column)} />)}
      <ConsentTarget name="consent" none={t("match.everybody")} mapping={mapping} onMapping={onMapping} choices={choices} found={found} problem={problem} />
      <ConsentTarget name="subscribe" none={t("match.everybodyAdded")} mapping={mapping} onMapping={onMapping} choices={choices} found={found} problem={problem} />
    </div>
  );
}

interface ConsentTargetProps {
  name: "consent" | "subscribe";
  none: string;
  mapping: Partial<Mapping>;
  onMapping: (mapping: Partial<Mapping>) => void;
  choices: (none: string) => { value: string; label: string }[];
  found: Columns | undefined;
  problem: Problem | undefined;
}

/** A column that must say yes; or no, where it says who wants nothing. */
function ConsentTarget({ name, none, mapping, onMapping, choices, found, problem }: ConsentTargetProps): JSX.Element {
  const setting = mapping[name];
  const column = consentColumn(setting);
  const negated = typeof setting === "object" && setting.negated === true;
  const isSuggested = column !== "" && consentColumn(found?.mapping[name]) === column;
  const set = (next: Mapping["consent"]): void => {
    const { [name]: _before, ...rest } = mapping;
    onMapping(next === undefined ? rest : { ...rest, [name]: next });
  };
  const turn = (no: boolean): void => {
    const { negated: _no, ...rest } = typeof setting === "object" ? setting : { column };
    set(no ? { ...rest, negated: true } : "values" in rest ? rest : column);
  };
  return (
    <div>
      <SelectField label={t(`match.${name}`)} hint={`${t(`match.${name}Text`)}${isSuggested ? ` · ${t("match.suggested")}` : ""}`} issue={issueAt(problem, `mapping.${name}`)?.message} value={column} choices={choices(none)} onChange={(chosen) => set(chosen === "" ? undefined : chosen)} />
      {column === "" ? null : <Check label={t("match.negated")} hint={t("match.negatedText")} checked={negated} onChange={turn} />}
    </div>
  );
}

function Drop({ onFile }: { onFile: (file: File) => void }): JSX.Element {
  const [over, setOver] = useState(false);
  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer?.files ?? [];
    if (file) onFile(file);
  };
  const chosen = (input: HTMLInputElement): void => {
    const [file] = input.files ?? [];
    // So that the same file can be chosen again, once it was mended.
    input.value = "";
    if (file) onFile(file);
  };
  return (
    <div class={over ? "drop over" : "drop"} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={dropped}>
      <label for="sample">{t("match.drop")}</label>
      <input id="sample" type="file" accept=".csv,.ndjson,.jsonl,text/csv" onChange={(event) => chosen(event.currentTarget)} />
      <p class="hint">{t("match.dropText")}</p>
    </div>
  );
}

/** Or one of the segments that were chosen, as it stands where it is read. */
function FromSegments({ ids, busy, onSegment }: { ids: readonly string[]; busy: boolean; onSegment: (segment: ListedSegment) => void }): JSX.Element | null {
  const data = useData(ids.length === 0 ? undefined : "segments", async (path) => ({ value: await every<ListedSegment>(path), etag: "" }));
  const chosen = (data.value ?? []).filter(({ id }) => ids.includes(id));
  if (chosen.length === 0) return null;
  return <div class="row">{chosen.map((segment) => <button key={segment.id} type="button" disabled={busy} onClick={() => onSegment(segment)}>{t("match.fromSegment", { name: segment.name })}</button>)}</div>;
}
