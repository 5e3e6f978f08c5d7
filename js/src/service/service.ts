/** The service: one `fetch` for its HTTP interface, and a tick that makes the runs go. */
import { Connections } from "./connections.js";
import { Environment, type ServiceOptions } from "./environment.js";
import { Events } from "./events.js";
import { Exports } from "./exports.js";
import { makeApp } from "./http/app.js";
import { bearerTokens } from "./identity.js";
import { Orchestrator } from "./orchestrator.js";
import { Runs } from "./runs.js";
import { Segments } from "./segments.js";
import { administratorToken, firstAdministrator, Users } from "./users.js";

/** All parts, for the routes. */
export interface Parts {
  environment: Environment;
  connections: Connections;
  segments: Segments;
  exports: Exports;
  runs: Runs;
  users: Users;
  events: Events;
}

export interface Service {
  /** Answers one request; never rejects. */
  fetch(request: Request): Promise<Response>;
  /** Does what can be done now. To be called every second or so while runs go, and once a minute otherwise. */
  tick(): Promise<void>;
  /** Whether a run is waiting or going. */
  busy(): Promise<boolean>;
  /** Makes the first administrator where there is no user yet: its token, to be shown once. */
  firstAdministrator(id?: string): Promise<string | undefined>;
  /** A new token for an administrator (the named one, made if need be): for whoever has the data and no token any more. */
  administratorToken(id?: string): Promise<{ user: string; secret: string }>;
}

/** Makes the service. Throws an `ExportError` when its secrets are none. */
export function createService(options: ServiceOptions): Service {
  const environment = new Environment(options);
  const connections = new Connections(environment);
  const events = new Events(environment);
  const exports = new Exports(environment, connections);
  const runs = new Runs(environment, exports, events);
  const orchestrator = new Orchestrator(environment, { connections, exports, runs, events });
  const parts: Parts = { environment, connections, segments: new Segments(environment, exports), exports, runs, users: new Users(environment), events };
  const ways = [...(options.authenticate ? [options.authenticate] : []), bearerTokens(options.store, () => environment.host.now())];
  const app = makeApp(parts, ways);
  const tick = async (): Promise<void> => orchestrator.tick();
  options.runner.onChange?.(() => void tick().catch(() => undefined));
  return {
    fetch: async (request) => app.fetch(request),
    tick,
    busy: async () => (await options.store.list("live/", { limit: 1 })).length > 0 || (await options.store.list("outbox/", { limit: 1 })).length > 0,
    firstAdministrator: (id) => firstAdministrator(environment, id),
    administratorToken: (id) => administratorToken(environment, id),
  };
}
