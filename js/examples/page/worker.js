// The worker: reads the file piece by piece, and sends through the relay of this page's own origin.
import { exportSegment, indexedDbStore, preview, rules } from "activecampaign-export";

let controller;

/** Shows the first hundred rejected rows, each with what to do about it. */
function makeReject() {
  const remedies = new Map(rules().map(({ code, remedy }) => [code, remedy]));
  let room = 100;
  return (rejections) => {
    const shown = rejections.slice(0, room).map((each) => ({ ...each, remedy: remedies.get(each.rule) ?? "" }));
    room -= shown.length;
    if (shown.length > 0) postMessage({ rejections: shown });
  };
}

async function check({ file, definition }) {
  postMessage({ preview: await preview({ definition, source: file, onRejections: makeReject() }) });
}

async function send({ file, definition, stateKey }) {
  controller = new AbortController();
  const run = exportSegment({
    connection: { relay: "/activecampaign/main" },
    definition,
    source: file,
    signal: controller.signal,
    // The name stands for this export: the same one goes on with a run that a closed tab left behind.
    checkpoints: { store: indexedDbStore(`${definition.host} ${definition.name}`), key: stateKey },
  });
  const reject = makeReject();
  for await (const event of run) {
    if (event.type === "progress") postMessage({ progress: event.progress });
    else reject(event.rejections);
  }
  postMessage({ summary: await run.summary });
}

onmessage = async ({ data }) => {
  if (data.task === "cancel") return controller?.abort();
  try {
    await (data.task === "preview" ? check(data) : send(data));
  } catch (error) {
    // Only what the package says is made for people.
    const known = error?.name === "ExportError";
    if (!known) console.error(error);
    const { code, message, remedy } = known ? error : { code: "unknown", message: "Something went wrong.", remedy: "See the browser's console." };
    postMessage({ failure: { code, message, remedy } });
  }
};
postMessage({ ready: true });
