import type { Knobs } from "./knobs.js";

/** A part before `@`, none of the forbidden characters, and a domain with a dot and at least two letters after it. [doc S1] */
const RULES = /^[^"(),:;<>@[\]]+@[^"(),:;<>@[\]]+\.\p{L}{2}[\p{L}\p{N}-]*$/u;

/** What the documented rules let through and the documented `failure` example still names, plus likely relatives. [doc S2] [invented] */
const LATE = /['\s\p{Cc}]|\.\.|^\.|\.@/u;

/** The checks of the contact endpoints: both at once. [invented boundary] */
export function isAddress(email: string): boolean {
  const trimmed = email.trim();
  return trimmed.length <= 254 && RULES.test(trimmed) && !LATE.test(trimmed);
}

/** Whether the importer refuses the address when it is sent (U12). */
export function refusedAtOnce(email: string, check: Knobs["addressCheck"]): boolean {
  if (check === "later") return false;
  return check === "at-once" ? !isAddress(email) : !RULES.test(email.trim());
}
