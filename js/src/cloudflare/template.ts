/** What the folder to deploy comes with, to be filled in: no run may begin with it. */
import { ExportError } from "../errors.js";
import type { Issue } from "../types.js";

/** The texts of its export.json, and where they stand. */
const PLACEHOLDERS = [
  ["host", "<YOUR-ACCOUNT>.api-us1.com", "the account's bare hostname there, as its API URL in Settings > Developer has it"],
  ["list", "ID-OF-THE-LIST", "the list's id there, which `activecampaign-export lists` shows"],
  ["mapping.email", "COLUMN-WITH-THE-ADDRESS", "the name of the source's column of addresses there"],
] as const;

/** What is still as it came. */
export function leftAsItCame(definition: unknown): Issue[] {
  return PLACEHOLDERS.filter(([path, text]) => at(definition, path) === text).map(([path, text, wanted]) => ({
    path,
    code: "placeholder",
    message: `"${path}" in export.json is still ${JSON.stringify(text)}. Put ${wanted}.`,
  }));
}

/** Throws when something is. */
export function requireFilledIn(definition: unknown): void {
  const issues = leftAsItCame(definition);
  if (issues.length === 0) return;
  const remedy = `Fill in ${issues.map(({ path }) => path).join(", ")} in export.json, and deploy.`;
  throw new ExportError({ code: "settings", category: "settings", message: "The definition is still as it came with the folder to deploy.", remedy, retryHelps: false, issues });
}

function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split(".")) found = typeof found === "object" && found !== null ? (found as Record<string, unknown>)[key] : undefined;
  return found;
}
