/** Where an account is reached: by its host and its key, or through a relay. */
import { checkHostname } from "./core.js";
import { guarded } from "./engine.js";
import { ExportError, fault, misuse } from "./errors.js";
import { relayed } from "./relayed.js";
import type { Connection, ExportDefinition, Host, Stop } from "./types.js";
import { checkKey, sandboxOrigin, type Send, sendWithKey } from "./wire.js";

/** An account that requests can be sent to. */
export interface Connected {
  /** Where it is; stands for the account. */
  origin: string;
  send: Send;
  /** Names a relay's refusal as the reason of a stop. */
  blame(stop: Stop | undefined): Stop | undefined;
}

/** Checks host and key and wraps `fetch`. Throws an `ExportError` when either is wrong. */
export function connect(connection: Connection, definition: ExportDefinition | undefined, fetch: Host["fetch"]): Connected {
  const { host, origin } = accountOf(connection, definition);
  if (connection.relay !== undefined) {
    // A key in a page is what the relay is there to avoid.
    if (connection.apiKey !== undefined) throw misuse("relay_and_key", "The connection has a relay and a key.", "Leave the key out: the relay has it. Change it in the account if it was in a page.");
    const { send, refusal } = relayed(connection.relay, host, fetch);
    // The core was told of a redirect instead.
    return { origin, send, blame: (stop) => (stop?.code === "redirected" ? refusal() : undefined) ?? stop };
  }
  const at = connection.sandbox === undefined ? origin : sandboxOrigin(connection.sandbox);
  const key = checkKey(connection.apiKey);
  return { origin: at, send: sendWithKey(at, key, fetch), blame: (stop) => stop };
}

function accountOf(connection: Connection, definition: ExportDefinition | undefined): { host: string; origin: string } {
  const text = connection.host ?? definition?.host;
  if (typeof text !== "string") {
    throw fault("host_missing", "settings", "No hostname is given.", "Name the account's host in the connection or in the definition.");
  }
  const checked = guarded(() => checkHostname(text, connection.allowedHosts ?? [])) as {
    host?: string;
    reason?: string;
    corrected?: string;
  };
  if (checked.host === undefined) {
    const hint = checked.corrected ? `Write ${checked.corrected} instead.` : "Copy the host of the API URL from Settings > Developer.";
    throw new ExportError({
      code: "hostname",
      category: "settings",
      message: checked.reason ?? "The hostname is not valid.",
      remedy: hint,
      retryHelps: false,
      issues: [
        {
          path: "host",
          code: "hostname",
          message: checked.reason ?? "The hostname is not valid.",
          ...(checked.corrected ? { suggestion: checked.corrected } : {}),
        },
      ],
    });
  }
  if (definition?.host !== undefined && connection.host !== undefined && definition.host !== connection.host) {
    throw fault("host_differs", "settings", "The definition names another host than the connection.", "Use the connection that this export was defined for, or remove `host` from the definition.");
  }
  const origin = `https://${checked.host}`;
  if (new URL(origin).origin !== origin) throw fault("hostname", "settings", "The hostname is not valid.", "Copy the host of the API URL from Settings > Developer.");
  return { host: checked.host, origin };
}
