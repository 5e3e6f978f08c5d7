/** Whether a run that began still has where to go. */
import { type Export, KEYS, type Reason, type Run } from "./documents.js";
import type { Environment } from "./environment.js";
import type { Exports } from "./exports.js";
import { finished } from "./runs.js";

/** Why nothing that anybody does now could let the run go on. One that has not begun follows its export wherever that goes. */
export async function noWay(environment: Environment, exports: Exports, run: Run): Promise<Reason | undefined> {
  const one = (await environment.find<Export>(KEYS.export(run.export)))?.value;
  if (!one) return lost("export_removed", "The export was removed.", "Nothing is left to do.");
  const connection = await exports.connectionOf(one);
  if (!connection) return lost("detached", "The export has no connection any more.", "Choose one for it, and run it again.");
  if (run.startedAt === undefined) return undefined;
  if (connection.id !== run.connection || connection.host !== run.host) {
    return lost("connection_changed", "The export has another connection, or its connection another account, since the run began.", "Run the export again; this run would send the rest somewhere else.");
  }
  const open = run.parts.filter((part) => !finished(part));
  const there = await Promise.all(open.map(({ segment }) => environment.store.get(KEYS.segment(segment))));
  return there.includes(undefined) ? lost("segment_missing", "A segment of the run is gone.", "Take it out of the export, or choose another, and run it again.") : undefined;
}

function lost(code: string, message: string, remedy: string): Reason {
  return { code, category: "settings", message, remedy, retryHelps: false };
}
