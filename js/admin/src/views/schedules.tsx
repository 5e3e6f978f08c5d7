/** The schedules of several exports at once: on, off, or one for all. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Schedule } from "../../../src/service/documents.js";
import { patched } from "../api.js";
import { t } from "../i18n.js";
import { Check, Dialog, SelectField, Trouble, useWork } from "../ui.js";
import type { ListedExport } from "./exports.js";
import { ScheduleEdit, timesWords } from "./schedule.js";

type What = "on" | "off" | "one";

export function Schedules({ exports, onClose }: { exports: readonly ListedExport[]; onClose: () => void }): JSX.Element {
  const mine = exports.filter(({ permission }) => permission === "edit");
  const [ticked, setTicked] = useState<readonly string[]>([]);
  const [what, setWhat] = useState<What>("on");
  const [schedule, setSchedule] = useState<Schedule>({ type: "refresh", active: true });
  const { busy, problem, run } = useWork();
  const save = (): Promise<void> =>
    run(async () => {
      for (const one of mine.filter(({ id }) => ticked.includes(id))) {
        await patched<ListedExport>(`exports/${one.id}`, { value: one, etag: one.etag }, (now) => ({ schedule: what === "one" ? schedule : { ...now.schedule, active: what === "on" } }));
      }
      onClose();
    });
  return (
    <Dialog title={t("exports.schedules")} onClose={onClose}>
      <p>{t("exports.schedulesText")}</p>
      {mine.map(({ id, name, schedule: own }) => <Check key={id} label={name} hint={own.active ? timesWords(own) : t("schedule.off")} checked={ticked.includes(id)} onChange={(yes) => setTicked(yes ? [...ticked, id] : ticked.filter((each) => each !== id))} />)}
      <SelectField label={t("exports.schedule")} value={what} choices={[{ value: "on", label: t("exports.turnOn") }, { value: "off", label: t("exports.turnOff") }, { value: "one", label: t("exports.oneForAll") }]} onChange={(value) => setWhat(value as What)} />
      {what === "one" ? <ScheduleEdit schedule={schedule} onChange={setSchedule} /> : null}
      <Trouble problem={problem} />
      <div class="row end"><button type="button" onClick={onClose}>{t("do.cancel")}</button><button type="button" class="primary" disabled={busy || ticked.length === 0} onClick={() => void save()}>{t("do.save")}</button></div>
    </Dialog>
  );
}
