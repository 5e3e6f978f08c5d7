/** The service in this process: a folder that keeps everything, a database in it, and a server in front of it. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { fault } from "../../errors.js";
import { KEY_PREFIX, type ServiceOptions, type Vault } from "../../service/environment.js";
import { SecretBox, type Secrets } from "../../service/secrets.js";
import { endLease } from "../../service/lease.js";
import { ORCHESTRATOR } from "../../service/orchestrator.js";
import { createService, type Service } from "../../service/service.js";
import { sqlRecords } from "../../service/stores/sql.js";
import { Lease } from "../lease.js";
import { openDatabase } from "../sqlite.js";
import { pageFile } from "./page.js";
import { publicFetch } from "./public-fetch.js";
import { NodeRunner } from "./runner.js";

export interface ServeOptions extends Omit<ServiceOptions, "store" | "runner" | "secrets" | "vault"> {
  /** Keeps the database, the states of runs and uploads; made when it is not there, for its owner only. */
  folder: string;
  /** 0 or missing: any free port. */
  port?: number;
  /** The address to listen at. Default: 127.0.0.1; whoever opens it to others puts TLS in front of it. */
  address?: string;
  /** Where files of segments lie. */
  sources?: string;
  /** Hosts that segments may be read from by https. Default: any public one. */
  sourceHosts?: readonly string[];
  /** What the service seals with. Default: a secret that is made at the first start and kept in the folder. */
  secrets?: Secrets;
  /** Default: variables of the environment whose names begin with `ACTIVECAMPAIGN_KEY_`. */
  vault?: Vault;
}

export interface ServedService {
  /** Such as `http://127.0.0.1:8080`, without a slash at the end. */
  readonly url: string;
  readonly service: Service;
  /** The first administrator's token, at the first start only. */
  readonly firstToken: string | undefined;
  close(): Promise<void>;
}

/** Room for the longest query that is described, each letter as four bytes in figures: what is longer is refused in words. */
const MAX_HEADER_BYTES = 64 * 1024;

/** How often the service looks for what is to be done. */
const TICK_MILLIS = 1_000;

export async function serveService(options: ServeOptions): Promise<ServedService> {
  const { folder, port = 0, address = "127.0.0.1", sources, sourceHosts, secrets, vault = environmentVault(), ...more } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // One process a folder: runs are in this process, and two would take each other's for dead.
  const lease = await Lease.take(folder);
  try {
    const kept = secrets ?? keptSecret(folder);
    const database = await openDatabase(join(folder, "service.db"));
    const host = more.host;
    const runner = new NodeRunner({ folder, box: new SecretBox(kept), ...(sources === undefined ? {} : { sources }), ...(sourceHosts ? { sourceHosts } : {}), ...(host ? { host } : {}) });
    const store = sqlRecords(database);
    // Whoever worked here before is gone: this process has the folder. Without this it would wait until that one's lease runs out.
    await endLease(store, ORCHESTRATOR);
    const service = createService({ callFetch: host?.fetch ?? publicFetch(), page: pageFile, ...more, store, runner, secrets: kept, vault });
    const firstToken = await service.firstAdministrator();
    const server = createAdaptorServer({ fetch: service.fetch, serverOptions: { maxHeaderSize: MAX_HEADER_BYTES } }) as Server;
    const { port: given } = await listen(server, port, address);
    const ticking = setInterval(() => void service.tick().catch(complain), TICK_MILLIS);
    void service.tick().catch(complain);
    const close = async (): Promise<void> => {
      clearInterval(ticking);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await runner.stop();
      database.close();
      await lease.release();
    };
    return { url: `http://${address.includes(":") ? `[${address}]` : address}:${given}`, service, firstToken, close };
  } catch (error) {
    await lease.release().catch(() => undefined);
    throw error;
  }
}

/**
 * Makes a new token for an administrator of a service that does not run, for whoever has its folder and no token any more.
 * Throws an `ExportError` while the service runs, or when there is none in the folder.
 */
export async function newAdministratorToken({ folder, user, secrets }: { folder: string; user?: string | undefined; secrets?: Secrets }): Promise<{ user: string; secret: string }> {
  const path = join(folder, "service.db");
  if (!existsSync(path)) throw fault("service_missing", "settings", `There is no service in ${folder}.`, "Name the folder that `serve --data` was given.");
  const lease = await Lease.take(folder);
  try {
    const kept = secrets ?? keptSecret(folder);
    const database = await openDatabase(path);
    const runner = new NodeRunner({ folder, box: new SecretBox(kept) });
    try {
      return await createService({ store: sqlRecords(database), runner, secrets: kept }).administratorToken(user);
    } finally {
      await runner.stop();
      database.close();
    }
  } finally {
    await lease.release();
  }
}

function complain(error: unknown): void {
  console.error("activecampaign-export: the service could not do its work:", error instanceof Error ? error.name : typeof error);
}

function listen(server: Server, port: number, address: string): Promise<AddressInfo> {
  return new Promise((listening, failed) => {
    server.once("error", failed);
    server.listen(port, address, () => listening(server.address() as AddressInfo));
  });
}

function environmentVault(): Vault {
  const name = (text: string): string | undefined => (text.startsWith(KEY_PREFIX) ? process.env[text] : undefined);
  return { list: () => Object.keys(process.env).filter((key) => key.startsWith(KEY_PREFIX)), read: name };
}

/** From the environment, or from a file beside the database that only its owner may read. */
function keptSecret(folder: string): Secrets {
  const given = process.env.ACTIVECAMPAIGN_EXPORT_SECRET?.trim();
  if (given !== undefined && given !== "") return { current: "v1", versions: { v1: given } };
  const path = join(folder, "secret");
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  const kept = readFileSync(path, "utf8").trim();
  if (kept.length < 32) throw fault("service_secret", "misuse", "The file of the service's secret is damaged.", "Restore it from a copy; without it the keys that are kept do not open.");
  return { current: "v1", versions: { v1: kept } };
}
