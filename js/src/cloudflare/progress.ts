/** Progress as server-sent events: one stream for whoever watches. */
import { refusal } from "./messages.js";
import type { ExportStatus } from "./status.js";

/** Each holds a connection and its buffers, some 260 KB, of the 128 MB that all objects of an isolate share. */
const MOST_WATCHERS = 100;

const encoder = new TextEncoder();

export class ProgressStreams {
  readonly #watchers = new Set<ReadableStreamDefaultController<Uint8Array>>();

  /** A stream that begins with what is known, and ends with the run. */
  open(status: ExportStatus): Response {
    if (this.#watchers.size >= MOST_WATCHERS) {
      return refusal(429, "too_many_watchers", `${MOST_WATCHERS} callers follow this export already.`, "Close one of the streams, or ask for the status now and then.");
    }
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        this.#watchers.add(controller);
        send(controller, status);
        if (status.status === "ended" || status.status === "never_run") this.#close(controller);
      },
      cancel: () => {
        if (own) this.#watchers.delete(own);
      },
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
  }

  tell(status: ExportStatus): void {
    for (const watcher of this.#watchers) {
      // One that does not read gets the next report instead of all that it missed.
      if ((watcher.desiredSize ?? 0) > 0) send(watcher, status);
    }
  }

  end(status: ExportStatus): void {
    for (const watcher of this.#watchers) {
      send(watcher, status);
      this.#close(watcher);
    }
  }

  #close(watcher: ReadableStreamDefaultController<Uint8Array>): void {
    this.#watchers.delete(watcher);
    watcher.close();
  }
}

function send(watcher: ReadableStreamDefaultController<Uint8Array>, status: ExportStatus): void {
  watcher.enqueue(encoder.encode(`event: ${status.status}\ndata: ${JSON.stringify(status)}\n\n`));
}
