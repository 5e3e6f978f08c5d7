/** The service on Cloudflare: a worker exports its handlers and the three classes. */
import module from "../core_bg.wasm";
import { instantiateSync } from "../init.js";

// Not by another entry: what two entries share lies in a file of its own, which bundlers take for one without effects.
instantiateSync(module);

export { AccountObject } from "../cloudflare/account-object.js";
export { ExportObject } from "../cloudflare/export-object.js";
export { type ServiceWorker, serviceWorker } from "../cloudflare/service-worker.js";
export type { EdgeServiceOptions, ServiceObject } from "../cloudflare/service-object.js";
export { type Authenticate, type Identity, oidc, type OidcOptions } from "../service/identity.js";
export { type Held, releaseLease, takeLease } from "../service/lease.js";
export type { Change, Json, Kept, Page, ServiceStore } from "../service/store.js";
export { sqlRecords } from "../service/stores/sql.js";
