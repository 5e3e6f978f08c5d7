/** Why something cannot go on: what happened, where, who must act, what to do, whether trying again helps. */
import { ExportError } from "../entry/node.js";
import type { Category, Issue, Stop } from "../types.js";
import { type Colors, beside, clean, wrap } from "./text.js";

/** What the sentences point at. */
export interface StopPlace {
  /** What stopped, as the first word of the sentence: "The export stopped". */
  what: string;
  definition?: string | undefined;
  source?: string | undefined;
  sandbox?: string | undefined;
}

/** The plain form of an error; a run's own stop has it already. */
export function stopOf(error: ExportError): Stop {
  const { code, category, message, remedy, retryHelps, issues } = error;
  const told = { code, category, message: inOptions(message), remedy: inOptions(remedy), retryHelps };
  return { ...told, ...(issues.length > 0 ? { issues: issues.map((issue) => ({ ...issue, message: inOptions(issue.message) })) } : {}) };
}

/** What the core calls by the name it has in code, by the command's option. */
function inOptions(text: string): string {
  return text.replaceAll("allowedHosts", "--allow-host");
}

function whoActs({ category, code, issues }: Stop, place: StopPlace): string {
  if (place.sandbox !== undefined && code === "key_refused") return "Whoever gives this command.";
  const inDefinition = place.definition !== undefined && issues !== undefined;
  const who: Record<Category, string> = {
    settings: inDefinition ? `Whoever edits the definition ${clean(place.definition ?? "")}.` : "Whoever gives this command.",
    credentials: "Whoever owns the account's key.",
    source: `Whoever owns the source${place.source === undefined ? "" : ` ${clean(place.source)}`}.`,
    remote: "Whoever administers the ActiveCampaign account, or ActiveCampaign itself.",
    checkpoint: "Whoever keeps the run's stored state.",
    misuse: "Whoever develops or installs this program.",
  };
  return who[category];
}

/** A sandbox has a key of its own, whatever the account's is. */
const SANDBOX_KEY = "Give the sandbox's own key, which it printed when it started: sandbox-key, unless its seed names another.";

/** A refused key in the words of a sandbox, where one stands in for the account. */
export function atSandbox(stop: Stop, sandbox: string | undefined): Stop {
  const strange = sandbox !== undefined && stop.code === "key_refused" && !stop.remedy.startsWith(SANDBOX_KEY);
  return strange ? { ...stop, remedy: SANDBOX_KEY } : stop;
}

/** Lines for a terminal. */
export function stopLines(stop: Stop, place: StopPlace, colors: Colors, width: number): string[] {
  const issues = stop.issues ?? [];
  const where = place.definition === undefined ? "" : ` in ${clean(place.definition)}`;
  const wrongSettings = issues.length === 1 ? `one setting${where} is wrong.` : `${issues.length} settings${where} are wrong.`;
  const message = issues.length > 0 ? wrongSettings : clean(inOptions(stop.message));
  const lines = wrap(`${place.what}: ${lowerFirst(message)}`, width).map((line) => colors.red(colors.bold(line)));
  for (const issue of issues) lines.push("", ...issueLines(issue, colors, width));
  lines.push("");
  const unserved = place.sandbox !== undefined && stop.code === "remote_unavailable";
  const remedy = unserved ? `Start the sandbox, or correct --sandbox: there is no answer from ${place.sandbox}.` : inOptions(atSandbox(stop, place.sandbox).remedy);
  lines.push(...beside("What to do    ", clean(remedy), width));
  // A cancelled look at the account is nobody's fault.
  if (stop.code !== "cancelled" && !unserved) lines.push(...beside("Who           ", whoActs(stop, place), width));
  lines.push(...beside("Trying again  ", stop.retryHelps ? "May help, without any change." : "Does not help before that.", width));
  return lines;
}

function issueLines(issue: Issue, colors: Colors, width: number): string[] {
  const lines = [`  ${colors.bold(clean(issue.path === "" ? "the whole definition" : issue.path))}`];
  for (const line of wrap(clean(inOptions(issue.message)), width - 4)) lines.push(`    ${line}`);
  if (issue.suggestion !== undefined) lines.push(`    ${colors.green(`Did you mean ${clean(issue.suggestion)}?`)}`);
  return lines;
}

/** "The account refused" to "the account refused", but "ActiveCampaign" and "HTTP" as they are. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z' ]+\b(?![A-Z])/u.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
