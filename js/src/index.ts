/** The public API; an entry instantiates the core and re-exports this. */
export { describeAccount, testConnection } from "./account.js";
export { checkDefinition, readColumns, rules, suggestMapping } from "./definition.js";
export { encodeBatches, preview } from "./encode.js";
export { ExportError } from "./errors.js";
export { exportSegment } from "./export.js";
export type * from "./types.js";
