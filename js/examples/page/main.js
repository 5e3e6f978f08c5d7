// The page: takes a file and a definition, and shows what the worker tells. All reading and sending is the worker's.
const DEFINITION = {
  version: 1,
  name: "Newsletter readers",
  host: "acme.api-us1.com",
  list: 1,
  mapping: { email: "EMail", firstName: "FirstName", lastName: "LastName" },
};
/** The counts, and what they are called for people. */
const SHOWN = {
  read: "read", pending: "not yet sent", queued: "taken by the account", delivered: "delivered", accepted: "would be sent", rejected: "rejected",
  duplicate: "same address as an earlier row", excluded: "without consent, not sent", unverified: "sent, outcome unknown", resent: "sent again", batches: "bulk requests",
};
const RESULTS = {
  succeeded: "Done: nothing was rejected.",
  completed_with_rejections: "Finished, with rejected rows: correct them and export again.",
  incomplete: "Finished, but of some rows nobody can say what became of them: export again.",
  blocked: "It could not go on.",
  cancelled: "Stopped. The same file and definition go on where it was.",
};

const at = (id) => document.getElementById(id);
const [input, drop, text, consent, status, counts, rejected] = ["file", "drop", "definition", "consent", "status", "counts", "rejected"].map(at);
const [previewing, exporting, cancelling] = ["preview", "export", "cancel"].map(at);
text.value = JSON.stringify(DEFINITION, null, 2);

// In a worker the page stays free, and no background tab slows the run down.
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
let file;
// The worker hears nothing before its core is there.
let ready = false;

/** Authenticates the kept states of this browser; it must be the same for whoever goes on with a run. */
function stateKey() {
  const key = localStorage.getItem("state-key") ?? crypto.randomUUID();
  localStorage.setItem("state-key", key);
  return key;
}

function enable(working) {
  previewing.disabled = exporting.disabled = working || !ready || !file;
  cancelling.disabled = !working;
}

function show(message, numbers = {}) {
  status.textContent = message;
  counts.replaceChildren(
    ...Object.keys(SHOWN).filter((name) => name in numbers).flatMap((name) => {
      const [term, number] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = SHOWN[name];
      number.textContent = numbers[name].toLocaleString("en");
      number.dataset.count = String(numbers[name]);
      number.id = `count-${name}`;
      return [term, number];
    }),
  );
}

function list(rows) {
  rejected.hidden = false;
  for (const { row, column = "", value = "", reason, remedy } of rows) {
    const line = rejected.tBodies[0].insertRow();
    for (const cell of [row, column, value, reason, remedy]) line.insertCell().textContent = cell;
  }
}

function choose(chosen) {
  if (!chosen) return;
  file = chosen;
  show(`${file.name}, ${file.size.toLocaleString("en")} bytes.`);
  enable(false);
}

function start(task) {
  try {
    const definition = JSON.parse(text.value);
    if (consent.value.trim() !== "") definition.mapping = { ...definition.mapping, consent: consent.value.trim() };
    enable(true);
    rejected.hidden = true;
    rejected.tBodies[0].replaceChildren();
    show(task === "preview" ? "Reading..." : "Exporting...");
    worker.postMessage({ task, file, definition, stateKey: stateKey() });
  } catch {
    show("The definition is no JSON.");
  }
}

worker.onmessage = ({ data }) => {
  if (data.ready) ready = true;
  else if (data.progress) return show("Exporting...", data.progress);
  else if (data.rejections) return list(data.rejections);
  else if (data.failure) show(`${data.failure.message} ${data.failure.remedy}`);
  else if (data.preview) show("Dry run: nothing was sent.", data.preview);
  else if (data.summary) show([RESULTS[data.summary.result], data.summary.stop?.message, data.summary.stop?.remedy].filter(Boolean).join(" "), data.summary);
  if (!data.ready) status.dataset.code = data.failure?.code ?? data.summary?.result ?? "preview";
  enable(false);
};
worker.onerror = () => show("The worker could not be started: see the browser's console.");

input.onchange = () => choose(input.files[0]);
drop.ondragover = (event) => {
  event.preventDefault();
  drop.classList.add("over");
};
drop.ondragleave = () => drop.classList.remove("over");
drop.ondrop = (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  choose(event.dataTransfer.files[0]);
};
previewing.onclick = () => start("preview");
exporting.onclick = () => start("export");
cancelling.onclick = () => worker.postMessage({ task: "cancel" });
