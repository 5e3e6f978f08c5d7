/** The page: who calls, where to go, and the view in the middle. */
import { createContext, render } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { LocationProvider, Route, Router, useLocation } from "preact-iso";
import type { ComponentChildren, JSX } from "preact";
import { ask, type Problem, takeBrought, token, whenUnknown } from "./api.js";
import { type Key, language, type Language, t, whenChosen } from "./i18n.js";
import { Languages } from "./languages.js";
import { type Caller, type Me, MeContext } from "./me.js";
import "./style.css";
import { Confirm, Dialog, Heading, NotFound, NotYours, problemOf, Trouble } from "./ui.js";
import { Audit } from "./views/audit.js";
import { ConnectionEdit } from "./views/connection-edit.js";
import { Connections } from "./views/connections.js";
import { ExportEdit } from "./views/export-edit.js";
import { Exports } from "./views/exports.js";
import { ExportView } from "./views/export.js";
import { isUnsaved } from "./views/leaving.js";
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

const isProblem = (caller: Me | Problem): caller is Problem => "code" in caller;
const isSomebody = (caller: Caller): caller is Me => caller !== undefined && caller !== "unknown" && !isProblem(caller);

function App(): JSX.Element {
  const [me, setMe] = useState<Caller>();
  const [signedOut, setSignedOut] = useState(false);
  const load = async (): Promise<Caller> => {
    const caller = await whoCalls();
    // A second try at a wrong token must not take away what lies below the question.
    setMe((before) => (isSomebody(before) && !isSomebody(caller) ? before : caller));
    setSignedOut(!isSomebody(caller));
    return caller;
  };
  useEffect(() => {
    // What somebody has entered stays, below the question who it is.
    whenUnknown(() => setSignedOut(true));
    void load();
  }, []);
  if (me === undefined) return <main class="quiet"><p role="status">{t("state.loading")}</p></main>;
  if (me === "unknown") return <main class="narrow"><SignIn onSigned={load} /></main>;
  if (isProblem(me)) return <main class="narrow"><Heading>{t("app.title")}</Heading><Trouble problem={me} /><button type="button" onClick={() => void load()}>{t("do.retry")}</button></main>;
  return <Signed me={me} onSignOut={() => { token.clear(); setMe("unknown"); }}>{signedOut ? <Dialog title={t("sign.again")} onClose={() => setSignedOut(false)}><SignIn onSigned={load} again /></Dialog> : null}</Signed>;
}

async function whoCalls(): Promise<Me | "unknown" | Problem> {
  try {
    return (await ask<Me>("GET", "me")).value;
  } catch (error) {
    const problem = problemOf(error);
    if (problem.status !== 401) return problem;
    return takeBrought() ? whoCalls() : "unknown";
  }
}

function Signed({ me, onSignOut, children }: { me: Me; onSignOut: () => void; children: ComponentChildren }): JSX.Element {
  const administrators = (View: () => JSX.Element): (() => JSX.Element) => (me.role === "administrator" ? View : WITHHELD);
  const editors = (View: () => JSX.Element): (() => JSX.Element) => (me.role === "viewer" || me.role === "source" ? WITHHELD : View);
  const [asked, setAsked] = useState(false);
  return (
    <LanguageContext.Provider value={language}><MeContext.Provider value={me}>
      <LocationProvider>
        <a class="skip" href="#content">{t("app.skip")}</a>
        <header>
          <a class="brand" href="/">{t("app.title")}</a>
          <Navigation me={me} />
          <div class="row who">
            {me.sandbox === undefined ? null : <span class="status warning" title={t("app.sandboxText", { url: me.sandbox })}>{t("app.sandbox")}</span>}
            <span class="quiet who-name" title={`${me.id} · ${t(`role.${me.role}`)}`}><bdi>{me.id}</bdi></span>
            <Languages />
            {token.get() === null ? null : <button type="button" class="plain" onClick={() => (isUnsaved() ? setAsked(true) : onSignOut())}>{t("app.signOut")}</button>}
          </div>
        </header>
        <main id="content">
          <Router>
            <Route path="/" component={VIEWS.Exports} />
            <Route path="/exports" component={VIEWS.Exports} />
            <Route path="/exports/new" component={editors(VIEWS.ExportEdit)} />
            <Route path="/exports/:id/edit" component={editors(VIEWS.ExportEdit)} />
            <Route path="/exports/:id" component={VIEWS.ExportView} />
            <Route path="/runs/:id" component={VIEWS.RunView} />
            <Route path="/connections" component={VIEWS.Connections} />
            <Route path="/connections/new" component={administrators(VIEWS.ConnectionEdit)} />
            <Route path="/connections/:id" component={administrators(VIEWS.ConnectionEdit)} />
            <Route path="/segments" component={VIEWS.Segments} />
            <Route path="/users" component={administrators(VIEWS.Users)} />
            <Route path="/audit" component={administrators(VIEWS.Audit)} />
            <Route default component={VIEWS.Lost} />
          </Router>
        </main>
        {asked ? <Confirm title={t("edit.leave")} text={t("edit.leaveText")} go={t("app.signOut")} keep={t("edit.stay")} onClose={() => setAsked(false)} work={async () => onSignOut()} /> : null}
        {children}
      </LocationProvider>
    </MeContext.Provider></LanguageContext.Provider>
  );
}

function Lost(): JSX.Element {
  return <><Heading>{t("app.title")}</Heading><NotFound /></>;
}

function Withheld(): JSX.Element {
  return <><Heading>{t("app.title")}</Heading><NotYours /></>;
}

/** The router keeps its view as it was; this says it anew in another language. */
const LanguageContext = createContext<Language>(language);
function spoken(View: () => JSX.Element): () => JSX.Element {
  return function Spoken() {
    useContext(LanguageContext);
    return <View />;
  };
}

const WITHHELD = spoken(Withheld);
const VIEWS = {
  Exports: spoken(Exports), ExportEdit: spoken(ExportEdit), ExportView: spoken(ExportView), RunView: spoken(RunView), Connections: spoken(Connections),
  ConnectionEdit: spoken(ConnectionEdit), Segments: spoken(Segments), Users: spoken(Users), Audit: spoken(Audit), Lost: spoken(Lost),
};

const root = document.getElementById("app");
if (root) {
  render(<App />, root);
  // The same parts with other words: what somebody has entered stays.
  whenChosen(() => render(<App />, root));
}
