/** Who calls: a token, where the host does not know its callers by itself. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { token } from "../api.js";
import { t } from "../i18n.js";
import { Languages } from "../languages.js";
import { Check, Heading, Notice, TextField } from "../ui.js";

/** With `again`, over what somebody was at when the token ended. */
export function SignIn({ onSigned, again = false }: { onSigned: () => Promise<unknown>; again?: boolean }): JSX.Element {
  const [text, setText] = useState("");
  const [stay, setStay] = useState(false);
  const [tried, setTried] = useState(!again && token.get() !== null);
  const go = async (event: Event): Promise<void> => {
    event.preventDefault();
    token.set(text.trim(), stay);
    await onSigned();
    setTried(true);
  };
  return (
    <>
      {again ? <p>{t("sign.againText")}</p> : <><p class="row between"><strong>{t("app.title")}</strong><Languages /></p><Heading>{t("sign.title")}</Heading><p>{t("sign.text")}</p></>}
      {tried ? <Notice kind="bad">{t("sign.wrong")}</Notice> : null}
      <form onSubmit={(event) => void go(event)}>
        <TextField label={t("sign.token")} value={text} onInput={setText} type="password" autocomplete="current-password" required />
        <Check label={t("sign.stay")} hint={t("sign.stayText")} checked={stay} onChange={setStay} />
        <p><button type="submit" class="primary">{t("sign.go")}</button></p>
      </form>
    </>
  );
}
