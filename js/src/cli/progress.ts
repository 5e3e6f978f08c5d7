/** Where a run stands, while it lasts: a bar on a terminal, plain lines elsewhere; always on standard error. */
import cliProgress from "cli-progress";
import type { Progress } from "../types.js";
import { type Colors, type Out, clean, colorsOf, columnsOf, count, cut, timeLeft } from "./text.js";

export interface Reporter {
  update(progress: Progress): void;
  /** A sentence that stays. */
  say(sentence: string): void;
  /** From now on the run only settles what it has sent. */
  stopping(): void;
  /** Gives the terminal back. */
  end(): void;
}

/** What the run is called while it lasts. */
export interface ReporterOptions {
  stream: Out;
  sourceBytes: number | undefined;
  quiet: boolean;
}

export function makeReporter(options: ReporterOptions): Reporter {
  if (options.quiet) return { update: () => undefined, say: () => undefined, stopping: () => undefined, end: () => undefined };
  const bar = options.stream.isTTY === true && process.env.TERM !== "dumb";
  return bar ? new BarReporter(options) : new LineReporter(options);
}

/** Why nothing is being sent right now; what comes first is what a narrow window still shows. */
const WAITS: Readonly<Record<NonNullable<Progress["waiting"]>, string>> = {
  source: "reading the source",
  answer: "waiting for an answer",
  rate_window: "sending, as fast as the account's limits allow",
  throttled: "paused: the account said that there were too many requests",
  processing: "ActiveCampaign is importing what it has taken",
  backoff: "trying again after a pause: a request failed",
  unavailable: "trying again after a pause: the account does not answer",
  storing: "storing the run's state",
  previous_run: "paused, ten minutes at most: what an earlier run sent may still be on its way",
};

/** The status in a few words. */
function status(progress: Progress | undefined, stopping: boolean): string {
  if (stopping) return "stopping: nothing new is sent; following what the account has taken";
  if (progress === undefined) return "reading the account's lists and fields";
  return WAITS[progress.waiting ?? "answer"];
}

/** The time left, unless a pause makes it a guess, or nothing is left of what was read. */
function left(progress: Progress | undefined, stopping: boolean): string | undefined {
  if (stopping || progress?.remainingMillis === undefined || isTrouble(progress.waiting)) return undefined;
  if (progress.pending === 0 && progress.queued === 0) return undefined;
  return timeLeft(progress.remainingMillis);
}

/** Profiles with a known end. */
function settled({ delivered, rejected, duplicate, excluded, unchanged, unverified }: Progress): number {
  return delivered + rejected + duplicate + excluded + unchanged + unverified;
}

/** Counts as far as they fit, the most telling ones kept longest; where all do, they add up to what was read. */
function counts(progress: Progress, columns: number): string {
  const { read, pending, queued, delivered, rejected, duplicate, excluded, unchanged, unverified, requests } = progress;
  const pieces = [
    { text: `read ${count(read)}`, weight: 5 },
    ...(pending > 0 ? [{ text: `pending ${count(pending)}`, weight: 1.5 }] : []),
    ...(queued > 0 ? [{ text: `queued ${count(queued)}`, weight: 2 }] : []),
    { text: `delivered ${count(delivered)}`, weight: 6 },
    ...(rejected > 0 ? [{ text: `rejected ${count(rejected)}`, weight: 4 }] : []),
    ...(duplicate > 0 ? [{ text: `duplicate ${count(duplicate)}`, weight: 0 }] : []),
    ...(excluded > 0 ? [{ text: `excluded ${count(excluded)}`, weight: 0.5 }] : []),
    ...(unchanged > 0 ? [{ text: `unchanged ${count(unchanged)}`, weight: 0.5 }] : []),
    ...(unverified > 0 ? [{ text: `unverified ${count(unverified)}`, weight: 3 }] : []),
    { text: `requests ${count(requests)}`, weight: 1 },
  ];
  const joined = (): string => pieces.map(({ text }) => text).join(" · ");
  while (columnsOf(joined()) > columns && pieces.length > 1) {
    const lightest = pieces.reduce((one, other) => (other.weight < one.weight ? other : one));
    pieces.splice(pieces.indexOf(lightest), 1);
  }
  return joined();
}

/** Three lines that rewrite themselves: the bar, the counts, the status. */
class BarReporter implements Reporter {
  readonly #colors: Colors;
  readonly #stream: Out;
  readonly #sourceBytes: number | undefined;
  readonly #bars: cliProgress.MultiBar;
  #progress: Progress | undefined;
  #share = 0;
  #stopping = false;

  constructor({ stream, sourceBytes }: ReporterOptions) {
    this.#stream = stream;
    this.#colors = colorsOf(stream);
    this.#sourceBytes = sourceBytes;
    this.#bars = new cliProgress.MultiBar({ stream, fps: 8, hideCursor: true, linewrap: false, clearOnComplete: true, gracefulExit: false, forceRedraw: true });
    for (const format of [() => this.#barLine(), () => this.#countsLine(), () => this.#statusLine()]) this.#bars.create(1, 0, {}, { format });
  }

  update(progress: Progress): void {
    this.#progress = progress;
    const size = this.#sourceBytes;
    if (size !== undefined && size > 0 && progress.sourceBytes > 0) {
      const expected = (progress.read * size) / progress.sourceBytes;
      // The expectation moves; the bar only ever grows.
      this.#share = Math.max(this.#share, Math.min(1, settled(progress) / Math.max(1, expected)));
    }
  }

  say(sentence: string): void {
    this.#bars.log(`${sentence}\n`);
  }

  stopping(): void {
    this.#stopping = true;
    this.#bars.update();
  }

  end(): void {
    // What is still to be said would be lost with the bars.
    if (this.#bars.isActive) this.#bars.update();
    this.#bars.stop();
  }

  get #columns(): number {
    return Math.max(20, Math.min(this.#stream.columns ?? 80, 100) - 1);
  }

  #barLine(): string {
    const time = left(this.#progress, this.#stopping) ?? "";
    if (this.#sourceBytes === undefined) return cut(`Exporting  ${time}`, this.#columns);
    const share = `${String(Math.floor(this.#share * 100)).padStart(3)} %`;
    const room = Math.max(10, Math.min(50, this.#columns - share.length - 2 - 24));
    const full = Math.round(this.#share * room);
    return `${this.#colors.green("█".repeat(full))}${this.#colors.dim("░".repeat(room - full))} ${share}  ${time}`;
  }

  #countsLine(): string {
    return this.#progress === undefined ? "" : counts(this.#progress, this.#columns);
  }

  #statusLine(): string {
    return this.#colors.dim(cut(status(this.#progress, this.#stopping), this.#columns));
  }
}

/** How often a line is written when nothing special happens. */
const LINE_MILLIS = 5_000;

/** One line now and then: for logs. */
class LineReporter implements Reporter {
  readonly #stream: Out;
  #phase = "";
  #written = 0;
  #stopping = false;

  constructor({ stream }: ReporterOptions) {
    this.#stream = stream;
    this.say(`${status(undefined, false)}`);
  }

  update(progress: Progress): void {
    // Before the first profile only trouble is worth a line.
    if (progress.read === 0 && !isTrouble(progress.waiting)) return;
    const phase = phaseOf(progress);
    const now = performance.now();
    if (phase === this.#phase && now - this.#written < LINE_MILLIS) return;
    this.#phase = phase;
    this.#written = now;
    const time = left(progress, this.#stopping);
    this.say([counts(progress, Infinity), time, this.#stopping ? status(progress, true) : phase].filter(Boolean).join(" · "));
  }

  say(sentence: string): void {
    this.#stream.write(`${clean(sentence)}\n`);
  }

  stopping(): void {
    this.#stopping = true;
  }

  end(): void {
    // Nothing was drawn.
  }
}

/** What is worth a line of its own; the fine changes from request to request are not. */
function phaseOf({ waiting, read, pending, queued }: Progress): string {
  if (isTrouble(waiting)) return WAITS[waiting];
  if (read === 0) return WAITS.source;
  if (pending > 0) return "sending";
  return queued > 0 ? WAITS.processing : "done with what was read";
}

function isTrouble(waiting: Progress["waiting"]): waiting is "throttled" | "unavailable" | "backoff" | "previous_run" {
  return waiting === "throttled" || waiting === "unavailable" || waiting === "backoff" || waiting === "previous_run";
}
