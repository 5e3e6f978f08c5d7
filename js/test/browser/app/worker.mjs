// A worker that claims a run, says what it found, and ends.
import { indexedDbStore } from "activecampaign-export";

try {
  const { fence, run } = await indexedDbStore("worker").claim();
  postMessage({ fence, text: new TextDecoder().decode(run.checkpoint) });
} catch ({ code }) {
  postMessage({ code });
}
