/** Makes or edits an export, step by step: connection, list, segments, data matching, review. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import type { Export, Schedule } from "../../../src/service/documents.js";
import type { Account, Issue, Mapping } from "../../../src/types.js";
import { ask, every, onceFor } from "../api.js";
import { type Key, number, t } from "../i18n.js";
import { columnsIn, withoutEmpty } from "../mapping.js";
import { useMe } from "../me.js";
import { Said } from "../said.js";
import { type Data, Check, Heading, issueAt, Issues, Loading, Notice, NotYours, problemOf, SelectField, TextField, Trouble, useData, useWork } from "../ui.js";
import { issueWords } from "../words.js";
import type { ListedConnection } from "./connections.js";
import type { ListedExport } from "./exports.js";
import { Leaving } from "./leaving.js";
import { MappingFacts } from "./mapping-facts.js";
import { Matching, type Read } from "./matching.js";
import { ScheduleEdit } from "./schedule.js";
import type { ListedSegment } from "./segments.js";

export interface Draft {
  name: string;
  connection: string;
  list: string;
  segments: string[];
  mapping: Partial<Mapping>;
  automations: "exclude" | "run";
  schedule: Schedule;
}

const EMPTY: Draft = { name: "", connection: "", list: "", segments: [], mapping: {}, automations: "exclude", schedule: { type: "refresh", active: true } };
const STEPS = ["edit.step1", "edit.step2", "edit.step3", "edit.step4", "edit.step5"] as const;

/** The settings that each step shows with what is wrong with them. */
const SHOWN = [["connection"], ["list"], ["segments"], ["mapping.email", "mapping.firstName", "mapping.lastName", "mapping.phone", "mapping.id", "mapping.consent", "mapping.fields", "mapping.tags"], ["name"]] as const;

/** The step at which a setting is chosen. */
const STEP_OF: [string, number][] = [["connection", 0], ["host", 0], ["list", 1], ["segments", 2], ["source", 2], ["mapping", 3]];

function draftOf({ name, connection, list, segments, mapping, automations, schedule }: Export): Draft {
  return { name, connection: connection ?? "", list: String(list), segments, mapping, automations, schedule };
}

function bodyOf({ name, connection, list, segments, mapping, automations, schedule }: Draft): unknown {
  return { name, connection: connection === "" ? null : connection, list: Number(list), segments, mapping, automations, schedule };
}

export function ExportEdit(): JSX.Element {
  const { params: { id }, query } = useRoute();
  const before = useData<ListedExport>(id === undefined ? undefined : `exports/${id}`);
  // A segment that it was started from is chosen already.
  const [draft, setDraft] = useState(query.segment === undefined ? EMPTY : { ...EMPTY, segments: [query.segment] });
  const [step, setStep] = useState(0);
  const [saved, setSaved] = useState<{ id: string; warnings: Issue[] }>();
  const { busy, problem, run, mended } = useWork();
  const account = useData<Account>(draft.connection === "" ? undefined : `connections/${draft.connection}/account`);
  const [touched, setTouched] = useState(false);
  const [read, setRead] = useState<Read>();
  const [missing, setMissing] = useState<Key>();
  const [form] = useState(() => ({}));
  const change = (part: Partial<Draft>): void => {
    setTouched(true);
    mended(Object.keys(part));
    setDraft((each) => ({ ...each, ...part }));
  };
  const [taken, setTaken] = useState(false);
  useEffect(() => {
    // Once: what is read again after a conflict must not take the place of what was entered.
    if (!before.value || taken) return;
    setDraft(draftOf(before.value));
    setTaken(true);
  }, [before.value]);
  const save = (): Promise<void> =>
    run(async () => {
      // Rows that nobody filled in are no part of it; what is left keeps its place for what is said of it.
      const cleaned = { ...draft, mapping: withoutEmpty(draft.mapping) };
      setDraft(cleaned);
      const body = bodyOf(cleaned);
      try {
        const { value } = before.value ? await ask<Saved>("PATCH", `exports/${before.value.id}`, { body, on: before.etag }) : await ask<Saved>("POST", "exports", { body, once: onceFor(form, body) });
        setTouched(false);
        setSaved({ id: value.export.id, warnings: value.warnings });
      } catch (error) {
        const { status, issues = [] } = problemOf(error);
        if (status === 412) await before.reload();
        // To where the first mistake can be mended.
        const place = issues.map(({ path }) => STEP_OF.find(([name]) => path.startsWith(name))?.[1]).find((found) => found !== undefined);
        if (place !== undefined) setStep(place);
        throw error;
      }
    });
  const go = (to: number): void => {
    setMissing(to > step ? missingAt(draft, step) : undefined);
    if (to > step && missingAt(draft, step) !== undefined) return;
    setStep(to);
  };
  if (saved) {
    return (
      <>
        <Heading>{draft.name}</Heading>
        <Notice kind="good">{t("edit.saved")}</Notice>
        {saved.warnings.length === 0 ? null : <Notice kind="warning"><Issues issues={saved.warnings} /></Notice>}
        <div class="row"><a class="button primary" href={`/exports/${saved.id}`}>{t("edit.open")}</a><a class="button" href={`/exports/${saved.id}?check`}>{t("export.check")}</a><a class="button" href="/">{t("edit.all")}</a></div>
      </>
    );
  }
  const parts = [
    <ConnectionStep key="1" draft={draft} change={change} issue={issueAt(problem, "connection")?.message} />,
    <ListStep key="2" draft={draft} change={change} account={account} issue={issueAt(problem, "list")?.message} />,
    <SegmentStep key="3" draft={draft} change={change} issue={issueAt(problem, "segments")?.message} />,
    <Matching key="4" draft={draft} onMapping={(mapping) => change({ mapping })} account={account.value} problem={problem} read={read} onRead={setRead} />,
    <Review key="5" draft={draft} change={change} account={account.value} nameIssue={issueAt(problem, "name")?.message} />,
  ];
  const last = step === STEPS.length - 1;
  const editor = (
    <>
      <Steps step={step} reachable={reachable(draft)} onStep={go} />
      <Leaving unsaved={touched} />
      <Trouble problem={problem} fields={SHOWN[step] ?? []} />
      <section class="step" aria-labelledby="step"><h2 id="step">{t(STEPS[step] ?? "edit.step1")}</h2>{parts[step]}</section>
      <div class="row end">
        {missing === undefined ? null : <span class="hint bad" role="alert">{t(missing)}</span>}
        {step === 0 ? <a class="button" href={id === undefined ? "/" : `/exports/${id}`}>{t("do.cancel")}</a> : <button key="back" type="button" onClick={() => go(step - 1)}>{t("do.back")}</button>}
        {/* The second click of a double one on "Next" is no wish to save. */}
        {last ? <button key="save" type="button" class="primary" disabled={busy} onClick={(event) => { if (event.detail < 2) void save(); }}>{t("edit.save")}</button> : <button key="next" type="button" class="primary" onClick={() => go(step + 1)}>{t("do.next")}</button>}
      </div>
    </>
  );
  return (
    <>
      <Heading>{id === undefined ? t("edit.new") : `${t("edit.title")}: ${before.value?.name ?? ""}`}</Heading>
      {id === undefined ? editor : <Loading data={before.value ? { value: before.value, reload: before.reload } : before}>{before.value?.permission === "view" ? <NotYours /> : editor}</Loading>}
    </>
  );
}

interface Saved {
  export: Export;
  warnings: Issue[];
}

/** What a step needs before the next one. */
function missingAt({ connection, list, segments, mapping }: Draft, step: number): Key | undefined {
  if (step === 0 && connection === "") return "edit.needConnection";
  if (step === 1 && list === "") return "edit.needList";
  if (step === 2 && segments.length === 0) return "edit.needSegment";
  return step === 3 && columnsIn(mapping).length > 0 && mapping.email === undefined ? "match.chooseEmail" : undefined;
}

/** The last step that can be gone to: the list is the connection's, and nothing goes anywhere without a list. */
function reachable({ connection, list }: Draft): number {
  if (connection === "") return 0;
  return list === "" ? 1 : STEPS.length - 1;
}

function Steps({ step, reachable: last, onStep }: { step: number; reachable: number; onStep: (step: number) => void }): JSX.Element {
  return (
    <ol class="steps" aria-label={t("edit.steps")}>
      {STEPS.map((key, at) => <li key={key}><button type="button" class="plain" disabled={at > last} aria-current={at === step ? "step" : undefined} onClick={() => onStep(at)}><span aria-hidden="true">{number(at + 1)}</span> {t(key)}</button></li>)}
    </ol>
  );
}

interface StepProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  issue?: string | undefined;
}

function ConnectionStep({ draft, change, issue }: StepProps): JSX.Element {
  const me = useMe();
  const data = useData("connections", async (path) => ({ value: await every<ListedConnection>(path), etag: "" }));
  const choices = (data.value ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <Loading data={data}>
      {choices.length === 0 ? me.role === "administrator" ? <p>{t("edit.makeConnection")} <a href="/connections/new">{t("connections.new")}</a></p> : <p>{t("edit.noConnection")}</p> : <SelectField label={t("edit.chooseConnection")} issue={issue} hint="ActiveCampaign" value={draft.connection} choices={[{ value: "", label: "" }, ...choices]} onChange={(connection) => change({ connection, list: "" })} />}
    </Loading>
  );
}

function ListStep({ draft, change, account, issue }: StepProps & { account: Data<Account> }): JSX.Element {
  if (account.problem) {
    return (
      <>
        <Trouble problem={account.problem} />
        <TextField label={t("edit.listId")} hint={t("edit.listUnread")} issue={issue} type="number" min={1} value={draft.list} onInput={(list) => change({ list })} />
      </>
    );
  }
  const words = ({ id, name, activeSubscribers }: Account["lists"][number]): string => `${name} (${id})${activeSubscribers === undefined ? "" : ` · ${t("edit.subscribers", { n: activeSubscribers })}`}`;
  return (
    <Loading data={account}>
      <SelectField label={t("export.list")} hint={t("edit.listText")} issue={issue} value={draft.list} choices={[{ value: "", label: "" }, ...(account.value?.lists ?? []).map((list) => ({ value: String(list.id), label: words(list) }))]} onChange={(list) => change({ list })} />
    </Loading>
  );
}

function SegmentStep({ draft, change, issue }: StepProps): JSX.Element {
  const data = useData("segments", async (path) => ({ value: await every<ListedSegment>(path), etag: "" }));
  const { maxProfiles } = useMe();
  const members = (data.value ?? []).filter(({ id }) => draft.segments.includes(id)).reduce((sum, segment) => sum + (segment.members ?? 0), 0);
  const chosen = (id: string, yes: boolean): void => change({ segments: yes ? [...draft.segments, id] : draft.segments.filter((each) => each !== id) });
  return (
    <Loading data={data}>
      <p>{t("edit.segmentsText")}</p>
      {data.value?.length === 0 ? <p>{t("edit.noSegments")} <a href="/segments">{t("nav.segments")}</a></p> : null}
      {data.value?.map(({ id, name, members }) => <Check key={id} label={name} {...(members === undefined ? {} : { hint: t("edit.members", { n: members }) })} checked={draft.segments.includes(id)} onChange={(yes) => chosen(id, yes)} />)}
      {members > maxProfiles ? <Notice kind="warning">{t("edit.tooMany", { members, most: maxProfiles })}</Notice> : null}
      {issue === undefined ? null : <p class="hint bad"><Said words={issueWords({ message: issue })} /></p>}
    </Loading>
  );
}

function Review({ draft, change, account, nameIssue }: StepProps & { account: Account | undefined; nameIssue: string | undefined }): JSX.Element {
  const list = account?.lists.find(({ id }) => String(id) === draft.list);
  const named = (path: string): { id: string; name: string }[] | undefined => useData(path, async (each) => ({ value: await every<{ id: string; name: string }>(each), etag: "" })).value;
  const [connections, segments] = [named("connections"), named("segments")];
  const nameOf = (all: { id: string; name: string }[] | undefined, wanted: string): string => all?.find(({ id }) => id === wanted)?.name ?? "";
  return (
    <>
      <TextField label={t("exports.name")} hint={t("edit.nameHint")} issue={nameIssue} value={draft.name} onInput={(name) => change({ name })} />
      <dl class="facts">
        <dt>{t("exports.connection")}</dt><dd><bdi>{nameOf(connections, draft.connection)}</bdi></dd>
        <dt>{t("export.list")}</dt><dd><bdi>{list?.name ?? draft.list}</bdi></dd>
        <dt>{t("export.segments")}</dt><dd>{draft.segments.length === 0 ? t("state.none") : <bdi>{draft.segments.map((id) => nameOf(segments, id)).join(", ")}</bdi>}</dd>
        <dt>{t("export.matching")}</dt><dd>{columnsIn(draft.mapping).length === 0 ? t("state.none") : <MappingFacts mapping={withoutEmpty(draft.mapping)} account={account} />}</dd>
      </dl>
      <Check label={t("edit.automations")} hint={t("edit.automationsText")} checked={draft.automations === "run"} onChange={(yes) => change({ automations: yes ? "run" : "exclude" })} />
      <ScheduleEdit schedule={draft.schedule} onChange={(schedule) => change({ schedule })} />
      <Notice>{t("edit.reviewText")}</Notice>
    </>
  );
}
