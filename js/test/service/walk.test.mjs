// The walk over the original page, in the service that `serve` starts on Node.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { place, quick, serveSandbox, service, SPEED } from "./helpers.mjs";
import { walk } from "./walk.mjs";

async function nodeHost(sourceOf) {
  const served = await serveSandbox({ speed: SPEED });
  const sources = place();
  const running = await service.serveService({ folder: place(), sandbox: served.url, sources, host: quick });
  return {
    url: running.url,
    adminToken: running.firstToken,
    served,
    source: (name, csv) => sourceOf(sources, name, csv),
    async close() {
      await running.close();
      await served.close();
    },
  };
}

walk("the original page on Node, with segments in files", () =>
  nodeHost((sources, name, csv) => {
    writeFileSync(join(sources, `${name}.csv`), csv);
    return { file: `${name}.csv` };
  }));

walk("the original page on Node, with segments that are uploaded", () => nodeHost(() => ({ upload: true })));
