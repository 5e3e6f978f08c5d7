import { UNICODE } from "../hand-tuned.mjs";
import { scanned } from "./scan.mjs";

export const run = (path, sink) => scanned(path, sink, UNICODE);
