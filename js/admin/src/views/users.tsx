/** Users, roles and tokens, for administrators. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Role, Token, User } from "../../../src/service/documents.js";
import { ask, every, patched } from "../api.js";
import { t, time } from "../i18n.js";
import { Confirm, Copied, Dialog, Heading, issueAt, Loading, Notice, SelectField, TextField, Trouble, useData, useWork } from "../ui.js";

type ListedUser = User & { etag: string };

const ROLES: Role[] = ["administrator", "contributor", "viewer", "source"];
const choices = (): { value: string; label: string }[] => ROLES.map((role) => ({ value: role, label: t(`role.${role}`) }));

export function Users(): JSX.Element {
  const users = useData("users", async (path) => ({ value: await every<ListedUser>(path), etag: "" }));
  const tokens = useData("tokens", async (path) => ({ value: await every<Omit<Token, "hash">>(path), etag: "" }));
  const [making, setMaking] = useState<"user" | "token">();
  const change = async (user: ListedUser, body: { role?: Role; active?: boolean }): Promise<void> => {
    await patched<ListedUser>(`users/${encodeURIComponent(user.id)}`, { value: user, etag: user.etag }, () => body);
    await users.reload();
  };
  const [asked, setAsked] = useState<{ user: ListedUser; body: { role?: Role; active?: boolean } }>();
  const [revoked, setRevoked] = useState<Omit<Token, "hash">>();
  const [tokenFor, setTokenFor] = useState<string>();
  /** A user who was let in gets in with a token. */
  const letIn = (user: string): void => {
    setTokenFor(user);
    setMaking("token");
    void users.reload();
  };
  const close = (): void => {
    setMaking(undefined);
    setTokenFor(undefined);
    void users.reload();
    void tokens.reload();
  };
  return (
    <>
      <Heading actions={<><button type="button" class="primary" onClick={() => setMaking("user")}>{t("users.new")}</button><button type="button" onClick={() => setMaking("token")}>{t("users.newToken")}</button></>}>{t("users.title")}</Heading>
      <Loading data={users}>
        <div class="scroll" tabIndex={0} role="region" aria-label={t("users.title")}>
          <table class="middle">
            <thead><tr><th scope="col">{t("users.name")}</th><th scope="col">{t("users.role")}</th><th scope="col">{t("users.active")}</th></tr></thead>
            <tbody>
              {users.value?.map((user) => (
                <tr key={user.id}>
                  <th scope="row"><bdi>{user.id}</bdi></th>
                  <td><select aria-label={`${t("users.role")}: ${user.id}`} value={user.role} onChange={(event) => { const role = event.currentTarget.value as Role; event.currentTarget.value = user.role; setAsked({ user, body: { role } }); }}>{choices().map(({ value, label }) => <option key={value} value={value}>{label}</option>)}</select></td>
                  <td><input type="checkbox" aria-label={`${t("users.active")}: ${user.id}`} checked={user.active} onChange={(event) => { const active = event.currentTarget.checked; event.currentTarget.checked = user.active; setAsked({ user, body: { active } }); }} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Loading>
      <h2>{t("users.tokens")}</h2>
      <Loading data={tokens}>
        <div class="scroll" tabIndex={0} role="region" aria-label={t("users.tokens")}>
          <table>
            <thead><tr><th scope="col">{t("users.tokenName")}</th><th scope="col">{t("users.tokenFor")}</th><th scope="col">{t("users.ends")}</th><th scope="col">{t("users.revoke")}</th></tr></thead>
            <tbody>{tokens.value?.map((token) => <tr key={token.id}><th scope="row"><bdi>{token.name}</bdi></th><td><bdi>{token.user}</bdi></td><td class="time">{time(token.expiresAt)}</td><td><button type="button" class="danger small" aria-label={`${t("users.revoke")}: ${token.name}`} onClick={() => setRevoked(token)}>{t("users.revoke")}</button></td></tr>)}</tbody>
          </table>
        </div>
      </Loading>
      {asked === undefined ? null : <Confirm title={asked.user.id} text={changeWords(asked.body)} go={t("users.change")} onClose={() => setAsked(undefined)} work={() => change(asked.user, asked.body)} />}
      {revoked === undefined ? null : <Confirm title={`${t("users.revoke")}: ${revoked.name}`} text={t("users.revokeText")} go={t("users.revoke")} onClose={() => setRevoked(undefined)} work={async () => { await ask("DELETE", `tokens/${revoked.id}`); await tokens.reload(); }} />}
      {making === "user" ? <NewUser onClose={close} onSaved={letIn} /> : null}
      {making === "token" ? <NewToken users={users.value ?? []} first={tokenFor} onClose={close} /> : null}
    </>
  );
}

function changeWords({ role, active }: { role?: Role; active?: boolean }): string {
  if (role !== undefined) return t("users.newRole", { role: t(`role.${role}`) });
  return active === true ? t("users.letInAgain") : t("users.lockOut");
}

function NewUser({ onClose, onSaved }: { onClose: () => void; onSaved: (user: string) => void }): JSX.Element {
  const [id, setId] = useState("");
  const [role, setRole] = useState<string>("contributor");
  const { busy, problem, run } = useWork();
  const save = (): Promise<void> => run(async () => { onSaved((await ask<User>("POST", "users", { body: { id, role } })).value.id); });
  return (
    <Dialog title={t("users.new")} onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); void save(); }}>
        <TextField label={t("users.name")} hint={t("users.nameHint")} value={id} onInput={setId} issue={issueAt(problem, "id")?.message} required />
        <SelectField label={t("users.role")} value={role} choices={choices()} onChange={setRole} />
        <Trouble problem={problem} fields={["id"]} />
        <div class="row end"><button type="button" onClick={onClose}>{t("do.cancel")}</button><button type="submit" class="primary" disabled={busy}>{t("do.save")}</button></div>
      </form>
    </Dialog>
  );
}

function NewToken({ users, first, onClose }: { users: ListedUser[]; first: string | undefined; onClose: () => void }): JSX.Element {
  const [user, setUser] = useState(first ?? users[0]?.id ?? "");
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [secret, setSecret] = useState<string>();
  const { busy, problem, run } = useWork();
  const save = (): Promise<void> => run(async () => setSecret((await ask<{ secret: string }>("POST", "tokens", { body: { user, name, days: Number(days) } })).value.secret));
  return (
    <Dialog title={t("users.newToken")} onClose={onClose}>
      {secret === undefined ? (
        <form onSubmit={(event) => { event.preventDefault(); void save(); }}>
          {first === undefined ? null : <Notice kind="good">{t("users.letIn", { user: first })}</Notice>}
          <SelectField label={t("users.tokenFor")} value={user} choices={[...new Set([user, ...users.map(({ id }) => id)])].map((id) => ({ value: id, label: id }))} onChange={setUser} />
          <TextField label={t("users.tokenName")} value={name} onInput={setName} required />
          <TextField label={t("users.days")} type="number" min={1} max={366} value={days} onInput={setDays} issue={issueAt(problem, "days")?.message} />
          <Trouble problem={problem} />
          <div class="row end"><button type="button" onClick={onClose}>{t("do.cancel")}</button><button type="submit" class="primary" disabled={busy}>{t("do.save")}</button></div>
        </form>
      ) : (
        <>
          <Notice kind="good"><p>{t("users.shownOnce")}</p><Copied text={secret} /></Notice>
          <div class="row end"><button type="button" class="primary" onClick={onClose}>{t("do.close")}</button></div>
        </>
      )}
    </Dialog>
  );
}
