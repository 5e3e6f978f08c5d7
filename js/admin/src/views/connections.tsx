/** Connections: whole for administrators, by name for those who may use them. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Connection } from "../../../src/service/documents.js";
import { ask, every, Refused } from "../api.js";
import { type Key, t, time } from "../i18n.js";
import { useMe } from "../me.js";
import { Dialog, Empty, Heading, Loading, SelectField, type Sort, sorted, SortedHeadings, Trouble, useData, useWork } from "../ui.js";

export type ListedConnection = Pick<Connection, "id" | "name" | "type"> & Partial<Omit<Connection, "id" | "name" | "type">> & { etag?: string };

export function sharingWords({ sharing }: ListedConnection): string {
  if (sharing?.with === "users") return sharing.users.join(", ");
  return sharing?.with === "contributors" ? t("connections.contributors") : t("connections.admins");
}

type Column = "name" | "host" | "who" | "created";

const COLUMNS: [Column, Key][] = [["name", "connections.name"], ["host", "connections.host"], ["who", "connections.who"], ["created", "connections.created"]];

const keyOf = (one: ListedConnection, column: Column): string => {
  if (column === "who") return sharingWords(one);
  return column === "name" ? one.name : ((column === "host" ? one.host : one.createdAt) ?? "");
};

export function Connections(): JSX.Element {
  const me = useMe();
  const administrator = me.role === "administrator";
  const data = useData("connections", async (path) => ({ value: await every<ListedConnection>(path), etag: "" }));
  const [removed, setRemoved] = useState<ListedConnection>();
  const [sort, setSort] = useState<Sort<Column>>({ column: "name", down: false });
  const all = sorted(data.value ?? [], sort, keyOf);
  const make = administrator ? <a class="button primary" href="/connections/new">{t("connections.new")}</a> : null;
  return (
    <>
      <Heading actions={make}>{t("connections.title")}</Heading>
      <Loading data={data}>
        {all.length === 0 ? <Empty title={t("connections.empty")} text={administrator ? t("connections.emptyText") : t("connections.emptyOther")}>{make}</Empty> : (
          <div class="scroll" tabIndex={0} role="region" aria-label={t("connections.title")}>
            <table>
              <thead><tr><SortedHeadings columns={administrator ? COLUMNS : COLUMNS.slice(0, 1)} sort={sort} onSort={setSort} />{administrator ? <th scope="col">{t("do.remove")}</th> : null}</tr></thead>
              <tbody>
                {all.map((one) => (
                  <tr key={one.id}>
                    <th scope="row">{administrator ? <a href={`/connections/${one.id}`}><bdi>{one.name}</bdi></a> : <bdi>{one.name}</bdi>}</th>
                    {administrator ? <><td><bdi>{one.host}</bdi></td><td><bdi>{sharingWords(one)}</bdi></td><td class="time">{time(one.createdAt)}</td><td><button type="button" class="danger small" aria-label={`${t("do.remove")}: ${one.name}`} onClick={() => setRemoved(one)}>{t("do.remove")}</button></td></> : null}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loading>
      {removed === undefined ? null : <Removal connection={removed} onClose={() => setRemoved(undefined)} onRemoved={() => { setRemoved(undefined); void data.reload(); }} />}
    </>
  );
}

/** Shows what uses a connection, and asks what becomes of each. */
function Removal({ connection, onClose, onRemoved }: { connection: ListedConnection; onClose: () => void; onRemoved: () => void }): JSX.Element {
  const used = useData<{ items: { id: string; name: string }[] }>(`connections/${connection.id}/exports`);
  const [each, setEach] = useState<Record<string, "detach" | "remove">>({});
  const { busy, problem, run } = useWork();
  const exports = used.value?.items ?? [];
  const go = (): Promise<void> =>
    run(async () => {
      const plan = Object.fromEntries(exports.map(({ id }) => [id, each[id] ?? "detach"]));
      try {
        await ask("POST", `connections/${connection.id}/remove`, { body: { each: plan }, on: connection.etag ?? "" });
      } catch (error) {
        // Somebody has made another export on it meanwhile.
        if (error instanceof Refused && error.problem.code === "in_use") await used.reload();
        throw error;
      }
      onRemoved();
    });
  return (
    <Dialog title={t("connections.removeTitle", { name: connection.name })} onClose={onClose}>
      <p>{t("connections.removeText")}</p>
      <Loading data={used}>
        {exports.length === 0 ? null : <p>{t("connections.inUse", { n: exports.length })} {t("connections.detachText")}</p>}
        {exports.map(({ id, name }) => <SelectField key={id} label={name} value={each[id] ?? "detach"} choices={[{ value: "detach", label: t("connections.detachEach") }, { value: "remove", label: t("connections.removeEach") }]} onChange={(value) => setEach({ ...each, [id]: value as "detach" | "remove" })} />)}
      </Loading>
      <Trouble problem={problem} />
      <div class="row end">
        <button type="button" onClick={onClose}>{t("do.cancel")}</button>
        <button type="button" class="danger" disabled={busy || used.value === undefined} onClick={() => void go()}>{t("do.remove")}</button>
      </div>
    </Dialog>
  );
}
