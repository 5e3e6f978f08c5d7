// Strings of half the size; see there.
import { BYTES } from "../hand-tuned.mjs";
import { scanned } from "./scan.mjs";

export const run = (path, sink) => scanned(path, sink, BYTES);
