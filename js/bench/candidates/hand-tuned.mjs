import { tuned, UNICODE } from "../hand-tuned.mjs";

export const run = (path, sink) => tuned(path, sink, UNICODE);
