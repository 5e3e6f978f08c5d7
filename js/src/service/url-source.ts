/** Profiles at an https address: from any byte on where the server gives ranges, from the start otherwise. */
import { ExportError } from "../errors.js";
import { addressProblem } from "./address.js";
import type { Host, Issue, Source } from "../types.js";

/** Why profiles are not read from an address. `hosts`, when stated, are the only ones allowed. */
export function urlIssue(address: string, hosts?: readonly string[]): Issue[] | undefined {
  const problem = addressProblem(address, hosts ?? []);
  if (problem !== undefined) return [{ path: "source.url", code: "source_url", message: problem }];
  if (hosts && !hosts.includes(new URL(address).host)) return [{ path: "source.url", code: "source_host", message: "Segments may not be read from this host. Ask whoever runs the service to allow it." }];
  return undefined;
}

export function urlSource(address: string, hosts: readonly string[] | undefined, send: Host["fetch"] = (input, init) => globalThis.fetch(input, init)): Source {
  async function* read(offset: number): AsyncGenerator<Uint8Array> {
    if (urlIssue(address, hosts)) throw failed("The address of the source is not allowed any more.", false);
    const headers: Record<string, string> = { "accept-encoding": "identity", ...(offset > 0 ? { range: `bytes=${offset}-` } : {}) };
    // A redirect could lead anywhere.
    const response = await send(address, { headers, redirect: "manual" }).catch(() => {
      throw failed("The server of the source could not be reached.", true);
    });
    const ranged = offset > 0 && response.status === 206;
    if (!response.ok || (ranged && !response.headers.get("content-range")?.startsWith(`bytes ${offset}-`))) {
      await response.body?.cancel();
      throw failed(`The server of the source answered ${response.status}.`, response.status >= 500 || response.status === 429);
    }
    let skip = ranged ? 0 : offset;
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    let bytes = 0;
    for await (const chunk of received(response)) {
      bytes += chunk.byteLength;
      const rest = chunk.subarray(Math.min(skip, chunk.byteLength));
      skip -= chunk.byteLength - rest.byteLength;
      if (rest.byteLength > 0) yield rest;
    }
    if (Number.isSafeInteger(length) && bytes < length) throw failed("The source broke off before its end.", true);
  }
  return { data: read };
}

/** The body; whatever breaks it off is the source's failure. */
async function* received({ body }: Response): AsyncGenerator<Uint8Array> {
  try {
    yield* body ?? [];
  } catch {
    throw failed("The source broke off before its end.", true);
  }
}

function failed(message: string, retryHelps: boolean): ExportError {
  return new ExportError({ code: "source_failed", category: "source", message, remedy: "Make it readable at its address, and run the export again.", retryHelps });
}
