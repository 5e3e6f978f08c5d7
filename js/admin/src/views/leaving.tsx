/** Asks before somebody goes away from what has not been saved: by a link, by Back, or by closing the tab. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { t } from "../i18n.js";
import { Confirm } from "../ui.js";

let unsavedForms = 0;
/** Whether something is open that has not been saved. */
export const isUnsaved = (): boolean => unsavedForms > 0;

const BACK = "back";

export function Leaving({ unsaved }: { unsaved: boolean }): JSX.Element | null {
  const { route } = useLocation();
  const [to, setTo] = useState<string>();
  useEffect(() => {
    if (!unsaved) return undefined;
    const unload = (event: BeforeUnloadEvent): void => event.preventDefault();
    // Before the router hears of it.
    const click = (event: MouseEvent): void => {
      const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
      if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey || link.origin !== location.origin || link.hash !== "") return;
      event.preventDefault();
      event.stopPropagation();
      setTo(link.pathname + link.search);
    };
    // Back goes to the same address first, so that there is time to ask.
    const back = (): void => setTo(BACK);
    history.pushState(history.state, "", location.href);
    unsavedForms += 1;
    addEventListener("beforeunload", unload);
    addEventListener("popstate", back);
    document.addEventListener("click", click, true);
    return () => {
      unsavedForms -= 1;
      removeEventListener("beforeunload", unload);
      removeEventListener("popstate", back);
      document.removeEventListener("click", click, true);
    };
  }, [unsaved]);
  if (to === undefined) return null;
  const stay = (): void => {
    if (to === BACK) history.pushState(history.state, "", location.href);
    setTo(undefined);
  };
  const go = async (): Promise<void> => {
    setTo(undefined);
    if (to === BACK) history.back();
    else route(to);
  };
  return <Confirm title={t("edit.leave")} text={t("edit.leaveText")} go={t("edit.leaveGo")} keep={t("edit.stay")} onClose={stay} work={go} />;
}
