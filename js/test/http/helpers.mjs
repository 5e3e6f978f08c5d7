// A run of the installed package over real sockets: package, fault proxy, served sandbox, all on one virtual clock.
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { faultProxy } from "../kit/fault-proxy.mjs";
import { VirtualTime, virtualDeadlines } from "../kit/virtual-time.mjs";
import { exportAll, HOST, installed } from "../package/helpers.mjs";

const { serveSandbox } = await import(pathToFileURL(join(installed, "dist", "sandbox/serve.js")).href);

export const LIST = 4;
const CITY = 6;
const SETTLED_MILLIS = 600_000;

/** Numbers from 0 to 1 that a seed gives, always the same (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const INVALID = ["no-at.example.com", "two@@example.com", "a blank@example.com", "@example.com", "nobody@", "", "nobody@nowhere", "comma,@example.com"];
/** In the default account: addresses that an import does not touch. */
const REFUSED = ["bo.bounced@example.com", "excluded@example.com", "someone@blocked.example"];
/** In the default account already: an import updates them. */
const KNOWN = ["ada.active@example.com", "gil.gold@example.com", "una.unsubscribed@example.com"];

/**
 * Profiles with their fate, which is decided when they are made and not read off the product: `fate` is "kept",
 * "duplicate", "invalid" or "refused".
 */
export function segment(count) {
  const random = randomFrom(count);
  const kept = [];
  return Array.from({ length: count }, (_, index) => {
    const more = { first: `Zoë${index}`, last: index % 13 === 0 ? "" : `O'Neil-${index}`, phone: index % 7 === 0 ? "" : `+4917${10_000_000 + index}`, city: index % 5 === 0 ? "" : `Łódź ${index % 90}` };
    const profile = (address, fate) => ({ address, fate, ...more });
    if (index % 41 === 3) return profile(INVALID[Math.floor(index / 41) % INVALID.length], "invalid");
    if (index > 0 && index % 29 === 0) {
      // In other letters and with other values: the first one wins.
      const earlier = kept[Math.floor(random() * kept.length)].address;
      return profile(index % 2 === 0 ? earlier.toUpperCase() : ` ${earlier} `, "duplicate");
    }
    if (index % 500 === 250 && index / 500 < REFUSED.length) return profile(REFUSED[Math.floor(index / 500)], "refused");
    const known = index % 500 === 100 ? KNOWN[Math.floor(index / 500)] : undefined;
    const made = profile(known ?? `Person.${index}@${index % 3 === 0 ? "Example.COM" : "example.org"}`, "kept");
    kept.push(made);
    return made;
  });
}

const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

export const csvOf = (profiles) =>
  new TextEncoder().encode(["EMail,First,Last,Phone,City", ...profiles.map(({ address, first, last, phone, city }) => [address, first, last, phone, city].map(quoted).join(",")), ""].join("\n"));

const viewOf = ({ firstName, lastName, phone, fields, tags, lists }) => ({ firstName, lastName, phone, fields, tags, lists });

/** What an account holds, by address. */
export const heldBy = (account) => new Map(account.contacts.map((contact) => [contact.email, viewOf(contact)]));

/** What the account must hold at the end: what it held before, and every profile that was kept, as it was given. */
export function expectedContacts(before, profiles) {
  const held = new Map(before);
  for (const { address, fate, first, last, phone, city } of profiles) {
    if (fate !== "kept") continue;
    const email = address.toLowerCase();
    const was = held.get(email) ?? { firstName: "", lastName: "", phone: "", fields: {}, tags: [], lists: {} };
    held.set(email, {
      // A blank is never sent, so what was there stays.
      firstName: first || was.firstName,
      lastName: last || was.lastName,
      phone: phone || was.phone,
      fields: { ...was.fields, ...(city === "" ? {} : { [CITY]: city }) },
      tags: [...was.tags, "segment"],
      lists: { ...was.lists, [LIST]: "active" },
    });
  }
  return held;
}

const definition = {
  version: 1,
  list: LIST,
  mapping: { email: "EMail", firstName: "First", lastName: "Last", phone: "Phone", fields: [{ field: "City", column: "City" }], tags: ["segment"] },
};

const TARGETS = { "POST /api/3/import/bulk_import": "import", "GET /api/3/import/info": "info", "GET /api/3/contacts": "lookup", "GET /api/3/users/me": "user" };

/** Counts requests by what they are for. */
function counter() {
  const counts = {};
  return (method, path) => {
    const target = TARGETS[`${method} ${path.split("?")[0]}`] ?? "other";
    counts[target] = (counts[target] ?? 0) + 1;
    return { target, nth: counts[target] };
  };
}

/** One thing at a time goes over the wire, in the order in which it was asked for. */
class Wire {
  #last = Promise.resolve();

  /** Resolves with what gives the wire back. */
  async take() {
    const before = this.#last;
    let giveBack;
    this.#last = new Promise((resolve) => {
      giveBack = resolve;
    });
    await before;
    return giveBack;
  }
}

/** The `fetch` of the host: Node's own over real sockets, which tells the clock when an answer has come whole. */
function wired({ time, deadlines, entries, sent, wire, beforehand }) {
  return async (url, init) => {
    const entry = { number: sent.length, method: init.method, path: new URL(url).pathname + new URL(url).search, body: init.body, held: false, ended: false };
    sent.push(entry);
    entries.set(String(entry.number), entry);
    time.start();
    entry.giveBack = await wire?.take();
    const lift = await beforehand(entry);
    const deadline = deadlines.of(init.signal);
    const cancel = time.after(deadline.millis, () => {
      if (entry.held) time.resume();
      entry.held = false;
      entry.timedOut = true;
      deadline.pass();
    });
    const end = async () => {
      if (entry.ended) return;
      entry.ended = true;
      cancel();
      await lift?.();
      entry.giveBack?.();
      time.end();
    };
    try {
      const response = await fetch(url, { ...init, headers: { ...init.headers, "X-Number": String(entry.number) } });
      return passedOn(response, end);
    } catch (error) {
      entry.error = error;
      await end();
      throw error;
    }
  };
}

/** The same answer, read from the wire as it is asked for; `end` is called when it ends in whatever way. */
function passedOn(response, end) {
  const reader = response.body.getReader();
  const body = new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          await end();
          controller.close();
        } catch (error) {
          await end();
          controller.error(error);
        }
      },
      async cancel(reason) {
        await end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status: response.status, headers: response.headers });
}

/** Waits on the virtual clock for the proxy. A held request lets the clock, and the next request, go on. */
function holding(time, entries) {
  const late = new Set();
  return {
    hold(request, millis) {
      const number = request.headers["x-number"];
      const entry = entries.get(number);
      entry.held = true;
      entry.giveBack?.();
      time.hold();
      return new Promise((resolve) => {
        time.after(millis, () => {
          // Of a request that was given up, only the proxy's own part is still to come.
          if (entry.ended) {
            late.add(number);
            time.start();
          } else time.resume();
          entry.held = false;
          resolve();
        });
      });
    },
    served(request) {
      if (late.delete(request.headers["x-number"])) time.end();
    },
  };
}

/**
 * Exports profiles through the proxy to a sandbox. `plan({ target, nth, number, method, path, body })` chooses the
 * fault of a request, and `{ kind: "refused" }` closes the port while it is made. With `inTurn`, requests go one at
 * a time, and the same plan gives the same run.
 */
export async function exportThrough(profiles, { plan = () => undefined, knobs = {}, inTurn = false, seed = 7n } = {}) {
  const time = new VirtualTime();
  const deadlines = virtualDeadlines();
  const served = await serveSandbox({ now: () => time.now, knobs });
  const { account } = served.sandbox;
  const before = heldBy(account);
  const entries = new Map();
  const sent = [];
  const count = counter();
  const planned = (request) => entries.get(request.headers["x-number"]).fault;
  const proxy = await faultProxy(served.url, { plan: planned, ...holding(time, entries) });
  const beforehand = async (entry) => {
    Object.assign(entry, count(entry.method, entry.path));
    entry.fault = plan(entry);
    if (entry.fault?.kind !== "refused") return undefined;
    await proxy.down();
    return () => proxy.up();
  };
  const fetch = wired({ time, deadlines, entries, sent, wire: inTurn ? new Wire() : undefined, beforehand });
  const host = { fetch, now: () => time.now, sleep: time.sleep, seed: () => seed };
  const connection = { host: HOST, apiKey: served.key, sandbox: proxy.url };
  try {
    const run = exportAll({ connection, definition, source: csvOf(profiles), host });
    const stuck = time.stuck.then((reason) => Promise.reject(new Error(reason)));
    const { summary, rejections } = await Promise.race([run, stuck]);
    time.halt();
    // What reached the account late is worked off as well before anybody looks.
    time.now += SETTLED_MILLIS;
    return { summary, rejections, before, account, log: proxy.log, sent };
  } finally {
    deadlines.restore();
    proxy.close();
    await served.close();
  }
}
