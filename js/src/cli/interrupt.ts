/** Ctrl-C: the first one asks to stop in good order, the second one quits at once. */
import { constants } from "node:os";
import { EXIT } from "./errors.js";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Calls `first` at the first signal; at the second one `last`, and ends the process. Returns how to stop listening. */
export function onInterrupt(first: () => void, last: () => void): () => void {
  let asked = false;
  const hear = (signal: NodeJS.Signals): void => {
    if (!asked) {
      asked = true;
      first();
      return;
    }
    last();
    process.exit(signal === "SIGINT" ? EXIT.interrupted : 128 + constants.signals[signal]);
  };
  for (const signal of SIGNALS) process.on(signal, hear);
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, hear);
  };
}
