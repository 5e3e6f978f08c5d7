/** An account as whoever runs a relay states it. */
import { fault } from "../errors.js";
import { checkKey, sandboxOrigin } from "../wire.js";

export interface RelayAccount {
  /** The bare hostname, such as `acme.api-us1.com`. */
  host: string;
  /** The account's key. It goes to this host, and never to a page. */
  apiKey: string;
  /** A sandbox on this machine, `http://127.0.0.1:PORT`, that stands in for the host. */
  sandbox?: string;
}

/** An account that was checked. */
export interface CheckedAccount {
  host: string;
  key: string;
  origin: string;
}

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const OWN = new RegExp(`^(?!xn--)${LABEL}\\.(?:api-us1|activehosted)\\.com$`, "u");
const ANY = new RegExp(`^${LABEL}(?:\\.${LABEL})+$`, "u");

/** Throws an `ExportError` for a host or a key that cannot be one. */
export function checkAccount({ host, apiKey, sandbox }: RelayAccount, allowedHosts: readonly string[]): CheckedAccount {
  const known = typeof host === "string" && (OWN.test(host) || (allowedHosts.includes(host) && ANY.test(host)));
  const origin = `https://${host}`;
  if (!known || !URL.canParse(origin) || new URL(origin).origin !== origin) {
    throw fault("hostname", "settings", "The host of a relay's account is none of ActiveCampaign's.", "Copy the host of the API URL from Settings > Developer; name a host of another domain in `allowedHosts` too.");
  }
  return { host, key: checkKey(apiKey), origin: sandbox === undefined ? origin : sandboxOrigin(sandbox) };
}
