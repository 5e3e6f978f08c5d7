// A Node that has what Node 20 lacks: one of those that the host matrix runs in.
import { install } from "../../scripts/runtimes.mjs";

/** The path of a Node with `node:sqlite`: this one, or one that is installed for the tests. */
export function nodeWithSqlite() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 13) ? process.execPath : install("node22");
}
