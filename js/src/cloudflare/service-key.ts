/** The key of a service's connection, for the object that runs an export: asked for when a run begins or goes on, kept nowhere. */
import { ExportError } from "../errors.js";
import type { Problem } from "../service/problem.js";
import type { Category } from "../types.js";
import { tell } from "./messages.js";
import type { Bindings } from "./runtime.js";
import { PROOF, proofOf } from "./service-secret.js";

/** The one object that a service is. */
export const SERVICE_NAME = "service";

/** Throws an `ExportError` that says who must act when the service does not give it. */
export async function keyFromService(bindings: Bindings, connection: string, host: string): Promise<string> {
  const response = await tell(bindings, "SERVICE", SERVICE_NAME, "object/key", { connection, host }, { [PROOF]: await proofOf(bindings) });
  if (response.ok) return ((await response.json()) as { key: string }).key;
  const { code, category, detail, remedy, retryHelps } = (await response.json()) as Problem;
  throw new ExportError({ code, category: category as Category, message: detail, remedy, retryHelps });
}
