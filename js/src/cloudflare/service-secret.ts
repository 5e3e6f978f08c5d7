/** What the objects of a service have in common: its secret, and how they know each other. */
import { fault } from "../errors.js";
import { sameText } from "../service/ids.js";
import { SecretBox, type Secrets } from "../service/secrets.js";
import type { Bindings } from "./runtime.js";

/** The secret that the service seals with. One with `_2`, `_3` … after its name is newer; all of them open. */
export const SERVICE_SECRET = "ACTIVECAMPAIGN_EXPORT_SECRET";

/** Most versions of it at once. */
const MOST_VERSIONS = 9;

function secretsOf(bindings: Bindings): Secrets {
  const versions: Record<string, string> = {};
  let current = "";
  for (let number = 1; number <= MOST_VERSIONS; number += 1) {
    const value = bindings[number === 1 ? SERVICE_SECRET : `${SERVICE_SECRET}_${number}`];
    if (typeof value !== "string" || value === "") continue;
    current = `v${number}`;
    versions[current] = value.trim();
  }
  if (current !== "") return { current, versions };
  throw fault("service_secret", "misuse", `The worker has no secret "${SERVICE_SECRET}".`, `Whoever deploys the worker sets it with \`wrangler secret put ${SERVICE_SECRET}\`: 32 random characters or more. Keep a copy; without it the keys that are kept do not open.`);
}

const known = new WeakMap<Bindings, { secrets: Secrets; box: SecretBox }>();

/** The service's secret, and what seals with it. Throws an `ExportError` when the worker has none. */
export function sealing(bindings: Bindings): { secrets: Secrets; box: SecretBox } {
  const before = known.get(bindings);
  if (before) return before;
  const secrets = secretsOf(bindings);
  const found = { secrets, box: new SecretBox(secrets) };
  known.set(bindings, found);
  return found;
}

/** The header by which an object of the service proves to be one; the worker takes it off every request from outside. */
export const PROOF = "activecampaign-export-object";

/** Derived from the service's secret, and never sent out of the worker. */
export async function proofOf(bindings: Bindings): Promise<string> {
  return sealing(bindings).box.derived("objects");
}

export async function isProven(request: Request, bindings: Bindings): Promise<boolean> {
  return sameText(request.headers.get(PROOF) ?? "", await proofOf(bindings));
}
