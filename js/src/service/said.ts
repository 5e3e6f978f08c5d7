/** What is wrong with a body or a file, in words for people: the validator's own are for programmers. */
import { z } from "@hono/zod-openapi";
import type { Issue } from "../types.js";

/** An object whose unknown keys are refused by name, with what was probably meant. */
export function strict<T extends z.core.$ZodLooseShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  const known = Object.keys(shape);
  const error: z.core.$ZodErrorMap = (issue) => (issue.code === "unrecognized_keys" ? issue.keys.map((key) => unknownSetting(key, known)).join(" ") : undefined);
  return z.strictObject(shape, { error });
}

/** What cannot be seen, breaks a line, turns the direction of what follows, or is half a letter: two names could look alike. */
const UNSEEN = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** A text that people tell things by. */
export function plain(text: z.ZodString): z.ZodString {
  const error = "It has characters that cannot be seen: control characters, line breaks, half letters, or ones that turn the direction of text. Write it without them.";
  return text.refine((value) => !UNSEEN.test(value), { error, params: { code: "not_a_name" } });
}

const MEANT = "Did you mean";

function unknownSetting(key: string, known: readonly string[]): string {
  const meant = known.filter((each) => each !== "$schema").find((each) => isNear(key.toLowerCase(), each.toLowerCase()));
  return `Unknown setting \`${key.slice(0, 100)}\`.${meant === undefined ? "" : ` ${MEANT} \`${meant}\`?`}`;
}

/** Whether a third of the letters, and at most two, are wrong, missing or swapped with their neighbour. */
function isNear(one: string, other: string): boolean {
  const most = Math.min(2, Math.floor(other.length / 3));
  if (Math.abs(one.length - other.length) > most) return false;
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= other.length; to += 1) {
      const same = one[at - 1] === other[to - 1];
      let least = Math.min((row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1, (row[to - 1] ?? 0) + (same ? 0 : 1));
      if (at > 1 && to > 1 && one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1]) least = Math.min(least, (before[to - 2] ?? 0) + 1);
      next.push(least);
    }
    [before, row] = [row, next];
  }
  return (row[other.length] ?? Infinity) <= most;
}

/** All that is wrong, each with its path. */
export function issuesOf(error: z.core.$ZodError): Issue[] {
  return error.issues.flatMap((issue) => told(issue, []));
}

function told(issue: z.core.$ZodIssue, before: readonly PropertyKey[]): Issue[] {
  const path = [...before, ...issue.path];
  if (issue.code === "invalid_union") {
    const likely = likeliest(issue.errors);
    if (likely) return likely.flatMap((each) => told(each, path));
  }
  const own: unknown = issue.code === "custom" ? issue.params?.code : undefined;
  return [{ path: pathOf(path), code: typeof own === "string" ? own : (issue.code ?? "custom"), message: inWords(issue) }];
}

/** Of the forms that a value may have, the one that it was probably meant to have: all others are of another kind. */
function likeliest(forms: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const meant = forms.filter((issues) => issues.every(({ code, path }) => code !== "invalid_type" || path.length > 0));
  if (meant.length === 1) return meant[0];
  // A key that is nearly one of a form's own tells which.
  const near = meant.filter((issues) => issues.some(({ message }) => message.includes(MEANT)));
  return near.length === 1 ? near[0]?.filter(({ message }) => message.includes(MEANT)) : undefined;
}

const KINDS: Record<string, string> = { string: "text", number: "a number", int: "a whole number", boolean: "true or false", array: "a list", object: "an object", record: "an object" };

function inWords(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      // The words of the shape itself come first.
      if (!issue.message.startsWith("Invalid input")) return issue.message;
      return issue.message.endsWith(" received undefined") ? "It is missing." : `It must be ${KINDS[issue.expected] ?? issue.expected}.`;
    case "invalid_value":
      return `It must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}.`;
    case "too_small":
      if (issue.origin === "string" && issue.minimum === 1) return "It must not be empty.";
      if (issue.origin === "array" && issue.minimum === 1) return "It must have an entry.";
      return `It must ${sizeOf(issue.origin)} at least ${issue.minimum}${unitOf(issue.origin)}.`;
    case "too_big":
      return `It must ${sizeOf(issue.origin)} at most ${issue.maximum}${unitOf(issue.origin)}.`;
    case "invalid_union":
      if ("options" in issue && Array.isArray(issue.options)) return `It must be ${issue.options.map((value: unknown) => JSON.stringify(value)).join(" or ")}.`;
      if (issue.errors.length > 0 && issue.errors.every((form) => form.some(isMissing))) return "It is missing.";
      if (issue.message !== "Invalid input") return issue.message;
      return "It has none of the forms that it may have: see /reference of the service, or the schemas that `pull` writes.";
    default:
      return issue.message;
  }
}

/** The validator tells this in its words alone. */
function isMissing({ code, path, message }: z.core.$ZodIssue): boolean {
  return code === "invalid_type" && path.length === 0 && message.endsWith(" received undefined");
}

function sizeOf(origin: string): string {
  return origin === "string" || origin === "array" ? "have" : "be";
}

function unitOf(origin: string): string {
  return origin === "string" ? " letters" : origin === "array" ? " entries" : "";
}

/** `["mapping", "fields", 1]` to `mapping.fields[1]`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path.map((part, at) => (typeof part === "number" ? `[${part}]` : `${at === 0 ? "" : "."}${String(part)}`)).join("");
}
