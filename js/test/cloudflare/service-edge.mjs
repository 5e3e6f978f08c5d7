// A service as a deployer writes it, in workerd. Its runs' clock may go faster than real time, as the sandbox's; the
// service's own can be moved forward, so that a schedule comes due.
import { app, deploy } from "./edge.mjs";

export const ADMIN_TOKEN = "a token of thirty-two letters, or more";
export const SECRET = "the secret of a service, which is long enough";

const WORKER = `
import { AccountObject as Account, ExportObject as Export, oidc, serviceWorker } from "activecampaign-export/cloudflare/service";
export class ExportObject extends Export { speed = SPEED; }
export class AccountObject extends Account { speed = SPEED; }
let ahead = 0;
const { ServiceObject, worker } = serviceWorker(({ SANDBOX, SETTINGS, ACCESS }) => ({
  sandbox: SANDBOX, ...JSON.parse(SETTINGS), ...(ACCESS ? { authenticate: oidc(JSON.parse(ACCESS)) } : {}), host: { now: () => Date.now() + ahead },
}));
export { ServiceObject };
export default {
  ...worker,
  async fetch(request, bindings) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/ahead") return worker.fetch(request, bindings);
    ahead = Number(searchParams.get("millis"));
    await worker.scheduled({}, bindings);
    return new Response();
  },
};
`;

/** What Miniflare is told of it. */
export function settingsOf(sandbox, { settings = {}, access, bindings = {}, ...more } = {}) {
  return {
    compatibilityDate: "2026-04-01",
    durableObjects: {
      SERVICE: { className: "ServiceObject", useSQLite: true },
      EXPORTS: { className: "ExportObject", useSQLite: true },
      ACCOUNTS: { className: "AccountObject", useSQLite: true },
    },
    r2Buckets: ["SOURCES"],
    bindings: { SANDBOX: sandbox, SETTINGS: JSON.stringify(settings), ...(access ? { ACCESS: JSON.stringify(access) } : {}), ACTIVECAMPAIGN_EXPORT_SECRET: SECRET, EXPORT_ADMIN_TOKEN: ADMIN_TOKEN, ...bindings },
    ...more,
  };
}

/** Starts a service. */
export function serviceEdge(sandbox, { speed = 60, ...more } = {}) {
  return deploy({ stdin: { contents: WORKER, resolveDir: app, loader: "js" }, define: { SPEED: String(speed) } }, settingsOf(sandbox, more));
}
