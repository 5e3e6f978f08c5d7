/**
 * The one object that a service is: its records are in the object's database, its work is done by alarms. The runs are
 * in objects of their own.
 */
import { ExportError } from "../errors.js";
import { Connections } from "../service/connections.js";
import { type Connection, KEYS, type Run } from "../service/documents.js";
import { Environment, KEY_PREFIX, MAX_PROFILES, type ServiceOptions, type Vault } from "../service/environment.js";
import type { Authenticate } from "../service/identity.js";
import { endLease } from "../service/lease.js";
import { ORCHESTRATOR } from "../service/orchestrator.js";
import { notFound, ofAccount, ServiceProblem } from "../service/problem.js";
import { createService, type Service } from "../service/service.js";
import type { ServiceStore } from "../service/store.js";
import { sqlRecords } from "../service/stores/sql.js";
import { MOST_ASKED } from "./account-object.js";
import { nextWork } from "./agenda.js";
import { databaseOf } from "./database.js";
import { EdgeRunner } from "./edge-runner.js";
import { ADMIN_TOKEN, adminToken, DEPLOYER, knownByAdminToken, takeAdminToken } from "./first-token.js";
import { answer, requireObjects, tell } from "./messages.js";
import type { Bindings, ObjectState, ObjectStorage } from "./runtime.js";
import { isProven, PROOF, sealing } from "./service-secret.js";

/** What a deployer may say of a service. */
export interface EdgeServiceOptions extends Omit<ServiceOptions, "store" | "runner" | "secrets" | "vault"> {
  /** Hosts that segments may be read from by https. Default: any public one. */
  sourceHosts?: readonly string[];
  /** Largest source in R2 that is read before a run, to count its profiles. Default: 8 MiB. */
  countBytes?: number;
}

const COUNT_BYTES = 8 * 1024 * 1024;

/** An alarm that fires when a tick never came to its end. */
const WATCHDOG_MILLIS = 30_000;

interface Whole {
  service: Service;
  environment: Environment;
}

export class ServiceObject {
  readonly #storage: ObjectStorage;
  readonly #bindings: Bindings;
  readonly #store: ServiceStore;
  #whole: Promise<Whole> | undefined;
  /** Something has happened while a tick was on its way. */
  #again = false;

  constructor(state: ObjectState, bindings: Bindings) {
    this.#storage = state.storage;
    this.#bindings = bindings;
    this.#store = sqlRecords(databaseOf(state.storage));
    void state.blockConcurrencyWhile(async () => {
      if ((await this.#storage.getAlarm()) === null) await this.#wakeIn(1);
    });
  }

  /** What the deployer said. */
  protected options(_bindings: Bindings): EdgeServiceOptions {
    return {};
  }

  async fetch(request: Request): Promise<Response> {
    try {
      if (request.headers.has(PROOF)) return await this.#ofObjects(request);
      const { service } = await this.#made();
      const response = await service.fetch(request);
      // What was refused changed nothing.
      if (response.ok && request.method !== "GET" && request.method !== "HEAD") await this.#soon();
      return response;
    } catch (error) {
      return refused(error);
    }
  }

  /** One tick. Never throws: the platform gives up an alarm that does so six times. */
  async alarm(): Promise<void> {
    this.#again = false;
    let wait = WATCHDOG_MILLIS;
    try {
      await this.#wakeIn(WATCHDOG_MILLIS);
      const { service, environment } = await this.#made();
      await service.tick();
      wait = await nextWork(this.#store, environment.host.now());
    } catch (error) {
      console.error("activecampaign-export: the service could not do its work:", error instanceof ExportError ? error.message : error instanceof Error ? error.name : typeof error);
    }
    try {
      await this.#wakeIn(this.#again ? 1 : wait);
    } catch (error) {
      // The watchdog is set; where even that failed, so would everything else.
      console.error("activecampaign-export: an alarm could not be set:", error instanceof Error ? error.name : typeof error);
    }
  }

  /** One set within an alarm for the present or the past is dropped (cloudflare/workerd#6866). */
  async #wakeIn(millis: number): Promise<void> {
    await this.#storage.setAlarm(Math.ceil(Date.now() + Math.max(1, millis)));
  }

  async #soon(): Promise<void> {
    this.#again = true;
    await this.#wakeIn(1);
  }

  #made(): Promise<Whole> {
    const making = (this.#whole ??= this.#make());
    // A secret may be set while this object lives on.
    making.catch(() => (this.#whole = undefined));
    return making;
  }

  async #make(): Promise<Whole> {
    requireObjects(this.#bindings, ["EXPORTS", "ACCOUNTS", "SERVICE"]);
    const { sourceHosts, countBytes = COUNT_BYTES, authenticate, ...more } = this.options(this.#bindings);
    const { maxProfiles = MAX_PROFILES, allowedHosts, sandbox } = more;
    const runner = new EdgeRunner({
      bindings: this.#bindings, store: this.#store, maxProfiles, countBytes,
      ...(allowedHosts ? { allowedHosts } : {}), ...(sandbox === undefined ? {} : { sandbox }), ...(sourceHosts ? { sourceHosts } : {}),
    });
    const options: ServiceOptions = { ...more, store: this.#store, runner, secrets: sealing(this.#bindings).secrets, vault: vaultOf(this.#bindings) };
    const environment = new Environment(options);
    const service = createService({ ...options, authenticate: this.#ways(environment, authenticate) });
    // The object is the lock: whoever has the lease is a life of it that is over.
    await endLease(this.#store, ORCHESTRATOR);
    await takeAdminToken(environment, this.#bindings);
    await this.#requireWayIn(authenticate);
    await this.#reseal(environment);
    return { service, environment };
  }

  /** Keys of accounts that an older secret has sealed: after this the older one is needed for them no more. */
  async #reseal(environment: Environment): Promise<void> {
    if (Object.keys(sealing(this.#bindings).secrets.versions).length < 2) return;
    await new Connections(environment).reseal({ id: DEPLOYER, role: "administrator", active: true, createdAt: environment.now() });
  }

  #ways(environment: Environment, given: Authenticate | undefined): Authenticate {
    return async (request) => (await given?.(request)) ?? knownByAdminToken(this.#store, request, environment.host.now());
  }

  async #requireWayIn(given: Authenticate | undefined): Promise<void> {
    if (given || adminToken(this.#bindings) !== undefined || (await this.#store.list("user/", { limit: 1 })).length > 0) return;
    throw new ServiceProblem(503, "admin_token_missing", "permission", `The worker has no secret "${ADMIN_TOKEN}" of 32 characters or more, and the service has no user yet.`, `Whoever deploys the worker sets it with \`wrangler secret put ${ADMIN_TOKEN}\`, and sends it as Authorization: Bearer.`);
  }

  /** What only the other objects and the worker's cron trigger may ask. */
  async #ofObjects(request: Request): Promise<Response> {
    if (!(await isProven(request, this.#bindings))) throw notFound("path");
    switch (`${request.method} ${new URL(request.url).pathname}`) {
      case "POST /object/key":
        return answer({ key: await this.#key((await request.json()) as { connection: string; host: string }) });
      case "POST /object/wake":
        await this.#soon();
        await this.#sweep();
        return answer(true);
      default:
        throw notFound("path");
    }
  }

  /** Has the accounts that runs send to look for parts that have stalled. */
  async #sweep(): Promise<void> {
    const live = await Promise.all((await this.#store.list("live/", { limit: MOST_ASKED })).map(({ key }) => this.#store.get(KEYS.run(key.slice("live/".length)))));
    const hosts = new Set(live.flatMap((run) => (run ? [(run.value as unknown as Run).host] : [])));
    await Promise.allSettled([...hosts].map((host) => tell(this.#bindings, "ACCOUNTS", host, "sweep")));
  }

  /** The key of a connection, for a run to the host that it was made for. */
  async #key({ connection: id, host }: { connection: string; host: string }): Promise<string> {
    const { environment } = await this.#made();
    const connection = (await environment.find<Connection>(KEYS.connection(id)))?.value;
    if (connection?.host === host) return environment.key(connection);
    const [what, remedy] = connection ? ["leads to another account now", "Run the export again."] : ["was removed", "Choose another for the export, and run it again."];
    throw new ServiceProblem(409, "connection_gone", "settings", `The connection of this run ${what}.`, remedy);
  }
}

function vaultOf(bindings: Bindings): Vault {
  const names = (): string[] => Object.keys(bindings).filter((name) => name.startsWith(KEY_PREFIX) && typeof bindings[name] === "string");
  return { list: names, read: (name) => (names().includes(name) ? String(bindings[name]) : undefined) };
}

/** What could not be done, as a problem. */
export function refused(error: unknown): Response {
  const { problem } = error instanceof ServiceProblem ? error : error instanceof ExportError ? ofDeployer(error) : internal(error);
  return new Response(JSON.stringify(problem), { status: problem.status, headers: { "content-type": "application/problem+json", "cache-control": "no-store" } });
}

/** A binding or a secret that is missing: nothing can be answered until it is there. */
function ofDeployer(error: ExportError): ServiceProblem {
  if (error.category === "credentials") return ofAccount(error);
  return new ServiceProblem(503, error.code, error.category, error.message, error.remedy, { retryHelps: error.retryHelps });
}

function internal(error: unknown): ServiceProblem {
  console.error("activecampaign-export: a request failed:", error instanceof Error ? error.name : typeof error);
  return new ServiceProblem(503, "not_available", "misuse", "The service could not be reached.", "Try again; if it fails again, look at the worker's log.", { retryHelps: true });
}
