/** Every change, and whether the chain of its entries is whole. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { AuditEntry } from "../../../src/service/documents.js";
import { ask, every } from "../api.js";
import { t, time } from "../i18n.js";
import { Heading, Notice, Trouble, useData, useWork } from "../ui.js";
import { actionWords, targetOf } from "../words.js";

export function Audit(): JSX.Element {
  const [entries, setEntries] = useState<AuditEntry[]>([]);
  const [next, setNext] = useState<number>();
  const [found, setFound] = useState<{ whole: boolean; firstBroken?: number }>();
  const { busy, problem, run } = useWork();
  const load = (before?: number): Promise<void> =>
    run(async () => {
      const { value } = await ask<{ items: AuditEntry[]; next?: number }>("GET", `audit?limit=100${before === undefined ? "" : `&before=${before}`}`);
      setEntries((each) => [...(before === undefined ? [] : each), ...value.items]);
      setNext(value.next);
    });
  useEffect(() => void load(), []);
  const names = useNames();
  const check = (): Promise<void> => run(async () => setFound((await ask<{ whole: boolean; firstBroken?: number }>("GET", "audit/check")).value));
  return (
    <>
      <Heading actions={<button type="button" disabled={busy} onClick={() => void check()}>{t("audit.check")}</button>}>{t("audit.title")}</Heading>
      <p>{t("audit.text")}</p>
      {found === undefined ? null : <Notice kind={found.whole ? "good" : "bad"}>{found.whole ? t("audit.whole") : t("audit.broken", { n: found.firstBroken ?? 0 })}</Notice>}
      <Trouble problem={problem} />
      <div class="scroll" tabIndex={0} role="region" aria-label={t("audit.title")}>
        <table>
          <thead><tr><th scope="col" class="number">#</th><th scope="col">{t("audit.when")}</th><th scope="col">{t("audit.who")}</th><th scope="col">{t("audit.what")}</th><th scope="col">{t("audit.target")}</th></tr></thead>
          <tbody>{entries.map((entry) => <tr key={entry.number}><td class="number">{entry.number}</td><td class="time">{time(entry.at)}</td><td><bdi>{entry.user === "service" ? t("audit.service") : entry.user}</bdi></td><td title={entry.action}>{actionWords(entry.action)}</td><td title={entry.target}><Target target={entry.target} names={names} /></td></tr>)}</tbody>
        </table>
      </div>
      {next === undefined ? null : <button type="button" disabled={busy} onClick={() => void load(next)}>{t("do.more")}</button>}
    </>
  );
}

/** The names of the records that have some and are still there; without them, entries show ids. */
function useNames(): ReadonlyMap<string, string> {
  const read = (path: string): Promise<[string, string][]> => every<{ id: string; name: string }>(path).then((items) => items.map(({ id, name }) => [`${path.slice(0, -1)}/${id}`, name]), () => []);
  const data = useData("names", async () => ({ value: new Map((await Promise.all(["exports", "connections", "segments", "tokens"].map(read))).flat()), etag: "" }));
  return data.value ?? new Map<string, string>();
}

function Target({ target, names }: { target: string; names: ReadonlyMap<string, string> }): JSX.Element {
  const { id, words } = targetOf(target);
  const name = names.get(target);
  return <>{words} {name === undefined ? <code>{id}</code> : <bdi>{name}</bdi>}</>;
}
