/** The list of exports. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Export, RunStatus } from "../../../src/service/documents.js";
import { ask, every } from "../api.js";
import { ago, type Key, named, t, time } from "../i18n.js";
import { useMe } from "../me.js";
import { timesWords } from "./schedule.js";
import { Schedules } from "./schedules.js";
import { Confirm, Empty, Heading, Loading, Notice, type Sort, sorted, SortedHeadings, Status, useData, useLooking } from "../ui.js";

export interface ListedExport extends Export {
  connectionName?: string;
  connectionType?: string;
  permission: "edit" | "view";
  status: RunStatus | "not_started";
  lastRun?: { id: string; status: RunStatus; trigger: string; at: string };
  nextRunAt?: string;
  etag: string;
}

/** While one of these is there, something moves. */
export const LIVE: ReadonlySet<string> = new Set(["queued", "refreshing", "failed_retrying"]);

type Column = "name" | "connectionName" | "status" | "lastRun" | "schedule" | "permission";
const COLUMNS: [Column, Key][] = [["name", "exports.name"], ["connectionName", "exports.connection"], ["status", "exports.status"], ["lastRun", "exports.lastRun"], ["schedule", "exports.schedule"], ["permission", "exports.permission"]];

/** What a schedule says in a few words. */
export function scheduleWords({ schedule, nextRunAt }: ListedExport): string {
  if (!schedule.active) return t("schedule.off");
  if (schedule.type === "refresh") return t("schedule.refresh");
  return nextRunAt === undefined ? timesWords(schedule) : t("schedule.nextAt", { time: time(nextRunAt) });
}

const keyOf = (one: ListedExport, column: Column): string => {
  if (column === "lastRun") return one.lastRun?.at ?? "";
  if (column === "schedule") return scheduleWords(one);
  return column === "status" ? named("status", one.status) : (one[column] ?? "");
};

export function Exports(): JSX.Element {
  const me = useMe();
  const data = useData("exports", async (path) => ({ value: await every<ListedExport>(path), etag: "" }));
  const connections = useData(me.role === "viewer" ? undefined : "connections", async (path) => ({ value: await every<{ id: string }>(path), etag: "" }));
  const live = data.value?.some(({ status }) => LIVE.has(status)) ?? false;
  useLooking(data.reload, live);
  const [scheduling, setScheduling] = useState(false);
  const [search, setSearch] = useState("");
  const [sort, setSort] = useState<Sort<Column>>({ column: "name", down: false });
  const all = data.value ?? [];
  const words = search.trim().toLowerCase();
  const found = all.filter((one) => [one.name, one.connectionName, one.connectionType].some((text) => text?.toLowerCase().includes(words)));
  const mayMake = (connections.value?.length ?? 0) > 0;
  const make = mayMake ? <a class="button primary" href="/exports/new">{t("exports.new")}</a> : null;
  return (
    <>
      <Heading actions={<>{all.some(({ permission }) => permission === "edit") ? <button type="button" onClick={() => setScheduling(true)}>{t("exports.schedules")}</button> : null}<RunAll exports={all} reload={data.reload} />{make}</>}>{t("exports.title")}</Heading>
      <Loading data={data}>
        {all.length === 0 ? (
          <Empty title={t("exports.empty")} text={t("exports.emptyText")}>
            {mayMake ? make : me.role === "administrator" ? <a class="button primary" href="/connections/new">{t("connections.new")}</a> : <p>{t("exports.emptyNoConnection")}</p>}
          </Empty>
        ) : (
          <>
            <input type="search" class="search" aria-label={t("do.search")} placeholder={t("exports.searchHint")} value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
            {found.length === 0 ? <p class="quiet">{t("exports.nothingFound")}</p> : <Table exports={sorted(found, sort, keyOf)} sort={sort} onSort={setSort} />}
          </>
        )}
      </Loading>
      {scheduling ? <Schedules exports={all} onClose={() => { setScheduling(false); void data.reload(); }} /> : null}
    </>
  );
}

function Table({ exports, sort, onSort }: { exports: ListedExport[]; sort: Sort<Column>; onSort: (sort: Sort<Column>) => void }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("exports.title")}>
      <table>
        <thead>
          <tr>
            <SortedHeadings columns={COLUMNS} sort={sort} onSort={onSort} />
          </tr>
        </thead>
        <tbody>
          {exports.map((one) => (
            <tr key={one.id}>
              <th scope="row"><a href={`/exports/${one.id}`}><bdi>{one.name}</bdi></a></th>
              <td>{one.connectionName === undefined ? <span class="quiet">{t("exports.detached")}</span> : <><bdi>{one.connectionName}</bdi> <span class="note">ActiveCampaign</span></>}</td>
              <td><Status status={one.status} /></td>
              <td>{one.lastRun === undefined ? null : <a href={`/runs/${one.lastRun.id}`} title={time(one.lastRun.at)}>{ago(one.lastRun.at)}</a>}</td>
              <td>{scheduleWords(one)}</td>
              <td>{t(`permission.${one.permission}`)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RunAll({ exports, reload }: { exports: ListedExport[]; reload: () => Promise<void> }): JSX.Element | null {
  const [asked, setAsked] = useState(false);
  const [started, setStarted] = useState<number>();
  const count = exports.filter(({ permission, schedule, connection }) => permission === "edit" && schedule.active && connection !== null).length;
  if (count === 0) return null;
  const go = async (): Promise<void> => {
    const { value } = await ask<{ items: unknown[] }>("POST", "run-all");
    setStarted(value.items.length);
    await reload();
  };
  return (
    <>
      {started === undefined ? null : <Notice kind="good">{t("exports.started", { n: started })}</Notice>}
      <button type="button" onClick={() => setAsked(true)}>{t("exports.runAll")}</button>
      {asked ? <Confirm title={t("exports.runAll")} text={`${t("exports.runAllText")} ${t("exports.runAllCount", { n: count })}`} go={t("exports.runAll")} work={go} onClose={() => setAsked(false)} /> : null}
    </>
  );
}
