/** Whether the columns that a mapping names are there, as far as the sources can be read now. */
import { preview } from "../encode.js";
import { ExportError } from "../errors.js";
import type { ExportDefinition, Issue } from "../types.js";
import type { Segment } from "./documents.js";
import { ofSource } from "./problem.js";
import type { Runner } from "./runner.js";

/** Nobody who saves waits longer for a source; its columns are then looked at by the run. */
const PATIENCE_MILLIS = 5_000;

/** Segments that are looked at while somebody waits: each may be a call to another host. */
const MOST_LOOKED_AT = 20;

/** By segments, in the order of the export. `wrong` would fail every run; `warnings` may mend themselves. */
export async function columnIssues(runner: Runner, segments: readonly Segment[], definitionOf: (segment: Segment) => ExportDefinition): Promise<{ wrong: Issue[]; warnings: Issue[] }> {
  const looks = segments.slice(0, MOST_LOOKED_AT).map((segment, at) => look(runner, segment, at, definitionOf(segment)));
  const issues = (await Promise.all(looks)).flat();
  const isWrong = ({ path }: Issue): boolean => path === "mapping.email" || path.startsWith("mapping.email.");
  return { wrong: issues.filter(isWrong), warnings: issues.filter((issue) => !isWrong(issue)) };
}

async function look(runner: Runner, segment: Segment, at: number, definition: ExportDefinition): Promise<Issue[]> {
  if (!runner.columns) return [];
  try {
    const columns = await inTime(runner.columns(segment));
    return (await missing(columns, definition)).map((issue) => ({ ...issue, message: `In the segment "${segment.name}": ${issue.message}` }));
  } catch (error) {
    const { code, detail, remedy } = ofSource(error).problem;
    return [{ path: `segments[${at}]`, code, message: `The columns of the segment "${segment.name}" could not be looked at: ${detail} ${remedy}` }];
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(PATIENCE_MILLIS);
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      const message = "It did not answer in time.";
      late.addEventListener("abort", () => reject(new ExportError({ code: "source_failed", category: "source", message, remedy: "Its columns are looked at when the export is run.", retryHelps: true })));
    }),
  ]);
}

/** The core tells which columns are not there: it is given a source of nothing but a header. */
async function missing(columns: readonly string[], definition: ExportDefinition): Promise<Issue[]> {
  const header = columns.map((column) => `"${column.replaceAll('"', '""')}"`).join(",");
  try {
    await preview({
      definition: { ...definition, source: { format: "csv", delimiter: "," } }, source: new TextEncoder().encode(`${header}\n`),
      allowedHosts: definition.host === undefined ? [] : [definition.host],
    });
  } catch (error) {
    if (!(error instanceof ExportError)) throw error;
    return error.issues.filter(({ code }) => code === "unknown_column" || code === "ambiguous_column");
  }
  return [];
}
