/** Addresses that the service calls on somebody's word. */

/** Why nothing is sent to an address; a host resolves names, so its own fetch must refuse private ones where it can. */
export function addressProblem(address: string, allowed: readonly string[]): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url) return "This is no address.";
  if (allowed.includes(url.host)) return undefined;
  if (url.protocol !== "https:") return "The address must begin with https://.";
  if (url.username !== "" || url.password !== "") return "The address must not have a user name or password.";
  const host = url.hostname;
  const numeric = host.startsWith("[") || /^[\d.]+$/u.test(host);
  // With a dot at its end a name is the same name, and would be none of those that follow.
  const local = host.endsWith(".") || !host.includes(".") || /\.(?:localhost|local|internal|lan|home|corp|arpa)$/u.test(host);
  return numeric || local ? "The address must name a public host." : undefined;
}
