/** What can go wrong in the command itself, and the exit status of everything. */
import type { Stop } from "../types.js";

/** Exit statuses. Scripts rely on them. */
export const EXIT = {
  /** Every profile has a good end. */
  done: 0,
  /** Stopped; the same run can be started again, if need be after somebody has acted. */
  stopped: 1,
  /** Wrong usage, settings or source: no rerun mends it. */
  wrong: 2,
  /** Finished, with rejected or unverified profiles. */
  rejected: 3,
  /** Quit at the second Ctrl-C. */
  interrupted: 130,
} as const;

/** A sentence for people instead of a stack trace. */
export class CommandError extends Error {
  readonly exitCode: number;
  /** What to do about it. */
  readonly remedy: string | undefined;

  constructor(exitCode: number, message: string, remedy?: string) {
    super(message);
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}

/** The caller must change the command, a setting or a file. */
export function wrong(message: string, remedy?: string): CommandError {
  return new CommandError(EXIT.wrong, message, remedy);
}

/** The exit status of a run that could not go on. */
export function exitOfStop(stop: Pick<Stop, "category" | "code" | "retryHelps">): number {
  // A cancelled look at the account is reported as misuse; nothing is wrong with the settings.
  if (stop.retryHelps || stop.code === "cancelled") return EXIT.stopped;
  const mendedHere = stop.category === "settings" || stop.category === "misuse" || stop.category === "source";
  return mendedHere ? EXIT.wrong : EXIT.stopped;
}

/** Why the system refused a file, in plain words; never the path, which may be a key given by mistake. */
export function fileTrouble(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "unknown error";
  const words: Record<string, string> = {
    ENOENT: "there is no such file or folder",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EISDIR: "it is a folder",
    ENOTDIR: "a part of the path is not a folder",
    ENOSPC: "the disk is full",
    EROFS: "the disk is read-only",
    EMFILE: "too many files are open",
    ENAMETOOLONG: "the name is too long",
  };
  return words[code] ?? code;
}
