/** Definitions: checked, and suggested. The rules are the core's; this only passes them on. */
import { checkDefinition as check, readColumns as columns, rules as allRules, suggestMapping as suggest } from "./core.js";
import { guarded } from "./engine.js";
import { fromCore } from "./errors.js";
import { openSource } from "./source/open.js";
import type { AccountSchema, ConsentColumn, Issue, Mapping, Rule, Source, SuggestedMapping, Suggestion } from "./types.js";

/** All issues of a definition, each with the path of its setting; empty when it is right. */
export function checkDefinition(definition: unknown, account?: AccountSchema, allowedHosts: string[] = []): Issue[] {
  const settings = JSON.stringify(definition) ?? "null";
  return guarded(() => check(settings, account && JSON.stringify(account), allowedHosts)) as Issue[];
}

/** A mapping guessed from the names of columns. For a person to confirm: a saved mapping names exact columns. */
export function suggestMapping(header: string[], account?: AccountSchema): SuggestedMapping {
  const guesses = coreCall(() => suggest(header, account && JSON.stringify(account))) as Guess[];
  const suggestions = guesses.map(({ confidencePercent, ...guess }): Suggestion => ({ ...guess, confidence: confidencePercent / 100 }));
  const mapping: Partial<Mapping> = {};
  for (const { target, field, column, negated } of suggestions) {
    if (target === "fields") {
      mapping.fields = [...(mapping.fields ?? []), { field: field ?? "", column }];
    } else if (target === "consent") {
      mapping.consent = (negated ? { column, negated: true } : column) satisfies ConsentColumn;
    } else {
      mapping[target] = column;
    }
  }
  return { mapping, suggestions };
}

/** As the core gives it. */
type Guess = Omit<Suggestion, "confidence"> & { confidencePercent: number };

/** The names of a source's columns: its header, or the keys of its first objects. */
export async function readColumns(source: Source): Promise<string[]> {
  const open = openSource(source);
  let start = new Uint8Array();
  let length = 0;
  let tried = 0;
  try {
    for (;;) {
      const chunk = await open.read();
      if (chunk) {
        if (length + chunk.byteLength > start.byteLength) start = grown(start, 2 * (length + chunk.byteLength));
        start.set(chunk, length);
        length += chunk.byteLength;
      }
      // The core looks from the start each time: only at twice as much, so that small chunks do not cost their square.
      if (chunk !== null && length < 2 * tried) continue;
      tried = length;
      const found = coreCall(() => columns(start.subarray(0, length), chunk === null));
      if (found) return found;
      if (chunk === null) return [];
    }
  } finally {
    open.close();
  }
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

/** All rules by which a profile can be rejected, with reason and remedy in plain words. */
export function rules(): Rule[] {
  return guarded(allRules) as Rule[];
}

function coreCall<T>(call: () => T): T {
  try {
    return guarded(call);
  } catch (error) {
    throw fromCore(error);
  }
}
