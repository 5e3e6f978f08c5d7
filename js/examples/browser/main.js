// A page that exports a file its user chose. The file is read in pieces, never as a whole; the key is not on the page.
// With a bundler such as Vite this is `from "activecampaign-export"`.
import { exportSegment } from "/package/entry/browser.js";

const element = (id) => document.getElementById(id);
const definition = await (await fetch("/definition.json")).json();

async function start() {
  const [segment] = element("segment").files;
  if (!segment) return;
  element("start").disabled = true;
  element("progress").hidden = false;
  // ActiveCampaign answers no page of another origin, so the requests go to our own server, which adds the key.
  const run = exportSegment({ connection: { relay: "/activecampaign/main" }, definition, source: segment });
  for await (const event of run) {
    if (event.type === "progress") {
      element("progress").max = event.progress.read;
      element("progress").value = event.progress.read - event.progress.pending - event.progress.queued;
    } else {
      for (const { row, reason } of event.rejections) element("rejected").append(Object.assign(document.createElement("li"), { textContent: `Row ${row}: ${reason}` }));
    }
  }
  const { result, delivered, rejected, stop } = await run.summary;
  element("outcome").textContent = `${result}: ${delivered} delivered, ${rejected} rejected. ${stop ? `${stop.message} ${stop.remedy}` : ""}`.trim();
  element("start").disabled = false;
}

element("start").addEventListener("click", start);
