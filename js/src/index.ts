/** The public API; an entry instantiates the core and re-exports this. */
export { describeAccount, testConnection } from "./account.js";
export { checkDefinition, readColumns, rules, suggestMapping } from "./definition.js";
export { encodeBatches, preview } from "./encode.js";
export { ExportError } from "./errors.js";
export { exportSegment } from "./export.js";
export { indexedDbStore } from "./store/indexeddb.js";
export { memoryStore, type MemoryStoreOptions } from "./store/memory.js";
export { type SqlDatabase, type SqlRow, sqlStore, type SqlValue } from "./store/sql.js";
export type * from "./types.js";
