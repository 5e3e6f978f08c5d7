/**
 * Calls addresses that somebody has typed: webhooks, and segments at an address. A name is resolved by the connection
 * itself, which goes only to an address that was found to be public: a name cannot be looked at as one and called as another.
 */
import { lookup as systemLookup } from "node:dns";
import { request } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { Readable } from "node:stream";
import type { Host } from "../../types.js";

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12], ["192.0.0.0", 24],
  ["192.168.0.0", 16], ["198.18.0.0", 15], ["224.0.0.0", 4], ["240.0.0.0", 4],
] as const) PRIVATE.addSubnet(network, bits, "ipv4");
// Those that carry an IPv4 address inside are none that a public service has.
for (const [network, bits] of [["::", 96], ["64:ff9b::", 96], ["64:ff9b:1::", 48], ["2001::", 32], ["2002::", 16], ["fc00::", 7], ["fe80::", 10], ["fec0::", 10], ["ff00::", 8]] as const) {
  PRIVATE.addSubnet(network, bits, "ipv6");
}

/** Whether an address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(address)?.[1];
  if (mapped !== undefined) return isPublicAddress(mapped);
  const family = isIP(address);
  if (family === 0 || /^::ffff:/iu.test(address)) return false;
  return !PRIVATE.check(address, family === 4 ? "ipv4" : "ipv6");
}

export interface PublicFetchOptions {
  /** How names are resolved. Default: as the system does. */
  lookup?: LookupFunction;
  /** Which addresses may be called. Default: public ones. */
  allow?: (address: string) => boolean;
}

/** A fetch for https alone, which follows no redirect and goes to no private address. */
export function publicFetch({ lookup = systemLookup as LookupFunction, allow = isPublicAddress }: PublicFetchOptions = {}): Host["fetch"] {
  const guarded: LookupFunction = (name, options, answer) =>
    lookup(name, { ...options, all: true }, (error, found) => {
      const addresses = Array.isArray(found) ? found : [];
      const [first] = addresses;
      if (error || !first) return answer(error ?? new Error("the name has no address"), "");
      // One private address among public ones is enough to be refused.
      if (!addresses.every(({ address }) => allow(address))) return answer(new Error("the name leads to a private address"), "");
      return options.all ? answer(null, addresses) : answer(null, first.address, first.family);
    });
  return (address, { method = "GET", headers = {}, body, signal } = {}) =>
    new Promise<Response>((resolve, reject) => {
      const url = new URL(address);
      // Of an address in figures nobody asks the resolver.
      if (url.protocol !== "https:" || (isIP(url.hostname.replace(/^\[|\]$/gu, "")) !== 0 && !allow(url.hostname.replace(/^\[|\]$/gu, "")))) throw new TypeError("the address may not be called");
      const sent = request(url, { method, headers: Object.fromEntries(new Headers(headers as HeadersInit)), lookup: guarded, agent: false, ...(signal ? { signal } : {}) }, (message) => {
        const { statusCode = 0, headers: told } = message;
        const none = statusCode === 204 || statusCode === 205 || statusCode === 304;
        if (none) message.resume();
        const pairs = Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : [value].flat().map((each): [string, string] => [name, each])));
        resolve(new Response(none ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array>), { status: statusCode, headers: pairs }));
      });
      sent.on("error", reject);
      sent.end(body as string | Uint8Array | undefined);
    });
}
