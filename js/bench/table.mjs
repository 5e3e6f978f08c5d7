// The results as text: one table a job, then the goals.

const KIB = 1024;
const MIB = 1024 * KIB;

const number = (value) => value.toLocaleString("en-US");
const mega = (bytes) => (bytes === null || bytes === undefined ? "-" : (bytes / MIB).toFixed(1));
const ratio = (value) => (value === null || value === undefined ? "-" : value.toFixed(2));
const seconds = (value) => (value < 1 ? value.toFixed(3) : value.toFixed(2));

/** A table whose first column is text and whose others are figures. */
export function table(cells) {
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(cells[0]), rule, ...cells.slice(1).map(line)];
}

function jobText(job) {
  const handTuned = Object.keys(job.candidates).includes("hand-tuned");
  const cells = [["Candidate", "CPU s", "Speed", ...(handTuned ? ["To hand-tuned"] : []), "Wall s", "Peak MB", "Wasm MB"]];
  for (const each of Object.values(job.candidates)) {
    const figures = each.memoryOnly
      ? ["-", "-", ...(handTuned ? ["-"] : []), "-", "-"]
      : [
          seconds(each.cpuSeconds),
          ratio(each.ratio),
          ...(handTuned ? [ratio(each.speedAgainst["hand-tuned"])] : []),
          seconds(each.wallSeconds),
          mega(each.peakBytes),
        ];
    cells.push([each.label, ...figures, mega(each.wasmMemoryBytes)]);
  }
  const { output, verified } = job;
  const refused = Object.entries(output.refusals).map(([reason, count]) => `${reason} ${number(count)}`);
  return [
    `## ${job.title}, ${number(job.rows)} rows`,
    "",
    ...table(cells),
    "",
    `${job.rounds} ${job.rounds === 1 ? "round" : "rounds"}; ${number(job.data.bytes)} bytes of input, recipe ${job.data.version}; load ${job.load.before.toFixed(2)} before, ${job.load.after.toFixed(2)} after.`,
    `All agree: ${number(output.bodies)} bodies, ${number(output.bytes)} bytes, largest ${number(output.largest)}; refused: ${refused.join(", ") || "none"}; byte for byte on ${number(verified.rows)} rows.`,
    "",
  ];
}

const UNITS = {
  times: (value) => `${value.toFixed(2)}x`,
  ms: (value) => `${value.toFixed(2)} ms`,
  bytes: (value) => (value < MIB ? `${(value / KIB).toFixed(1)} KB` : `${(value / MIB).toFixed(2)} MB`),
};

function goalsText(goals) {
  const cells = [["Goal", "Figure", "Must", "Stretch", "Reached"]];
  for (const { title, unit, direction, figure, must, stretch, reached, stretchReached } of Object.values(goals)) {
    const sign = direction === "at least" ? ">=" : "<=";
    const bound = (value) => (value === null ? "-" : `${sign} ${UNITS[unit](value)}`);
    const word = reached === null ? "-" : stretchReached ? "stretch" : reached ? "yes" : "NO";
    cells.push([title, figure === null ? "not measured" : UNITS[unit](figure), bound(must), bound(stretch), word]);
  }
  return table(cells);
}

export function text(report) {
  const { start, core } = report;
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  const spread = ({ best, median }) => `${median.toFixed(2)} ms (best ${best.toFixed(2)})`;
  return [
    "# Customer rows to ActiveCampaign request bodies",
    "",
    "Medians of interleaved rounds, each run in a fresh process. Speed: CPU time of the base divided by that of the candidate, within each round. KB and MB are 1,024 and 1,048,576 bytes.",
    "",
    ...Object.values(report.jobs).flatMap(jobText),
    "## Goals",
    "",
    ...goalsText(report.goals),
    "",
    ...(start === null ? [] : [`Start of the core, ${start.processes} fresh processes: compile ${spread(start.compileMillis)}, instantiate ${spread(start.instantiateMillis)}; Node alone takes ${spread(start.nodeCpuMillis)} of CPU, which is part of every candidate in JavaScript but those for objects.`]),
    ...(core === null ? [] : [`Core: ${number(core.rawBytes)} bytes, ${number(core.gzipBytes)} gzip, ${number(core.brotliBytes)} brotli.`]),
    ...(report.native === null ? [] : [`Without native candidates: ${report.native}.`]),
    `Versions: ${versions.join(", ")}.`,
    `Machine: ${report.machine.cpu}, ${report.machine.cores} processors, ${report.machine.platform}. ${number(Math.round(report.seconds))} seconds in all.`,
    "",
  ].join("\n");
}
