/** Asks before somebody goes away from what has not been saved. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { t } from "../i18n.js";
import { Confirm } from "../ui.js";

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
    addEventListener("beforeunload", unload);
    document.addEventListener("click", click, true);
    return () => {
      removeEventListener("beforeunload", unload);
      document.removeEventListener("click", click, true);
    };
  }, [unsaved]);
  if (to === undefined) return null;
  return <Confirm title={t("edit.leave")} text={t("edit.leaveText")} go={t("edit.leaveGo")} keep={t("edit.stay")} onClose={() => setTo(undefined)} work={async () => route(to)} />;
}
