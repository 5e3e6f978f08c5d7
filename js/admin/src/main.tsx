/** The page: who calls, where to go, and the view in the middle. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { LocationProvider, Route, Router, useLocation } from "preact-iso";
import type { JSX } from "preact";
import { ask, token, whenUnknown } from "./api.js";
import { choose, type Key, language, type Language, LANGUAGE_NAMES, t, whenChosen } from "./i18n.js";
import { type Me, MeContext } from "./me.js";
import "./style.css";
import { Heading, NotFound, NotYours } from "./ui.js";
import { Audit } from "./views/audit.js";
import { ConnectionEdit } from "./views/connection-edit.js";
import { Connections } from "./views/connections.js";
import { ExportEdit } from "./views/export-edit.js";
import { Exports } from "./views/exports.js";
import { ExportView } from "./views/export.js";
import { RunView } from "./views/run.js";
import { Segments } from "./views/segments.js";
import { SignIn } from "./views/sign-in.js";
import { Users } from "./views/users.js";

const PLACES: { path: string; key: Key; administrators?: boolean; never?: string }[] = [
  { path: "/", key: "nav.exports" },
  { path: "/segments", key: "nav.segments" },
  { path: "/connections", key: "nav.connections", never: "viewer" },
  { path: "/users", key: "nav.users", administrators: true },
  { path: "/audit", key: "nav.audit", administrators: true },
];

function Navigation({ me }: { me: Me }): JSX.Element {
  const { path } = useLocation();
  const places = PLACES.filter(({ administrators = false, never }) => (!administrators || me.role === "administrator") && never !== me.role);
  const here = (place: string): boolean => (place === "/" ? path === "/" || path.startsWith("/exports") || path.startsWith("/runs") : path.startsWith(place));
  return (
    <nav aria-label={t("app.title")}>
      {places.map((place) => <a key={place.path} href={place.path} aria-current={here(place.path) ? "page" : undefined}>{t(place.key)}</a>)}
    </nav>
  );
}

function App(): JSX.Element {
  const [me, setMe] = useState<Me | "unknown">();
  const load = async (): Promise<void> => {
    try {
      setMe((await ask<Me>("GET", "me")).value);
    } catch {
      setMe("unknown");
    }
  };
  useEffect(() => {
    whenUnknown(() => setMe("unknown"));
    void load();
  }, []);
  if (me === undefined) return <main class="quiet"><p role="status">{t("state.loading")}</p></main>;
  if (me === "unknown") return <SignIn onSigned={load} />;
  const administrators = (View: () => JSX.Element): (() => JSX.Element) => (me.role === "administrator" ? View : Withheld);
  const signOut = (): void => {
    token.clear();
    setMe("unknown");
  };
  return (
    <MeContext.Provider value={me}>
      <LocationProvider>
        <a class="skip" href="#content">{t("app.skip")}</a>
        <header>
          <a class="brand" href="/">{t("app.title")}</a>
          <Navigation me={me} />
          <div class="row who">
            {me.sandbox === undefined ? null : <span class="status warning" title={t("app.sandboxText", { url: me.sandbox })}>{t("app.sandbox")}</span>}
            <span class="quiet who-name" title={`${me.id} · ${t(`role.${me.role}`)}`}><bdi>{me.id}</bdi></span>
            <Languages />
            {token.get() === null ? null : <button type="button" class="plain" onClick={signOut}>{t("app.signOut")}</button>}
          </div>
        </header>
        <main id="content">
          <Router>
            <Route path="/" component={Exports} />
            <Route path="/exports/new" component={ExportEdit} />
            <Route path="/exports/:id/edit" component={ExportEdit} />
            <Route path="/exports/:id" component={ExportView} />
            <Route path="/runs/:id" component={RunView} />
            <Route path="/connections" component={Connections} />
            <Route path="/connections/new" component={administrators(ConnectionEdit)} />
            <Route path="/connections/:id" component={administrators(ConnectionEdit)} />
            <Route path="/segments" component={Segments} />
            <Route path="/users" component={administrators(Users)} />
            <Route path="/audit" component={administrators(Audit)} />
            <Route default component={Lost} />
          </Router>
        </main>
      </LocationProvider>
    </MeContext.Provider>
  );
}

function Lost(): JSX.Element {
  return <><Heading>{t("app.title")}</Heading><NotFound /></>;
}

function Withheld(): JSX.Element {
  return <><Heading>{t("app.title")}</Heading><NotYours /></>;
}

export function Languages(): JSX.Element {
  return (
    <select aria-label={t("app.language")} value={language} onChange={(event) => choose(event.currentTarget.value as Language)}>
      {Object.entries(LANGUAGE_NAMES).map(([name, label]) => <option key={name} value={name}>{label}</option>)}
    </select>
  );
}

const root = document.getElementById("app");
if (root) {
  render(<App />, root);
  // The same parts with other words: what somebody has entered stays.
  whenChosen(() => render(<App />, root));
}
