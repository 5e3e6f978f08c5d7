/** The one place where the page makes a script's address: a policy that knows the page's own worker and nothing else. */
interface Policy {
  createScriptURL(address: string): unknown;
}

interface Factory {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): Policy;
}

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;

function ownScript(address: string): string {
  const url = new URL(address, location.href);
  if (url.origin !== location.origin) throw new TypeError("no script of this page");
  return url.href;
}

const policy = factory?.createPolicy("activecampaign-export", { createScriptURL: ownScript });

/** A worker of the page's own. */
export function ownWorker(address: string): Worker {
  const trusted = policy ? policy.createScriptURL(address) : ownScript(address);
  return new Worker(trusted as string, { type: "module" });
}
