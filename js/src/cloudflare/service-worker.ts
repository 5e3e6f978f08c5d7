/** The worker in front of a service: it hands every request to the one object that the service is. */
import { objectsOf, tell } from "./messages.js";
import { pageAnswer } from "../service/http/page.js";
import type { PageFile } from "../service/environment.js";
import type { Bindings, ObjectState } from "./runtime.js";
import { SERVICE_NAME } from "./service-key.js";
import { type EdgeServiceOptions, refused, ServiceObject as Base } from "./service-object.js";
import { PROOF, proofOf } from "./service-secret.js";

export interface ServiceWorker {
  /** The worker's handlers: its default export. */
  worker: {
    fetch(request: Request, bindings: Bindings): Promise<Response>;
    /** For a cron trigger every few minutes: should an alarm be lost, it is missed. */
    scheduled(event: unknown, bindings: Bindings): Promise<void>;
  };
  /** The class behind the binding SERVICE: to be exported under this name. */
  ServiceObject: new (state: ObjectState, bindings: Bindings) => Base;
}

/** A service as a worker. Options may depend on the worker's bindings, such as the audience of Cloudflare Access. */
export function serviceWorker(options: EdgeServiceOptions | ((bindings: Bindings) => EdgeServiceOptions) = {}): ServiceWorker {
  class ServiceObject extends Base {
    protected override options(bindings: Bindings): EdgeServiceOptions {
      return typeof options === "function" ? options(bindings) : options;
    }
  }
  return { ServiceObject, worker: { fetch: forward, scheduled } };
}

async function forward(request: Request, bindings: Bindings): Promise<Response> {
  try {
    const page = await pageOf(request, bindings);
    if (page) return page;
    const objects = objectsOf(bindings, "SERVICE");
    const headers = new Headers(request.headers);
    // Nobody outside is an object of this service.
    headers.delete(PROOF);
    return await objects.get(objects.idFromName(SERVICE_NAME)).fetch(new Request(request, { headers }));
  } catch (error) {
    return refused(error);
  }
}

interface Assets {
  fetch(address: string): Promise<Response>;
}

/** The admin page, where the worker has its files behind the binding ASSETS. */
async function pageOf({ method, url }: Request, bindings: Bindings): Promise<Response | undefined> {
  const assets = bindings.ASSETS as Assets | undefined;
  if (assets === undefined || method !== "GET") return undefined;
  const { pathname, origin } = new URL(url);
  return pageAnswer(pathname, async (path): Promise<PageFile | undefined> => {
    // The files' own server answers for the folder, and sends whoever asks for its index there.
    const response = await assets.fetch(`${origin}${path === "/index.html" ? "/" : path}`);
    const type = response.headers.get("content-type");
    return response.ok && response.body && type !== null ? { type, body: response.body } : undefined;
  });
}

async function scheduled(_event: unknown, bindings: Bindings): Promise<void> {
  const response = await tell(bindings, "SERVICE", SERVICE_NAME, "object/wake", undefined, { [PROOF]: await proofOf(bindings) });
  if (!response.ok) console.error("activecampaign-export: the service could not be woken:", response.status);
}
