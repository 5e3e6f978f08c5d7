// The speeds as a picture: one bar chart a job, rendered without a browser.
import * as echarts from "echarts";

const WIDTH = 960;
const ROW = 26;
const TITLE = 64;
const GAP = 34;
const LEFT = 330;
const RIGHT = 90;

const COLOURS = { product: "#2563eb", native: "#64748b", base: "#111827", peer: "#a9b6c8" };
const GOAL = "#dc2626";
const FONT = "Helvetica, Arial, sans-serif";

const kindOf = (name, base) =>
  name === base ? "base" : name === "product" ? "product" : name.startsWith("native") ? "native" : "peer";

/** Jobs from top to bottom; the fastest candidate of each first. */
export function chart(report) {
  const jobs = Object.values(report.jobs).map((job) => ({
    ...job,
    bars: Object.entries(job.candidates).filter(([, { memoryOnly }]) => !memoryOnly).sort(([, a], [, b]) => a.ratio - b.ratio),
    goal: Object.entries(report.goals).find(([name, { must }]) => must !== null && name === `${job.job}-${job.rows}-vs-${job.base}`)?.[1],
  }));
  let top = 100;
  const places = jobs.map(({ bars }) => {
    const place = { top: top + TITLE - GAP, height: bars.length * ROW };
    top = place.top + place.height + GAP + 12;
    return place;
  });
  const instance = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: top });
  instance.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: FONT },
    title: [
      { text: "Customer rows to ActiveCampaign request bodies", subtext: legend(report.machine), left: 24, top: 12, textStyle: { fontSize: 18 } },
      ...jobs.map((job, i) => ({
        text: `${job.title}, ${job.rows.toLocaleString("en-US")} rows`,
        left: 24,
        top: places[i].top - 30,
        textStyle: { fontSize: 14 },
      })),
    ],
    grid: places.map((place) => ({ left: LEFT, right: RIGHT, top: place.top, height: place.height })),
    xAxis: jobs.map((job, i) => ({
      gridIndex: i, type: "value", min: 0, max: Math.max(...job.bars.map(([, { ratio }]) => ratio), job.goal?.must ?? 0) * 1.02,
      axisLabel: { show: false }, splitLine: { show: false },
    })),
    yAxis: jobs.map((job, i) => ({
      gridIndex: i, type: "category", data: job.bars.map(([, { label }]) => label.replaceAll("`", "")),
      axisTick: { show: false }, axisLine: { lineStyle: { color: "#9ca3af" } }, axisLabel: { fontSize: 13, color: "#111827", width: LEFT - 40, overflow: "truncate" },
    })),
    series: jobs.map(series),
  });
  const svg = instance.renderToSVGString();
  instance.dispose();
  return svg;
}

/** What the bars are; each chart has a scale of its own. */
function legend({ cpu, cores, platform }) {
  const colours = "Blue: this package; grey: what else one would use; black: the base, 1x; slate: native Rust; red dashes: the goal.";
  return `Speed by CPU time: longer is faster. Each chart has its own scale. ${colours}\n${cpu}, ${cores} processors, ${platform}`;
}

function series(job, i) {
  const mark = {
    silent: true, z: 5, symbol: "none", lineStyle: { color: GOAL, type: "dashed", width: 1.5 },
    label: { formatter: `goal ${job.goal?.must}x`, color: GOAL, fontSize: 12, position: "end" },
    data: [{ xAxis: job.goal?.must }],
  };
  return {
    type: "bar",
    xAxisIndex: i,
    yAxisIndex: i,
    barWidth: "68%",
    data: job.bars.map(([name, { ratio }]) => ({ value: ratio, itemStyle: { color: COLOURS[kindOf(name, job.base)] } })),
    label: { show: true, position: "right", fontSize: 13, color: "#111827", backgroundColor: "#ffffff", padding: [1, 3], formatter: ({ value }) => `${value.toFixed(2)}x` },
    ...(job.goal && { markLine: mark }),
  };
}
