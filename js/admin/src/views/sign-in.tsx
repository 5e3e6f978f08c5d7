/** Who calls: a token, where the host does not know its callers by itself. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Problem, token } from "../api.js";
import { t } from "../i18n.js";
import { Languages } from "../languages.js";
import type { Caller } from "../me.js";
import { Check, Heading, Notice, TextField, Trouble } from "../ui.js";

/** With `again`, over what somebody was at when the token ended. */
export function SignIn({ onSigned, again = false }: { onSigned: () => Promise<Caller>; again?: boolean }): JSX.Element {
  const [text, setText] = useState("");
  const [stay, setStay] = useState(false);
  const [refused, setRefused] = useState<"wrong" | Problem | undefined>(!again && token.get() !== null ? "wrong" : undefined);
  const go = async (event: Event): Promise<void> => {
    event.preventDefault();
    token.set(text.trim(), stay);
    const caller = await onSigned();
    setRefused(caller === "unknown" ? "wrong" : caller !== undefined && "code" in caller ? caller : undefined);
  };
  return (
    <>
      {again ? <p>{t("sign.againText")}</p> : <><p class="row between"><strong>{t("app.title")}</strong><Languages /></p><Heading>{t("sign.title")}</Heading><p>{t("sign.text")}</p></>}
      {refused === "wrong" ? <Notice kind="bad">{t("sign.wrong")}</Notice> : <Trouble problem={refused} />}
      <form onSubmit={(event) => void go(event)}>
        <TextField label={t("sign.token")} value={text} onInput={setText} type="password" autocomplete="current-password" required />
        <Check label={t("sign.stay")} hint={t("sign.stayText")} checked={stay} onChange={setStay} />
        <p><button type="submit" class="primary">{t("sign.go")}</button></p>
      </form>
    </>
  );
}
