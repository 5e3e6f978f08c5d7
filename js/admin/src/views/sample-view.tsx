/** What a run would make of a file: read by the same core, beside the page. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Account, Mapping } from "../../../src/types.js";
import type { Problem } from "../api.js";
import { duration, t } from "../i18n.js";
import { type Arriving, type DryRun, dryRunOf } from "../sample.js";
import { Notice, problemOf, Trouble } from "../ui.js";
import { ReasonBars } from "./chart.js";
import { Left, Rows, useRules } from "./rejected.js";

/** A file to look at, and what it is called. */
export interface Looked {
  file: Blob;
  name: string;
  /** Only the first rows of a segment, not all of them. */
  firstRows: boolean;
}

export function Sample({ looked: { file, name, firstRows }, mapping, list, account }: { looked: Looked; mapping: Mapping; list: number; account: Account | undefined }): JSX.Element {
  const [run, setRun] = useState<DryRun>();
  const [problem, setProblem] = useState<Problem>();
  const [reading, setReading] = useState(false);
  const words = useRules();
  const text = JSON.stringify([mapping, list]);
  useEffect(() => {
    let current = true;
    const later = setTimeout(() => {
      setReading(true);
      dryRunOf(file, mapping, list, account).then(
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
  if (!run) return <p class="quiet" role="status">{t("match.reading", { name })}</p>;
  const { summary: { read, accepted, rejected, duplicate, excluded, batches, minutes, rejectedByRule, omissions }, contacts, rejected: rows } = run;
  return (
    <section aria-busy={reading} class={reading ? "old" : undefined}>
      <h3>{t("match.preview")}</h3>
      {firstRows ? <p class="quiet">{t("match.firstRows", { name })}</p> : null}
      <p>{t("match.counts", { read, accepted, rejected, duplicate, excluded })}{firstRows || batches === 0 ? null : ` · ${t("match.estimate", { n: batches, minutes: duration(minutes * 60_000) })}`}{reading ? ` · ${t("match.again")}` : null}</p>
      <Contacts contacts={contacts} account={account} />
      {Object.keys(rejectedByRule).length === 0 ? null : <><h4>{t("match.reasons")}</h4><ReasonBars counts={rejectedByRule} words={words} label={t("match.reasons")} /><h4>{t("match.rejectedFirst")}</h4><Rows rows={rows} /></>}
      {(rejectedByRule.invalid_utf8 ?? 0) > 0 ? <Notice kind="warning">{t("match.notUtf8")}</Notice> : null}
      <Left omissions={omissions} />
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
        <thead><tr>{plain.map((name) => <th key={name} scope="col">{words[name]}</th>)}{ids.map((id) => <th key={id} scope="col"><bdi>{account?.fields.find((field) => String(field.id) === id)?.title ?? id}</bdi></th>)}{tagged ? <th scope="col">{t("match.tags")}</th> : null}</tr></thead>
        <tbody>
          {contacts.map((contact, at) => (
            <tr key={at}>
              {plain.map((name) => <td key={name}><bdi>{String(contact[name] ?? "")}</bdi></td>)}
              {ids.map((id) => <td key={id}><bdi>{String(fieldsOf(contact).find((field) => String(field.id) === id)?.value ?? "")}</bdi></td>)}
              {tagged ? <td>{(Array.isArray(contact.tags) ? (contact.tags as string[]) : []).map((tag) => <bdi key={tag} class="tag">{tag}</bdi>)}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
