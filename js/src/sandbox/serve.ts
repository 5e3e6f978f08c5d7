import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type HttpBindings, createAdaptorServer } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Sandbox, type SandboxOptions, createSandbox } from "./index.js";
import { ConnectionBroken, breaksOff } from "./wire.js";

export interface ServeSandboxOptions extends SandboxOptions {
  /** 0 or missing = any free port. */
  port?: number;
  /** A loopback name; default 127.0.0.1. */
  host?: string;
}

export interface ServedSandbox {
  /** Such as `http://127.0.0.1:8787`, without a slash at the end. */
  readonly url: string;
  readonly key: string;
  readonly sandbox: Sandbox;
  close(): Promise<void>;
}

const HOSTS: readonly string[] = ["127.0.0.1", "localhost", "::1"];

/** Turns the break of a body into a break of the socket; the adapter would write the error to the console. */
function breakingOff(response: Response, env: HttpBindings): Response {
  const reader = response.body?.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      try {
        const step = await reader?.read();
        if (step?.value !== undefined) controller.enqueue(step.value);
      } catch {
        env.incoming.socket.resetAndDestroy();
        controller.close();
      }
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

/** A fault that breaks the connection breaks the socket; anything else is a defect and says so. */
async function answerOn(sandbox: Sandbox, request: Request, env: HttpBindings): Promise<Response> {
  try {
    const response = await sandbox.fetch(request);
    return breaksOff(response) ? breakingOff(response, env) : response;
  } catch (error) {
    if (!(error instanceof ConnectionBroken)) {
      return new Response(`The sandbox has a defect: ${error instanceof Error ? error.stack : String(error)}`, { status: 500 });
    }
    env.incoming.socket.resetAndDestroy();
    return RESPONSE_ALREADY_SENT;
  }
}

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((done, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      fail(error.code === "EADDRINUSE" ? new Error(`port ${port} on ${host} is taken: choose another, or 0 for any free one`, { cause: error }) : error);
    });
    server.listen(port, host, () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) done(address);
      else fail(new Error("the server has no port"));
    });
  });
}

/** Serves a sandbox on this machine. Never beyond it: its key and its knobs are open to whoever can reach it. */
export async function serveSandbox(options: ServeSandboxOptions = {}): Promise<ServedSandbox> {
  const { port = 0, host = "127.0.0.1", ...rest } = options;
  if (!HOSTS.includes(host)) throw new Error(`the sandbox is served on loopback only (${HOSTS.join(", ")}), not on ${host}`);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`port must be a whole number from 0 to 65535, not ${String(port)}`);
  const sandbox = createSandbox(rest);
  const server = createAdaptorServer({
    // Without this the adapter would replace the global Request and Response of the whole process.
    overrideGlobalObjects: false,
    fetch: (request, env) => answerOn(sandbox, request, env as HttpBindings),
  }) as Server;
  const address = await listen(server, port, host);
  const name = host === "::1" ? "[::1]" : host;
  return {
    url: `http://${name}:${address.port}`,
    key: sandbox.key,
    sandbox,
    close: () =>
      new Promise((done, fail) => {
        server.close((error) => (error === undefined ? done() : fail(error)));
        server.closeAllConnections();
      }),
  };
}
