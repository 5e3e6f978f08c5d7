/** The names of files below a folder, for a person to choose from. */
import type { Dirent } from "node:fs";
import { opendir } from "node:fs/promises";
import { join } from "node:path";

/** Whoever fills the folder must not keep the service busy. */
const MOST_ENTRIES = 2_000;
const MOST_DEPTH = 8;

const isHidden = (name: string): boolean => name.startsWith(".") || name === "node_modules";

/**
 * Names relative to the folder, the upper ones first, of what is not hidden: of files, and of links, whatever those lead to.
 * Links to folders are not gone into: they may lead to where they lie. A folder that cannot be read has none.
 */
export async function fileNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  let looks = 0;
  let level = [""];
  for (let depth = 0; depth <= MOST_DEPTH && level.length > 0; depth += 1) {
    const below: string[] = [];
    for (const parent of level) {
      for await (const entry of entriesOf(join(folder, parent))) {
        looks += 1;
        if (looks > MOST_ENTRIES) return names;
        if (isHidden(entry.name)) continue;
        const name = join(parent, entry.name);
        if (entry.isDirectory()) below.push(name);
        else if (entry.isFile() || entry.isSymbolicLink()) names.push(name);
      }
    }
    level = below;
  }
  return names;
}

async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(folder);
  } catch {
    // It is gone, or not to be read.
  }
}
