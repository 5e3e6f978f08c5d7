/** What an account is and holds. */
import { connect } from "./connection.js";
import { startDiscovery } from "./core.js";
import { gate, run } from "./engine.js";
import { ExportError } from "./errors.js";
import { hostOf, Timer } from "./host.js";
import type { Account, Connection, ConnectionReport, Host, Stop } from "./types.js";

/**
 * Reads an account's lists, custom fields and tags, every page of them.
 *
 * @throws ExportError when the host, the key or its rights are wrong, or the account does not answer.
 */
export async function describeAccount(connection: Connection, host?: Partial<Host>): Promise<Account> {
  const { account, stop } = await discover(connection, host, true);
  if (account) return account;
  throw new ExportError(stop ?? unknown);
}

/** Proves that host and key work and that the key may read lists and fields. */
export async function testConnection(connection: Connection, host?: Partial<Host>): Promise<ConnectionReport> {
  const { account, stop } = await discover(connection, host, false);
  if (!account) return { ok: false, stop: stop ?? unknown };
  const { user, lists, fields, contactLimit } = account;
  return { ok: true, user, lists: lists.length, fields: fields.length, ...(contactLimit ? { contactLimit } : {}) };
}

const unknown: Stop = {
  code: "remote_unavailable",
  category: "remote",
  message: "The account could not be read.",
  remedy: "Try again.",
  retryHelps: true,
};

async function discover(
  connection: Connection,
  given: Partial<Host> | undefined,
  tags: boolean,
): Promise<{ account?: Account; stop?: Stop }> {
  const host = hostOf(given);
  const { origin, send, blame } = connect(connection, undefined, host.fetch);
  const timer = new Timer(host.sleep);
  const core = {
    account: origin,
    fetch: gate(send),
    read: () => Promise.resolve(null),
    sleep: gate((millis: number) => timer.sleep(millis)),
    now: () => host.now(),
    report: () => undefined,
    reject: () => undefined,
    signal: undefined,
  };
  try {
    const { account, stop } = await run<{ account?: Account; stop?: Stop }>((wake) => startDiscovery(core, wake, tags, true, host.seed()));
    const why = blame(stop);
    return { ...(account ? { account } : {}), ...(why ? { stop: why } : {}) };
  } finally {
    timer.stop();
  }
}
