/** Events for whoever watches: signed webhooks, tried again until they are taken or their day is over. */
import { addressProblem } from "./address.js";
import { ENDED, KEYS, type Run, type Webhook, type User } from "./documents.js";
import { type Environment, json, type Versioned } from "./environment.js";
import { fromBase64, newId, newTimedId } from "./ids.js";
import { changedMeanwhile, notAllowed, notValid } from "./problem.js";
import { isAllowed } from "./rules.js";
import type { Change } from "./store.js";

/** What an event tells, in the shape of the original's monitoring. */
export interface ServiceEvent {
  /** `run.started`, `run.succeeded`, `run.failed`, `run.skipped`, `run.cancelled`, `run.threshold`. */
  type: string;
  time: string;
  operation: "Export.WorkflowStarted" | "Export.WorkflowCompleted" | "Export.ThresholdPassed";
  result: "Running" | "Successful" | "Failure" | "Skipped" | "Cancelled";
  /** Milliseconds since the run started. */
  durationMs?: number | undefined;
  jobId: string;
  submissionKind: "OnDemand" | "Scheduled";
  submittedBy: string;
  startTime?: string | undefined;
  endTime?: string | undefined;
  identifier: string;
  friendlyName: string;
  status: Run["status"];
  error?: { code: string; message: string; remedy: string } | undefined;
  /** Counts of profiles; never a profile. */
  counts?: Record<string, number> | undefined;
  threshold?: { name: string; limit: number; value: number } | undefined;
}

export const EVENT_TYPES = ["run.started", "run.succeeded", "run.failed", "run.skipped", "run.cancelled", "run.threshold"] as const;

export interface WebhookInput {
  url: string;
  events?: string[] | undefined;
  active?: boolean | undefined;
  thresholds?: Webhook["thresholds"] | undefined;
}

interface Outgoing {
  webhook: string;
  body: string;
  tries: number;
  /** Milliseconds since the Unix epoch. */
  dueAt: number;
  firstAt: number;
}

/** Pauses before an event is sent again, in milliseconds; the last one again and again. */
const PAUSES = [5_000, 60_000, 600_000, 3_600_000];

/** An event that nobody took for a day is given up. */
const GIVEN_UP_MILLIS = 86_400_000;

/** How long a receiver may take. */
const TIMEOUT_MILLIS = 10_000;

export class Events {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  #requireManager(user: User): void {
    if (!isAllowed(user.role, "manage_webhooks")) throw notAllowed("manage webhooks");
  }

  async list(user: User): Promise<Versioned<Webhook>[]> {
    this.#requireManager(user);
    return this.#environment.every<Webhook>("webhook/");
  }

  /** A new webhook, and the secret that its receiver checks signatures with, shown this once. */
  async create(user: User, input: WebhookInput): Promise<{ saved: Versioned<Webhook>; secret: string }> {
    this.#requireManager(user);
    this.#requireGood(input.url, input.events);
    const id = newId();
    const secret = `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))}`;
    const webhook: Webhook = {
      id, url: input.url, events: input.events ?? [], active: input.active ?? true, thresholds: input.thresholds ?? {},
      secret: await this.#environment.box.seal(secret, "webhook", id), createdAt: this.#environment.now(), createdBy: user.id,
    };
    await this.#environment.change(user.id, "webhook.create", KEYS.webhook(id), [{ key: KEYS.webhook(id), value: json(webhook), version: 0 }]);
    return { saved: { value: webhook, version: 1 }, secret };
  }

  async update(user: User, id: string, version: number, input: Partial<WebhookInput>): Promise<Versioned<Webhook>> {
    this.#requireManager(user);
    const found = await this.#environment.webhook(id);
    if (found.version !== version) throw changedMeanwhile();
    const { url = found.value.url, events = found.value.events, active = found.value.active, thresholds = found.value.thresholds } = input;
    this.#requireGood(url, events);
    const after: Webhook = { ...found.value, url, events, active, thresholds };
    await this.#environment.change(user.id, "webhook.update", KEYS.webhook(id), [{ key: KEYS.webhook(id), value: json(after), version }]);
    return { value: after, version: version + 1 };
  }

  async remove(user: User, id: string, version: number): Promise<void> {
    this.#requireManager(user);
    const found = await this.#environment.webhook(id);
    if (found.version !== version) throw changedMeanwhile();
    await this.#environment.change(user.id, "webhook.remove", KEYS.webhook(id), [{ key: KEYS.webhook(id), value: undefined, version }]);
  }

  /** Seals anew what an old version of the secret has sealed; how many there were. */
  async reseal(user: User): Promise<number> {
    this.#requireManager(user);
    let count = 0;
    for (const { value, version } of await this.#environment.every<Webhook>("webhook/")) {
      const secret = await this.#environment.box.reseal(value.secret, "webhook", value.id);
      if (secret === undefined) continue;
      await this.#environment.change(user.id, "webhook.reseal", KEYS.webhook(value.id), [{ key: KEYS.webhook(value.id), value: json({ ...value, secret }), version }]);
      count += 1;
    }
    return count;
  }

  #requireGood(url: string, events: readonly string[] = []): void {
    const issues = events.flatMap((event, at) => ((EVENT_TYPES as readonly string[]).includes(event) ? [] : [{ path: `events[${at}]`, code: "unknown_word", message: `Events are ${EVENT_TYPES.join(", ")}.` }]));
    const problem = addressProblem(url, this.#environment.options.webhookHosts ?? []);
    if (problem !== undefined) issues.push({ path: "url", code: "webhook_url", message: problem });
    if (issues.length > 0) throw notValid(issues);
  }

  /** Tells that a run began or ended, and which thresholds it passed. */
  async workflow(operation: "Export.WorkflowStarted" | "Export.WorkflowCompleted", run: Run): Promise<void> {
    const event = eventOf(operation, run, this.#environment.now());
    const before = ENDED.has(run.status) ? await this.#readBefore(run) : undefined;
    const changes: Change[] = [];
    for (const { value: webhook } of await this.#environment.every<Webhook>("webhook/")) {
      if (!webhook.active) continue;
      const passed = ENDED.has(run.status) ? passedThresholds(webhook, run, before) : [];
      const events: ServiceEvent[] = [event, ...passed.map((threshold): ServiceEvent => ({ ...event, type: "run.threshold", operation: "Export.ThresholdPassed", threshold }))];
      for (const each of events) {
        if (webhook.events.length > 0 && !webhook.events.includes(each.type)) continue;
        const now = this.#environment.host.now();
        const outgoing: Outgoing = { webhook: webhook.id, body: JSON.stringify(each), tries: 0, dueAt: now, firstAt: now };
        changes.push({ key: KEYS.outbox(newTimedId(now)), value: json(outgoing), version: 0 });
      }
    }
    if (changes.length > 0) await this.#environment.store.commit(changes);
  }

  /** Profiles that the run before it read, for the threshold of deviation. */
  async #readBefore(run: Run): Promise<number | undefined> {
    const [kept] = await this.#environment.store.list(`runs/${run.export}/`, { descending: true, after: KEYS.runOf(run.export, run.id), limit: 1 });
    return kept && (await this.#environment.find<Run>(KEYS.run(String(kept.value))))?.value.progress?.read;
  }

  /** Sends what is due. */
  async deliver(): Promise<void> {
    for (const { key, value, version } of await this.#environment.store.list("outbox/", { limit: 20 })) {
      const outgoing = value as unknown as Outgoing;
      const now = this.#environment.host.now();
      if (outgoing.dueAt > now) continue;
      const webhook = (await this.#environment.find<Webhook>(KEYS.webhook(outgoing.webhook)))?.value;
      const id = key.slice("outbox/".length);
      const done = !webhook?.active || (await this.#send(webhook, id, outgoing.body)) || now - outgoing.firstAt > GIVEN_UP_MILLIS;
      const pause = PAUSES[Math.min(outgoing.tries, PAUSES.length - 1)] ?? 0;
      const again: Outgoing = { ...outgoing, tries: outgoing.tries + 1, dueAt: now + pause };
      await this.#environment.store.commit([{ key, value: done ? undefined : json(again), version }]);
    }
  }

  /** Hosts that whoever runs the service has named need not be public ones. */
  #callOf(url: string): Environment["host"]["fetch"] {
    const { host, options } = this.#environment;
    const named = options.webhookHosts?.includes(new URL(url).host) === true;
    return named ? host.fetch : (options.callFetch ?? host.fetch);
  }

  async #send(webhook: Webhook, id: string, body: string): Promise<boolean> {
    // Looked at again: which hosts are allowed may have changed since it was saved.
    if (addressProblem(webhook.url, this.#environment.options.webhookHosts ?? []) !== undefined) return true;
    const timestamp = String(Math.floor(this.#environment.host.now() / 1_000));
    try {
      const secret = await this.#environment.box.open(webhook.secret, "webhook", webhook.id);
      const call = this.#callOf(webhook.url);
      const response = await call(webhook.url, {
        method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MILLIS),
        headers: { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${await signature(secret, `${id}.${timestamp}.${body}`)}` },
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }
}

/** As Standard Webhooks (https://www.standardwebhooks.com) has it: HMAC-SHA-256 in base64. */
async function signature(secret: string, text: string): Promise<string> {
  const bytes = fromBase64(secret.replace(/^whsec_/u, "")) ?? new Uint8Array();
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text)))));
}

const TYPES: Partial<Record<Run["status"], [string, ServiceEvent["result"]]>> = {
  successful: ["run.succeeded", "Successful"],
  completed_with_rejections: ["run.succeeded", "Successful"],
  incomplete: ["run.succeeded", "Successful"],
  failed_permanent: ["run.failed", "Failure"],
  skipped: ["run.skipped", "Skipped"],
  cancelled: ["run.cancelled", "Cancelled"],
};

function eventOf(operation: ServiceEvent["operation"], run: Run, time: string): ServiceEvent {
  const [type, result] = TYPES[run.status] ?? ["run.started", "Running"];
  const { startedAt, endedAt, reason, progress } = run;
  const { waiting: _waiting, remainingMillis: _rest, ...counts } = progress ?? { waiting: undefined, remainingMillis: undefined };
  return {
    type, time, operation, result, jobId: run.id, submittedBy: run.user, identifier: run.export, friendlyName: run.exportName, status: run.status,
    submissionKind: run.trigger === "on_demand" || run.trigger === "run_all" ? "OnDemand" : "Scheduled",
    startTime: startedAt, endTime: endedAt, durationMs: startedAt && endedAt ? Date.parse(endedAt) - Date.parse(startedAt) : undefined,
    error: reason && { code: reason.code, message: reason.message, remedy: reason.remedy },
    ...(progress ? { counts: counts as Record<string, number> } : {}),
  };
}

function passedThresholds({ thresholds }: Webhook, run: Run, before: number | undefined): NonNullable<ServiceEvent["threshold"]>[] {
  const { progress, startedAt, endedAt } = run;
  const values: Record<keyof Webhook["thresholds"], number | undefined> = {
    rejectedPercent: progress && progress.read > 0 ? (100 * progress.rejected) / progress.read : undefined,
    minutes: startedAt && endedAt ? (Date.parse(endedAt) - Date.parse(startedAt)) / 60_000 : undefined,
    deviationPercent: progress && before !== undefined && before > 0 ? (100 * Math.abs(progress.read - before)) / before : undefined,
  };
  return (Object.keys(values) as (keyof typeof values)[]).flatMap((name) => {
    const [limit, value] = [thresholds[name], values[name]];
    return limit !== undefined && value !== undefined && value > limit ? [{ name, limit, value }] : [];
  });
}

