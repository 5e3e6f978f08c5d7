/** The few parts that every view is made of. */
import type { ComponentChildren, JSX, TargetedInputEvent } from "preact";
import { useCallback, useEffect, useId, useRef, useState } from "preact/hooks";
import type { Issue } from "../../src/types.js";
import { ask, type Answer, type Problem, Refused } from "./api.js";
import { type Key, named, t } from "./i18n.js";
import { InEnglish, Said } from "./said.js";
import { issueWords, problemWords } from "./words.js";

export function problemOf(error: unknown): Problem {
  return error instanceof Refused ? error.problem : { status: 0, code: "unknown", detail: "", remedy: "", retryHelps: true };
}

export interface Data<T> {
  value?: T;
  etag: string;
  problem?: Problem;
  reload(): Promise<void>;
}

/** What the service has at a path; nothing is asked while there is none. */
export function useData<T>(path: string | undefined, read: (path: string) => Promise<Answer<T>> = (each) => ask<T>("GET", each)): Data<T> {
  const [state, setState] = useState<{ path?: string; value?: T; etag: string; problem?: Problem }>({ etag: "" });
  const wanted = useRef(path);
  wanted.current = path;
  const reload = useCallback(async () => {
    if (path === undefined) return;
    try {
      const { value, etag } = await read(path);
      // A late answer is of no use to whoever has asked for something else since.
      if (wanted.current === path) setState({ path, value, etag });
    } catch (error) {
      if (wanted.current === path) setState((before) => ({ ...(before.path === path ? before : { etag: "" }), path, problem: problemOf(error) }));
    }
  }, [path]);
  useEffect(() => void reload(), [reload]);
  // What belongs to another path is not shown for this one.
  const { value, etag, problem } = state.path === path ? state : { value: undefined, etag: "", problem: undefined };
  return { etag, reload, ...(value === undefined ? {} : { value }), ...(problem ? { problem } : {}) };
}

/** How often something is looked at again: while it moves, and otherwise. */
const MOVING_MILLIS = 3_000;
const RESTING_MILLIS = 15_000;

/** Looks again every so often while somebody can see it. */
export function useLooking(reload: () => Promise<void>, isMoving: boolean): void {
  useEffect(() => {
    const looking = setInterval(() => {
      if (document.visibilityState === "visible") void reload();
    }, isMoving ? MOVING_MILLIS : RESTING_MILLIS);
    return () => clearInterval(looking);
  }, [reload, isMoving]);
}

/** Work that somebody started by hand: busy while it lasts, and what went wrong. */
export function useWork(): { busy: boolean; problem: Problem | undefined; run(work: () => Promise<void>): Promise<void>; mended(settings: readonly string[]): void } {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const run = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  /** What was said of settings that are different now is not said any more; nor is what is left of it without them. */
  const mended = (settings: readonly string[]): void =>
    setProblem((before) => {
      if (!before?.issues) return undefined;
      const issues = before.issues.filter(({ path }) => !settings.some((setting) => isAt(path, setting)));
      return issues.length === 0 ? undefined : { ...before, issues };
    });
  return { busy, problem, run, mended };
}

export function Notice({ kind = "info", children }: { kind?: "info" | "good" | "warning" | "bad"; children: ComponentChildren }): JSX.Element {
  return <div class={`notice ${kind}`} role={kind === "bad" ? "alert" : "status"}>{children}</div>;
}

/** A refusal with all its issues, but for those that stand at their fields. */
export function Trouble({ problem, fields = [] }: { problem: Problem | undefined; fields?: readonly string[] }): JSX.Element | null {
  if (!problem) return null;
  const others = (problem.issues ?? []).filter(({ path }, at, all) => !fields.some((field) => isAt(path, field)) && all.findIndex((each) => each.path === path) === at);
  const words = problemWords(problem);
  return (
    <Notice kind="bad">
      <p><Said words={words} /></p>
      <InEnglish words={words} />
      <Issues issues={others} />
      {problem.inTheWay === undefined ? null : <ul class="issues">{problem.inTheWay.map(({ id, name }) => <li key={id}><bdi>{name}</bdi></li>)}</ul>}
    </Notice>
  );
}

export function Issues({ issues }: { issues: readonly Issue[] }): JSX.Element | null {
  if (issues.length === 0) return null;
  return <ul class="issues">{issues.map((issue) => <li key={issue.path + issue.message} title={issue.path}><Said words={issueWords(issue)} /></li>)}</ul>;
}

export function Loading({ data, children }: { data: { problem?: Problem; value?: unknown; reload(): Promise<void> }; children: ComponentChildren }): JSX.Element {
  if (data.problem?.status === 404) return <NotFound />;
  if (data.problem) {
    return (
      <Notice kind="bad">
        <p><Said words={problemWords(data.problem)} /></p>
        <InEnglish words={problemWords(data.problem)} />
        <button type="button" onClick={() => void data.reload()}>{t("do.retry")}</button>
      </Notice>
    );
  }
  return data.value === undefined ? <p class="quiet" role="status">{t("state.loading")}</p> : <>{children}</>;
}

/** What an address names is not there, or not for this user. */
export function NotFound(): JSX.Element {
  return (
    <Empty title={t("state.notFound")} text={t("state.notFoundText")}>
      <a class="button" href="/">{t("nav.exports")}</a>
    </Empty>
  );
}

/** Stands in for a view that only administrators have. */
export function NotYours(): JSX.Element {
  return (
    <Empty title={t("state.notYours")} text={t("state.notYoursText")}>
      <a class="button" href="/">{t("nav.exports")}</a>
    </Empty>
  );
}

export interface FieldProps {
  label: string;
  hint?: string | undefined;
  issue?: string | undefined;
  children: (given: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => JSX.Element;
}

/** A label, its input, what helps, and what is wrong with it. */
export function Field({ label, hint, issue, children }: FieldProps): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-hint`, "aria-invalid": issue !== undefined })}
      <p class={issue === undefined ? "hint" : "hint bad"} id={`${id}-hint`}>{issue === undefined ? (hint ?? "") : <Said words={issueWords({ message: issue })} />}</p>
    </div>
  );
}

export interface TextProps {
  label: string;
  hint?: string;
  issue?: string | undefined;
  value: string;
  onInput: (value: string) => void;
  type?: "text" | "password" | "number";
  autocomplete?: "off" | "current-password";
  required?: boolean;
  min?: number;
  max?: number;
  /** What may be meant: shown while one types. */
  choices?: readonly string[];
}

export function TextField({ label, hint, issue, value, onInput, type = "text", choices = [], ...rest }: TextProps): JSX.Element {
  const typed = (event: TargetedInputEvent<HTMLInputElement>): void => onInput(event.currentTarget.value);
  return (
    <Field label={label} hint={hint} issue={issue}>
      {(given) => {
        const all = { ...given, autocomplete: "off" as const, ...rest, spellcheck: false, autocapitalize: "none" as const, value, onInput: typed };
        if (type === "password") return <input {...all} type="password" />;
        if (type === "number") return <input {...all} type="number" />;
        if (choices.length === 0) return <input {...all} type="text" />;
        const list = `${given.id}-choices`;
        return <><input {...all} type="text" list={list} /><datalist id={list}>{choices.map((choice) => <option key={choice} value={choice} />)}</datalist></>;
      }}
    </Field>
  );
}

export interface Choice {
  value: string;
  label: string;
}

export function SelectField({ label, hint, issue, value, choices, onChange }: { label: string; hint?: string | undefined; issue?: string | undefined; value: string; choices: readonly Choice[]; onChange: (value: string) => void }): JSX.Element {
  return (
    <Field label={label} hint={hint} issue={issue}>
      {(given) => (
        <select {...given} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.label}</option>)}
        </select>
      )}
    </Field>
  );
}

export function Check({ label, checked, onChange, hint, disabled = false }: { label: string; checked: boolean; onChange: (checked: boolean) => void; hint?: string; disabled?: boolean }): JSX.Element {
  const id = useId();
  return (
    <div class="check">
      <input id={id} type="checkbox" checked={checked} disabled={disabled} aria-describedby={hint === undefined ? undefined : `${id}-hint`} onChange={(event) => onChange(event.currentTarget.checked)} />
      <div>
        <label for={id}>{label}</label>
        {hint === undefined ? null : <p class="hint" id={`${id}-hint`}>{hint}</p>}
      </div>
    </div>
  );
}

/** A question in front of the page. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    // Whichever way it is closed, one is where one was.
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, text, go, keep = t("do.cancel"), work, onClose }: { title: string; text: string; go: string; keep?: string; work: () => Promise<void>; onClose: () => void }): JSX.Element {
  const { busy, problem, run } = useWork();
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <Trouble problem={problem} />
      <div class="row end">
        <button type="button" onClick={onClose}>{keep}</button>
        <button type="button" class="danger" disabled={busy} onClick={() => void run(async () => { await work(); onClose(); })}>{go}</button>
      </div>
    </Dialog>
  );
}

/** Teaches what a page is for while there is nothing on it. */
export function Empty({ title, text, children }: { title: string; text: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <h2>{title}</h2>
      <p>{text}</p>
      {children}
    </div>
  );
}

const TONES: Record<string, string> = {
  successful: "good", completed_with_rejections: "warning", incomplete: "warning", failed_retrying: "warning", failed_permanent: "bad",
  refreshing: "active", queued: "active", skipped: "quiet", cancelled: "quiet", not_started: "quiet",
};

export function Status({ status }: { status: string }): JSX.Element {
  return <span class={`status ${TONES[status] ?? "quiet"}`}>{named("status", status)}</span>;
}

function isAt(path: string, setting: string): boolean {
  return path === setting || path.startsWith(`${setting}.`) || path.startsWith(`${setting}[`);
}

/** The issue of a setting, by its path. */
export function issueAt(problem: Problem | undefined, setting: string): Issue | undefined {
  return problem?.issues?.find(({ path }) => isAt(path, setting));
}

export interface Sort<C extends string> {
  column: C;
  down: boolean;
}

/** Headings by which a table is sorted, the other way round when pressed again. */
export function SortedHeadings<C extends string>({ columns, sort, onSort }: { columns: readonly (readonly [C, Key])[]; sort: Sort<C>; onSort: (sort: Sort<C>) => void }): JSX.Element {
  return (
    <>
      {columns.map(([column, key]) => {
        const order = sort.column === column ? (sort.down ? "descending" : "ascending") : undefined;
        return <th key={column} scope="col" aria-sort={order}><button type="button" class="plain" onClick={() => onSort({ column, down: sort.column === column && !sort.down })}>{t(key)}<span aria-hidden="true">{order === undefined ? "" : sort.down ? " ↓" : " ↑"}</span></button></th>;
      })}
    </>
  );
}

/** The same, sorted by the words of a column. */
export function sorted<T, C extends string>(all: readonly T[], { column, down }: Sort<C>, wordsOf: (one: T, column: C) => string): T[] {
  return [...all].sort((one, other) => wordsOf(one, column).localeCompare(wordsOf(other, column)) * (down ? -1 : 1));
}

/** Something that is shown once, to be taken along. */
export function Copied({ text }: { text: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Where the browser does not let it: the text is selected as a whole, to be copied by hand.
    }
  };
  return <p class="row"><code class="secret">{text}</code> <button type="button" class="small" onClick={() => void copy()}>{copied ? t("do.copied") : t("do.copy")}</button></p>;
}

/** Whether a view was there before: the first one leaves the focus at the top of the page, as browsers do. */
let seen = false;

/** The heading of a view, to which the focus goes when it takes another's place. */
export function Heading({ children, actions }: { children: ComponentChildren; actions?: ComponentChildren }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  const text = typeof children === "string" ? children : undefined;
  useEffect(() => {
    if (seen) heading.current?.focus();
    seen = true;
  }, []);
  useEffect(() => {
    if (text !== undefined) document.title = `${text} · ${t("app.title")}`;
  }, [text]);
  return (
    <div class="heading">
      <h1 ref={heading} tabIndex={-1}>{children}</h1>
      {actions === undefined ? null : <div class="row">{actions}</div>}
    </div>
  );
}
