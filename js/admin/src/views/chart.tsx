/** Charts: profiles over time by outcome, and profiles by reason. What they show is told in figures, too. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Point } from "../../../src/service/history.js";
import { clock, number, t } from "../i18n.js";
import type { Words } from "../words.js";

/** As they stand in a point of a run's history. */
const SHOWN = ["pending", "queued", "delivered", "rejected"] as const;
const HEIGHT = 220;

/** Seconds between two times on the axis: none is named twice. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** Profiles between two lines: whole ones. */
const COUNTS = Array.from({ length: 8 }, (_, power) => [1, 2, 5].map((each) => each * 10 ** power)).flat();

const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "gray";
const font = (scale = 1): string => `${13 * scale}px ${getComputedStyle(document.body).fontFamily}`;
const axis = (): uPlot.Axis => ({ stroke: color("quiet"), font: font(), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line") } });

/** Whether the page is dark; changes with the system. */
function useDark(): boolean {
  const [query] = useState(() => matchMedia("(prefers-color-scheme: dark)"));
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const changed = (): void => setDark(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return dark;
}

/** A plot as wide as its place; made anew with `on`, and for another width or color scheme. */
function Plot({ options, data, on, label }: { options: (width: number) => uPlot.Options; data: uPlot.AlignedData; on: string; label: string }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [width, setWidth] = useState(0);
  const dark = useDark();
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (width === 0 || !place.current) return undefined;
    const made = new uPlot(options(width), data);
    place.current.append(made.root);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = undefined;
    };
  }, [width, dark, on]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div ref={place} class="plot" role="img" aria-label={label} />;
}

/** The course of a run: from what the service keeps of it, with where it stands now at its end. */
export function ProgressChart({ startedAt, history }: { startedAt: string; history: readonly Point[] }): JSX.Element {
  const start = Date.parse(startedAt);
  const data: uPlot.AlignedData = [history.map(([at]) => (start + at) / 1_000), ...SHOWN.map((_, place) => history.map((point) => point[place + 1] ?? 0))];
  const options = (width: number): uPlot.Options => ({
    width, height: HEIGHT, legend: { show: false }, cursor: { show: false }, padding: [8, 48, 0, 0],
    scales: { y: { range: (_, __, most) => [0, Math.max(most, 1)] } },
    axes: [{ ...axis(), space: 90, incrs: STEPS, values: (_, values) => values.map((value) => clock(value * 1_000)) }, { ...axis(), size: 70, incrs: COUNTS, values: (_, values) => values.map((value) => number(value)) }],
    series: [{}, ...SHOWN.map((name) => ({ stroke: color(name), width: 2, points: { show: false } }))],
  });
  return (
    <figure>
      <figcaption>{t("run.chart")}</figcaption>
      <ul class="legend">{SHOWN.map((name) => <li key={name}><span class={`swatch ${name}`} aria-hidden="true" />{t(`bucket.${name}`)}</li>)}</ul>
      <Plot options={options} data={data} on="" label={t("run.chart")} />
    </figure>
  );
}

const ROW_HEIGHT = 52;
const AXIS_HEIGHT = 36;

const MOST_LINES = 3;

/** Text in a few lines of a width; what does not fit ends in an ellipsis. */
function lines(text: string, width: number): string {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return text;
  context.font = font();
  const fits = (part: string): boolean => context.measureText(part).width <= width;
  const found: string[] = [];
  let rest = text.split(" ");
  while (rest.length > 0 && found.length < MOST_LINES) {
    let taken = rest.length;
    while (taken > 1 && !fits(rest.slice(0, taken).join(" "))) taken -= 1;
    found.push(rest.slice(0, taken).join(" "));
    rest = rest.slice(taken);
  }
  return found.map((line, at) => shortened(rest.length > 0 && at === found.length - 1 ? `${line}…` : line, fits)).join("\n");
}

function shortened(line: string, fits: (part: string) => boolean): string {
  let end = line.length;
  while (end > 1 && !fits(end === line.length ? line : `${line.slice(0, end)}…`)) end -= 1;
  return end === line.length ? line : `${line.slice(0, end).trimEnd()}…`;
}

/** Bars by reason, the longest first, with their figures. The same stands beside it as a list, for whoever does not see it. */
export function ReasonBars({ counts, words, label }: { counts: Record<string, number>; words: (rule: string) => Words; label: string }): JSX.Element {
  const sorted = Object.entries(counts).sort(([, one], [, other]) => other - one).map(([rule, count]) => ({ ...words(rule), count }));
  const most = sorted[0]?.count ?? 1;
  const data: uPlot.AlignedData = [sorted.map((_, at) => at), sorted.map(({ count }) => count)];
  const options = (width: number): uPlot.Options => {
    const room = Math.min(420, Math.round(width * 0.55));
    const names = sorted.map(({ text }) => lines(text, room - 24));
    return {
      width, height: sorted.length * ROW_HEIGHT + AXIS_HEIGHT, legend: { show: false }, cursor: { show: false }, padding: [0, 60, 0, 0],
      scales: { x: { time: false, ori: 1, dir: -1, range: [-0.5, sorted.length - 0.5] }, y: { ori: 0, range: [0, most] } },
      axes: [
        { ...axis(), side: 3, size: room, stroke: color("text"), grid: { show: false }, ticks: { show: false }, splits: () => sorted.map((_, at) => at), values: (_, places) => places.map((at) => names[at] ?? "") },
        { ...axis(), side: 2, size: AXIS_HEIGHT, space: 70, incrs: COUNTS, values: (_, values) => values.map((value) => number(value)) },
      ],
      series: [{}, { fill: color("accent"), stroke: color("accent"), width: 0, paths: uPlot.paths.bars?.({ size: [0.55, 22] }), points: { show: false } } as uPlot.Series],
      hooks: { draw: [(plot) => figures(plot, sorted.map(({ count }) => count))] },
    };
  };
  return (
    <div>
      <Plot options={options} data={data} on={JSON.stringify(sorted)} label={label} />
      <ul class="hidden">{sorted.map(({ text, lang, count }) => <li key={text} lang={lang}>{text}: {number(count)}</li>)}</ul>
    </div>
  );
}

/** Writes each bar's figure at its end. */
function figures(plot: uPlot, counts: readonly number[]): void {
  const { ctx: context } = plot;
  context.save();
  context.font = font(devicePixelRatio);
  context.fillStyle = color("text");
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const [at, count] of counts.entries()) context.fillText(number(count), plot.valToPos(count, "y", true) + 6 * devicePixelRatio, plot.valToPos(at, "x", true));
  context.restore();
}
