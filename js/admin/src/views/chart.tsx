/** Charts: profiles over time by outcome, and rejected profiles by reason. What they show is told in figures, too. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Progress } from "../../../src/types.js";
import { clock, number, t } from "../i18n.js";

export interface Point {
  at: number;
  progress: Progress;
}

const SHOWN = ["delivered", "queued", "rejected", "pending"] as const;
const HEIGHT = 220;

const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "gray";

const axis = (): uPlot.Axis => ({ stroke: color("quiet"), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line") } });

function seriesOf(points: readonly Point[]): uPlot.AlignedData {
  return [points.map(({ at }) => at / 1_000), ...SHOWN.map((name) => points.map(({ progress }) => progress[name]))];
}

/** A plot that is as wide as its place. */
function usePlot(make: (width: number) => uPlot, change: (plot: uPlot) => void, on: readonly unknown[]): { current: HTMLDivElement | null } {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    plot.current = make(element.clientWidth);
    element.append(plot.current.root);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => {
    if (plot.current) change(plot.current);
  }, on);
  return place;
}

export function ProgressChart({ points }: { points: Point[] }): JSX.Element {
  const place = usePlot(
    (width) =>
      new uPlot(
        { width, height: HEIGHT, legend: { show: false }, cursor: { show: false }, scales: { y: { range: (_, __, most) => [0, Math.max(most, 1)] } }, axes: [{ ...axis(), space: 90, values: (_, values) => values.map((value) => clock(value * 1_000)) }, { ...axis(), size: 70, values: (_, values) => values.map((value) => number(value)) }], series: [{}, ...SHOWN.map((name) => ({ stroke: color(name), width: 2, points: { show: false } }))] },
        seriesOf(points),
      ),
    (plot) => plot.setData(seriesOf(points)),
    [points],
  );
  return (
    <figure>
      <figcaption>{t("run.chart")}</figcaption>
      <ul class="legend">{SHOWN.map((name) => <li key={name}><span class={`swatch ${name}`} aria-hidden="true" />{t(`bucket.${name}`)}</li>)}</ul>
      <div ref={place} role="img" aria-label={t("run.chart")} />
    </figure>
  );
}

/** Bars by reason, the longest first; each has its figure beside it. */
export function ReasonBars({ counts, words }: { counts: Record<string, number>; words: (rule: string) => string }): JSX.Element {
  const sorted = Object.entries(counts).sort(([, one], [, other]) => other - one);
  const most = sorted[0]?.[1] ?? 1;
  return (
    <ul class="bars">
      {sorted.map(([rule, count]) => (
        <li key={rule}>
          <span>{words(rule)}</span>
          <meter min={0} max={most} value={count} aria-label={words(rule)} />
          <span class="number">{number(count)}</span>
        </li>
      ))}
    </ul>
  );
}
