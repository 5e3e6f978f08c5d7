/** A plain sentence for what holds a run up or ended it: what happened, who must act, what to do. */
import type { JSX } from "preact";
import type { Run } from "../../../src/service/documents.js";
import { ago, t } from "../i18n.js";
import { InEnglish, Said } from "../said.js";
import { Issues, Notice } from "../ui.js";
import { stopWords } from "../words.js";

export function ReasonNotice({ run: { reason, status, dueAt } }: { run: Run }): JSX.Element | null {
  if (!reason) return null;
  const nobody = status === "queued" || status === "failed_retrying";
  const kind = status === "failed_permanent" ? "bad" : nobody ? "info" : "warning";
  const { what, remedy } = stopWords(reason);
  return (
    <Notice kind={kind}>
      <p><strong><Said words={what} /></strong></p>
      {nobody ? null : <p>{t("export.who")}: {t(`actor.${reason.category}`)}. {t("export.what")}: <Said words={remedy} /></p>}
      <InEnglish words={what} />
      {dueAt === undefined ? null : <p>{t("run.retryAt", { time: ago(dueAt) })}</p>}
      <Issues issues={reason.issues ?? []} />
    </Notice>
  );
}
