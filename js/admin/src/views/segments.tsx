/** Segments: which there are, and where each is read. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask, every, patched } from "../api.js";
import { bytes as size, number, t, time } from "../i18n.js";
import { useMe } from "../me.js";
import type { ListedExport } from "./exports.js";
import { type ListedSegment, kindOf, placeOf, SegmentEdit } from "./segment-edit.js";
import { Check, Confirm, Dialog, Empty, Heading, Loading, Trouble, useData, useWork } from "../ui.js";

export type { ListedSegment } from "./segment-edit.js";

export function Segments(): JSX.Element {
  const { role } = useMe();
  const may = role === "administrator" || role === "contributor";
  const data = useData("segments", async (path) => ({ value: await every<ListedSegment>(path), etag: "" }));
  const [edited, setEdited] = useState<ListedSegment | "new">();
  const [removed, setRemoved] = useState<ListedSegment>();
  const [managed, setManaged] = useState<ListedSegment>();
  const all = data.value ?? [];
  const make = may ? <button type="button" class="primary" onClick={() => setEdited("new")}>{t("segments.new")}</button> : null;
  const close = (): void => {
    setEdited(undefined);
    void data.reload();
  };
  return (
    <>
      <Heading actions={all.length === 0 ? null : make}>{t("segments.title")}</Heading>
      <Loading data={data}>
        {all.length === 0 ? <Empty title={t("segments.empty")} text={t("segments.emptyText")}>{make}</Empty> : (
          <div class="scroll" tabIndex={0} role="region" aria-label={t("segments.title")}>
            <table>
              <thead><tr><th scope="col">{t("segments.name")}</th><th scope="col">{t("segments.source")}</th><th scope="col" class="number">{t("segments.members")}</th><th scope="col">{t("segments.usedIn")}</th>{may ? <th scope="col">{t("do.edit")}</th> : null}</tr></thead>
              <tbody>
                {all.map((one) => (
                  <tr key={one.id}>
                    <th scope="row"><bdi>{one.name}</bdi>{one.kind === "static" || !one.active ? <> <span class="note">{one.kind === "static" ? t("segments.static") : t("segments.inactive")}</span></> : null}</th>
                    <td>{t(`segments.${kindOf(one)}`)} <bdi class="quiet">{placeOf(one)}</bdi>{kindOf(one) === "upload" ? <span class="note">{one.uploaded === undefined ? t("segments.nothingYet") : `${size(one.uploaded.bytes)} · ${time(one.uploaded.at)}`}</span> : null}</td>
                    <td class="number">{one.members === undefined ? "" : number(one.members)}</td>
                    <td><UsedIn id={one.id} /></td>
                    {may ? <td class="row"><button type="button" class="small" aria-label={`${t("segments.manage")}: ${one.name}`} onClick={() => setManaged(one)}>{t("segments.manage")}</button><button type="button" class="small" aria-label={`${t("do.edit")}: ${one.name}`} onClick={() => setEdited(one)}>{t("do.edit")}</button><button type="button" class="danger small" aria-label={`${t("do.remove")}: ${one.name}`} onClick={() => setRemoved(one)}>{t("do.remove")}</button></td> : null}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loading>
      {managed === undefined ? null : <Manage segment={managed} onClose={() => { setManaged(undefined); void data.reload(); }} />}
      {edited === undefined ? null : <SegmentEdit before={edited === "new" ? undefined : edited} onClose={close} onSaved={() => void data.reload()} />}
      {removed === undefined ? null : <Confirm title={`${t("do.remove")}: ${removed.name}`} text={t("segments.removeText")} go={t("do.remove")} onClose={() => setRemoved(undefined)} work={async () => { await ask("DELETE", `segments/${removed.id}`, { on: removed.etag }); await data.reload(); }} />}
    </>
  );
}

function UsedIn({ id }: { id: string }): JSX.Element {
  const data = useData<{ containing: { id: string; name: string }[] }>(`segments/${id}/exports`);
  return <>{data.value?.containing.map((one, at) => <span key={one.id}>{at === 0 ? "" : ", "}<a href={`/exports/${one.id}`}><bdi>{one.name}</bdi></a></span>)}</>;
}

/** The exports that a segment is in, and those that it is not in; only those that one may change can be ticked. */
function Manage({ segment, onClose }: { segment: ListedSegment; onClose: () => void }): JSX.Element {
  const data = useData("exports", async (path) => ({ value: await every<ListedExport>(path), etag: "" }));
  const [ticked, setTicked] = useState<Record<string, boolean>>({});
  const { busy, problem, run } = useWork();
  const all = data.value ?? [];
  const isIn = (one: ListedExport): boolean => ticked[one.id] ?? one.segments.includes(segment.id);
  const save = (): Promise<void> =>
    run(async () => {
      for (const one of all.filter((each) => isIn(each) !== each.segments.includes(segment.id))) {
        await patched<ListedExport>(`exports/${one.id}`, { value: one, etag: one.etag }, (now) => {
          const others = now.segments.filter((id) => id !== segment.id);
          return { segments: isIn(one) ? [...others, segment.id] : others };
        });
      }
      onClose();
    });
  return (
    <Dialog title={`${t("segments.manage")}: ${segment.name}`} onClose={onClose}>
      <p>{t("segments.manageText")}</p>
      <Loading data={data}>{all.map((one) => <Check key={one.id} label={one.name} checked={isIn(one)} disabled={one.permission === "view"} onChange={(yes) => setTicked({ ...ticked, [one.id]: yes })} />)}</Loading>
      <p><a href={`/exports/new?segment=${segment.id}`}>{t("segments.newExport")}</a></p>
      <Trouble problem={problem} />
      <div class="row end"><button type="button" onClick={onClose}>{t("do.cancel")}</button><button type="button" class="primary" disabled={busy} onClick={() => void save()}>{t("do.save")}</button></div>
    </Dialog>
  );
}

