/** Options of calls. What a caller misspells must not pass for something that was left out. */
import { misuse } from "./errors.js";

/** What `typeof` must say; `undefined` where the one who reads the value checks it. */
export type OptionType = "boolean" | "function" | "object" | undefined;

/** Refuses options that are unknown or of another type. */
export function requireOptions(options: unknown, known: Readonly<Record<string, OptionType>>): void {
  if (typeof options !== "object" || options === null) {
    throw misuse("options", "The call was given no options.", "Pass an object of options.");
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) {
      throw misuse("options", `There is no option "${name}".`, `Remove it. There are: ${Object.keys(known).join(", ")}.`);
    }
    const type = known[name];
    if (type !== undefined && value !== undefined && typeof value !== type) {
      throw misuse("options", `The option "${name}" must be of type ${type}.`, "Correct it, or leave it out.");
    }
  }
}
