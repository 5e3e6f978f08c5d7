/** The service, for hosts with Node's own modules. */
import "./node.js";

export { createService, type Service } from "../service/service.js";
export { KEY_PREFIX, type ServiceOptions, type Vault } from "../service/environment.js";
export { type Authenticate, type Identity, oidc, type OidcOptions } from "../service/identity.js";
export { type Held, releaseLease, takeLease } from "../service/lease.js";
export { SecretBox, type Secrets } from "../service/secrets.js";
export type { Change, Json, Kept, Page, ServiceStore } from "../service/store.js";
export { memoryRecords } from "../service/stores/memory.js";
export { type OpenDatabase, openDatabase } from "../node/sqlite.js";
export { sqlRecords } from "../service/stores/sql.js";
export type { PartOrder, PartState, Runner } from "../service/runner.js";
export { isPublicAddress, publicFetch, type PublicFetchOptions } from "../node/service/public-fetch.js";
export { newAdministratorToken, type ServedService, type ServeOptions, serveService } from "../node/service/serve.js";
export { NodeRunner, type NodeRunnerOptions } from "../node/service/runner.js";
export { FILE_SHAPES, fileIssues, fileSchema, type Kind } from "../service/file-shapes.js";
