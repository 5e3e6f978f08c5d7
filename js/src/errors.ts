import type { Category, Issue, Stop } from "./types.js";

/** A call that could not do its work: what happened, who must act, what to do, and whether a retry helps. */
export class ExportError extends Error {
  override readonly name = "ExportError";
  /** A stable code. */
  readonly code: string;
  /** Who must act. */
  readonly category: Category;
  /** What to do. */
  readonly remedy: string;
  /** Whether the same call may succeed later without any change. */
  readonly retryHelps: boolean;
  /** All issues, when settings are at fault. */
  readonly issues: readonly Issue[];

  constructor(stop: Stop, options?: ErrorOptions) {
    super(stop.message, options);
    this.code = stop.code;
    this.category = stop.category;
    this.remedy = stop.remedy;
    this.retryHelps = stop.retryHelps;
    this.issues = stop.issues ?? [];
  }
}

/** What the same call would meet again. */
export function fault(code: string, category: Category, message: string, remedy: string): ExportError {
  return new ExportError({ code, category, message, remedy, retryHelps: false });
}

/** The caller made a mistake that no setting explains. */
export function misuse(code: string, message: string, remedy: string): ExportError {
  return fault(code, "misuse", message, remedy);
}

/** Turns what the core threw, a plain stop, into an error. */
export function fromCore(thrown: unknown): unknown {
  if (thrown instanceof ExportError) return thrown;
  if (typeof thrown === "object" && thrown !== null && "category" in thrown && "code" in thrown) {
    return new ExportError(thrown as Stop);
  }
  return thrown;
}
