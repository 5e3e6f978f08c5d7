// The original page, step by step, over a service in workerd.
import { walk } from "../service/walk.mjs";
import { serveSandbox } from "./edge.mjs";
import { ADMIN_TOKEN, serviceEdge } from "./service-edge.mjs";

const SPEED = 60;

for (const [way, sourceOf] of Object.entries({
  uploads: () => () => ({ upload: true }),
  R2: ({ put }) => async (name, csv) => {
    await put(`segments/${name}.csv`, csv);
    return { r2: `segments/${name}.csv` };
  },
})) {
  walk(`the page's steps on Cloudflare, profiles from ${way}`, async () => {
    const served = await serveSandbox({ port: 0, speed: SPEED });
    const edge = await serviceEdge(served.url, { speed: SPEED });
    const close = async () => {
      await edge.end();
      await served.close();
    };
    return { url: "http://worker", adminToken: ADMIN_TOKEN, served, source: sourceOf(edge), send: (url, init) => edge.miniflare.dispatchFetch(url, init), close };
  });
}
