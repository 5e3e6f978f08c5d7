/** A segment, made or changed: its name, and where it is read. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Segment, Upload } from "../../../src/service/documents.js";
import type { SourcePlaces } from "../../../src/service/runner.js";
import { ask, onceFor } from "../api.js";
import { bytes as size, t, time } from "../i18n.js";
import { Check, Dialog, issueAt, Loading, Notice, SelectField, TextField, Trouble, useData, useWork } from "../ui.js";

export type ListedSegment = Segment & { etag: string; uploaded?: Upload };
type Kind = SourcePlaces["kinds"][number];

export const kindOf = ({ source }: Segment): Kind => ("file" in source ? "file" : "url" in source ? "url" : "r2" in source ? "r2" : "upload");
export const placeOf = ({ source }: Segment): string => ("file" in source ? source.file : "url" in source ? source.url : "r2" in source ? source.r2 : "");

interface Draft {
  name: string;
  kind: Kind;
  place: string;
  members: string;
  isStatic: boolean;
  file?: File | undefined;
}

function draftOf(before: ListedSegment | undefined, kind: Kind): Draft {
  if (!before) return { name: "", kind, place: "", members: "", isStatic: false };
  return { name: before.name, kind: kindOf(before), place: placeOf(before), members: before.members === undefined ? "" : String(before.members), isStatic: before.kind === "static" };
}

interface SegmentEditProps {
  before: ListedSegment | undefined;
  onClose: () => void;
  /** It is saved, and stays open to say what became of the upload. */
  onSaved: () => void;
}

export function SegmentEdit(props: SegmentEditProps): JSX.Element {
  const places = useData<SourcePlaces>("sources");
  return (
    <Dialog title={props.before?.name ?? t("segments.new")} onClose={props.onClose}>
      <Loading data={places}>{places.value === undefined ? null : <Form {...props} places={places.value} />}</Loading>
    </Dialog>
  );
}

function Form({ before, onClose, onSaved, places: { kinds, names } }: SegmentEditProps & { places: SourcePlaces }): JSX.Element {
  const [draft, setDraft] = useState(() => draftOf(before, names.length === 0 ? "upload" : (kinds[0] ?? "upload")));
  // Whoever closes the dialog while a file is on its way does not want it to take the other's place.
  const [closing] = useState(() => new AbortController());
  useEffect(() => () => closing.abort(), []);
  const form = useRef<HTMLFormElement>(null);
  // The dialog was open before there was anything in it.
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  // Once it is saved it is changed, not made again.
  const [saved, setSaved] = useState(before);
  const [tried, setTried] = useState(false);
  const [kept, setKept] = useState<number>();
  const { busy, problem, run } = useWork();
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  const { name, kind, place, members, isStatic, file } = draft;
  const save = (): Promise<void> =>
    run(async () => {
      const source = kind === "upload" ? { upload: true } : { [kind]: place };
      const body = { name, source, kind: isStatic ? "static" : "dynamic", ...(members === "" ? (saved ? { members: null } : {}) : { members: Number(members) }) };
      const { value } = saved ? await ask<ListedSegment>("PATCH", `segments/${saved.id}`, { body, on: saved.etag }) : await ask<ListedSegment>("POST", "segments", { body, once: onceFor(closing, body) });
      setSaved(value);
      if (kind !== "upload" || !file) return onClose();
      onSaved();
      setKept((await ask<{ bytes: number }>("PUT", `segments/${value.id}/profiles`, { file, signal: closing.signal })).value.bytes);
      onSaved();
    });
  const issue = (path: string): string | undefined => issueAt(problem, path)?.message;
  const lacksFile = kind === "upload" && !file && saved?.uploaded === undefined;
  if (kept !== undefined) {
    return (
      <>
        <Notice kind="good">{t("segments.uploaded", { size: size(kept) })}</Notice>
        <div class="row end"><button type="button" class="primary" onClick={onClose}>{t("do.close")}</button></div>
      </>
    );
  }
  return (
    <form ref={form} onSubmit={(event) => { event.preventDefault(); setTried(true); if (!lacksFile) void save(); }}>
      <TextField label={t("segments.name")} value={name} onInput={(text) => change({ name: text })} issue={issue("name")} />
      <SelectField label={t("segments.source")} value={kind} choices={[...new Set([...kinds, kind])].map((value) => ({ value, label: t(`segments.${value}`) }))} onChange={(value) => change({ kind: value as Kind })} {...(kind === "upload" ? { issue: issue("source") } : {})} />
      {kind === "upload" ? <div class="field"><label for="upload">{t("segments.uploadFile")}</label><input id="upload" type="file" accept=".csv,.ndjson,.jsonl,text/csv" aria-describedby="upload-hint" onChange={(event) => change({ file: event.currentTarget.files?.[0] })} /><p id="upload-hint" class={tried && lacksFile ? "hint bad" : "hint"}>{saved?.uploaded === undefined ? t("segments.chooseFile") : t("segments.there", { size: size(saved.uploaded.bytes), time: time(saved.uploaded.at) })}</p></div>
        : <TextField label={t(`segments.${kind}`)} hint={kind === "url" ? t("segments.urlHint") : names.length === 0 ? t("segments.noNames") : t("segments.namesHint", { n: names.length })} value={place} onInput={(text) => change({ place: text })} issue={issue("source")} choices={kind === "url" ? [] : names} />}
      <TextField label={t("segments.members")} hint={t("segments.membersHint")} type="number" min={0} value={members} onInput={(text) => change({ members: text })} issue={issue("members")} />
      <Check label={t("segments.static")} checked={isStatic} onChange={(yes) => change({ isStatic: yes })} />
      {busy && file ? <Notice><p>{t("segments.uploading", { name: file.name, size: size(file.size) })}</p><progress aria-label={t("segments.uploadFile")} /></Notice> : null}
      <Trouble problem={problem} fields={["name", "source", "members"]} />
      <div class="row end"><button type="button" onClick={onClose}>{t("do.cancel")}</button><button type="submit" class="primary" disabled={busy}>{t("do.save")}</button></div>
    </form>
  );
}
