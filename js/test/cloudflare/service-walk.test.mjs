// The original page, step by step, over a service in workerd: the folder that a deployer copies, letter for letter, and one
// that reads segments from R2, whose clock goes faster.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { walk } from "../service/walk.mjs";
import { app, deploy, serveSandbox } from "./edge.mjs";
import { ADMIN_TOKEN, SECRET, serviceEdge } from "./service-edge.mjs";
import { inMiniflare, settingsOf } from "./template.mjs";

const SPEED = 60;

/** What the walk needs of a service, which ends with it. */
async function hosted(start) {
  const served = await serveSandbox({ port: 0, speed: SPEED });
  const { edge, source, end = () => undefined } = await start(served);
  const close = async () => {
    await edge.end();
    await served.close();
    end();
  };
  return { url: "http://worker", adminToken: ADMIN_TOKEN, served, source, send: (url, init) => edge.miniflare.dispatchFetch(url, init), close };
}

walk("the page's steps on Cloudflare: the folder to deploy, with uploads", () =>
  hosted(async (served) => {
    const folder = mkdtempSync(join(app, "service-"));
    cpSync(join(app, "node_modules", "activecampaign-export", "cloudflare-service"), folder, { recursive: true });
    const settings = settingsOf(folder);
    const bindings = { ACTIVECAMPAIGN_EXPORT_SECRET: SECRET, EXPORT_ADMIN_TOKEN: ADMIN_TOKEN, SANDBOX: served.url };
    const edge = await deploy({ entryPoints: [join(folder, settings.main)] }, { ...inMiniflare(settings, folder), bindings });
    return { edge, source: () => ({ upload: true }), end: () => rmSync(folder, { recursive: true }) };
  }));

walk("the page's steps on Cloudflare: segments from R2", () =>
  hosted(async (served) => {
    const edge = await serviceEdge(served.url, { speed: SPEED });
    const source = async (name, csv) => {
      await edge.put(`segments/${name}.csv`, csv);
      return { r2: `segments/${name}.csv` };
    };
    return { edge, source };
  }));
