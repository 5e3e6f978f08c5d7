/** What ends a benchmark with one sentence for people. */
export class Failure extends Error {}

// One line that rewrites itself on a terminal; lines elsewhere. Never on stdout, which is for results.
export function say(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}

/** A sentence that stays. */
export function note(text) {
  say("");
  process.stderr.write(`${text}\n`);
}
