/** Sets up or edits a connection, in the order of the original page: name, who may use it, hostname, key, consent, connect, save. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import type { Connection, SharedWith, Tested, User } from "../../../src/service/documents.js";
import { ask, every, onceFor } from "../api.js";
import { number, t, time } from "../i18n.js";
import { useMe } from "../me.js";
import { Leaving } from "./leaving.js";
import { InEnglish, Said } from "../said.js";
import { Check, Heading, issueAt, Loading, Notice, problemOf, SelectField, TextField, Trouble, useData, useWork } from "../ui.js";
import { issueWords, privacyWords, stopWords } from "../words.js";

type Shown = Omit<Connection, "key"> & { key: { kind: "reference"; name: string } | { kind: "sealed"; lastFour: string }; etag: string };

interface Draft {
  name: string;
  sharing: SharedWith;
  host: string;
  apiKey: string;
  keyName: string;
  byName: boolean;
  agreed: boolean;
}

const EMPTY: Draft = { name: "", sharing: { with: "administrators" }, host: "", apiKey: "", keyName: "", byName: false, agreed: false };

const keyOf = ({ byName, keyName, apiKey }: Draft): { apiKey?: string; keyName?: string } => {
  if (byName) return keyName === "" ? {} : { keyName };
  return apiKey === "" ? {} : { apiKey };
};

export function ConnectionEdit(): JSX.Element {
  const { id } = useRoute().params;
  const { route } = useLocation();
  const me = useMe();
  const data = useData<Shown>(id === undefined ? undefined : `connections/${id}`);
  const [draft, setDraft] = useState(EMPTY);
  const [tested, setTested] = useState<Tested>();
  const { busy, problem, run, mended } = useWork();
  const [touched, setTouched] = useState(false);
  const change = (part: Partial<Draft>): void => {
    setTouched(true);
    // What was tested is not what stands here now.
    if ("host" in part || "apiKey" in part || "keyName" in part || "byName" in part) setTested(undefined);
    setLacking([]);
    mended(Object.keys(part).map((name) => (name === "agreed" ? "consent" : name)));
    setDraft({ ...draft, ...part });
  };
  const [lacking, setLacking] = useState<readonly Lack[]>([]);
  const lacks = (name: Lack["name"]): string | undefined => lacking.find((each) => each.name === name)?.text;
  const [form] = useState(() => ({}));
  const before = data.value;
  const [taken, setTaken] = useState(false);
  useEffect(() => {
    // Once: what is read again after a conflict must not take the place of what was entered.
    if (!before || taken) return;
    setTaken(true);
    const { name, sharing, host, key } = before;
    setDraft({ ...EMPTY, name, sharing, host, byName: key.kind === "reference", keyName: key.kind === "reference" ? key.name : "", agreed: true });
  }, [before]);
  const complete = (found: readonly Lack[]): boolean => {
    setLacking(found);
    return found.length === 0;
  };
  const connect = (): Promise<void> =>
    run(async () => {
      setTested(undefined);
      if (!complete(lackingOf(draft, before).filter(({ name }) => name === "host" || name === "apiKey"))) return;
      const typed = Object.keys(keyOf(draft)).length > 0;
      const { value } = before && !typed ? await ask<Tested>("POST", `connections/${before.id}/test`) : await ask<Tested>("POST", "connections/test", { body: { host: draft.host, ...keyOf(draft) } });
      setTested(value);
    });
  const save = (): Promise<void> =>
    run(async () => {
      if (!complete(lackingOf(draft, before))) return;
      const { name, sharing, host, agreed } = draft;
      const body = { name, sharing, host, ...keyOf(draft), consent: { agreed, version: me.privacyStatement.version } };
      try {
        if (before) await ask("PATCH", `connections/${before.id}`, { body: { name, sharing, host, ...renewed(draft, before) }, on: data.etag });
        else await ask("POST", "connections", { body, once: onceFor(form, body) });
      } catch (error) {
        if (problemOf(error).status === 412) await data.reload();
        throw error;
      }
      setTouched(false);
      route("/connections");
    });
  const view = (
    <form class="form" onSubmit={(event) => { event.preventDefault(); void save(); }}>
      <TextField label={t("connections.name")} hint={t("connections.nameHint")} value={draft.name} onInput={(name) => change({ name })} issue={lacks("name") ?? issueAt(problem, "name")?.message} />
      <Sharing sharing={draft.sharing} onChange={(sharing) => change({ sharing })} issue={issueAt(problem, "sharing")?.message} />
      <Host draft={draft} change={change} issue={issueAt(problem, "host")} lack={lacks("host")} />
      <Key draft={draft} change={change} before={before} issue={lacks("apiKey") ?? (issueAt(problem, "apiKey") ?? issueAt(problem, "keyName"))?.message} />
      <ConsentBox draft={draft} change={change} before={before} issue={lacks("consent") ?? issueAt(problem, "consent")?.message} />
      <div class="row"><button type="button" disabled={busy} onClick={() => void connect()}>{busy ? t("connections.connecting") : t("connections.connect")}</button></div>
      {tested ? <Result tested={tested} /> : null}
      <Trouble problem={problem} fields={["name", "sharing", "host", "apiKey", "keyName", "consent"]} />
      <Leaving unsaved={touched && !busy} />
      <div class="row end"><a class="button" href="/connections">{t("do.cancel")}</a><button type="submit" class="primary" disabled={busy}>{t("do.save")}</button></div>
    </form>
  );
  return (
    <>
      <Heading>{before?.name ?? t("connections.new")}</Heading>
      {id === undefined ? view : <Loading data={data}>{view}</Loading>}
    </>
  );
}

interface Lack {
  name: "name" | "host" | "apiKey" | "consent";
  text: string;
}

/** What has not been filled in. A key that is kept goes to the host that it was given for, and to no other. */
function lackingOf(draft: Draft, before: Shown | undefined): Lack[] {
  const hasKey = Object.keys(keyOf(draft)).length > 0;
  const otherHost = before !== undefined && before.host !== draft.host;
  const lacking: (Lack | false)[] = [
    draft.name.trim() === "" && { name: "name", text: t("connections.needName") },
    draft.host.trim() === "" && { name: "host", text: t("connections.needHost") },
    !hasKey && before === undefined && { name: "apiKey", text: t("connections.needKey") },
    !hasKey && otherHost && { name: "apiKey", text: t("connections.keyAnew") },
    !draft.agreed && { name: "consent", text: t("connections.needConsent") },
  ];
  return lacking.filter((each) => each !== false);
}

/** A key that stays the same is not entered anew. */
function renewed(draft: Draft, before: Shown): { apiKey?: string; keyName?: string } {
  const key = keyOf(draft);
  return before.key.kind === "reference" && before.key.name === key.keyName ? {} : key;
}

function Sharing({ sharing, onChange, issue }: { sharing: SharedWith; onChange: (sharing: SharedWith) => void; issue: string | undefined }): JSX.Element {
  const users = useData(sharing.with === "users" ? "users" : undefined, async (path) => ({ value: await every<User>(path), etag: "" }));
  const named = sharing.with === "users" ? sharing.users : [];
  const others = (users.value ?? []).filter(({ role }) => role === "contributor");
  return (
    <>
      <SelectField label={t("connections.who")} issue={issue} value={sharing.with} choices={[{ value: "administrators", label: t("connections.admins") }, { value: "contributors", label: t("connections.contributors") }, { value: "users", label: t("connections.named") }]}
        onChange={(value) => onChange(value === "users" ? { with: "users", users: [] } : { with: value as "administrators" | "contributors" })} />
      {others.map(({ id }) => <Check key={id} label={id} checked={named.includes(id)} onChange={(checked) => onChange({ with: "users", users: checked ? [...named, id] : named.filter((each) => each !== id) })} />)}
    </>
  );
}

function Host({ draft, change, issue, lack }: { draft: Draft; change: (part: Partial<Draft>) => void; issue: ReturnType<typeof issueAt>; lack: string | undefined }): JSX.Element {
  const { suggestion } = issue ?? {};
  return (
    <>
      <TextField label={t("connections.host")} hint={t("connections.hostHint")} value={draft.host} onInput={(host) => change({ host })} issue={lack ?? issue?.message} />
      {suggestion === undefined || draft.host === suggestion ? null : <button type="button" onClick={() => change({ host: suggestion })}>{t("connections.useHost", { host: suggestion })}</button>}
    </>
  );
}

function Key({ draft, change, before, issue }: { draft: Draft; change: (part: Partial<Draft>) => void; before: Shown | undefined; issue: string | undefined }): JSX.Element {
  const secrets = useData<{ items: string[] }>("secrets");
  const names = secrets.value?.items ?? [];
  const kept = before?.key.kind === "sealed" ? t("connections.keyKept", { four: before.key.lastFour }) : t("connections.keyHint");
  // One that has its key by name stays so.
  const fixed = before?.key.kind === "reference";
  return (
    <>
      {fixed || names.length === 0 ? null : <Check label={t("connections.byName")} checked={draft.byName} onChange={(byName) => change({ byName })} />}
      {draft.byName ? <SelectField label={t("connections.secret")} issue={issue} value={draft.keyName} choices={["", ...names, ...(fixed && !names.includes(draft.keyName) ? [draft.keyName] : [])].map((name) => ({ value: name, label: name }))} onChange={(keyName) => change({ keyName })} />
        : <TextField label={t("connections.key")} hint={kept} issue={issue} type="password" autocomplete="off" value={draft.apiKey} onInput={(apiKey) => change({ apiKey })} />}
    </>
  );
}

function ConsentBox({ draft, change, before, issue }: { draft: Draft; change: (part: Partial<Draft>) => void; before: Shown | undefined; issue: string | undefined }): JSX.Element {
  const { privacyStatement } = useMe();
  return (
    <fieldset>
      <legend>{t("connections.consent")}</legend>
      <p><Said words={privacyWords(privacyStatement.text)} /></p>
      {privacyStatement.url === undefined ? null : <p><a href={privacyStatement.url} rel="noreferrer">{t("connections.privacy")}</a></p>}
      {before ? <p class="quiet">{t("connections.agreed", { user: before.consent.by, time: time(before.consent.at), version: before.consent.version })}</p> : <Check label={t("connections.agree")} checked={draft.agreed} onChange={(agreed) => change({ agreed })} />}
      {issue === undefined ? null : <p class="hint bad"><Said words={issueWords({ message: issue })} /></p>}
    </fieldset>
  );
}

function Result({ tested: { ok, user = "", lists = 0, fields = 0, contactLimit, stop } }: { tested: Tested }): JSX.Element {
  if (!ok) {
    const { what, remedy } = stopWords(stop ?? { code: "", message: t("state.failed"), remedy: "" });
    return <Notice kind="bad"><p><Said words={[what, remedy]} /></p><InEnglish words={what} /></Notice>;
  }
  return (
    <Notice kind="good">
      <p>{t("connections.works", { user, lists, fields })}</p>
      {contactLimit ? <p>{t("connections.limit", { used: number(contactLimit.used), limit: number(contactLimit.limit) })}</p> : null}
    </Notice>
  );
}
