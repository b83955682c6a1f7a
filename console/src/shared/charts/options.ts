import type uPlot from "uplot";
import { measure } from "../format.ts";
import { lineColor } from "./palette.ts";
import type { Line } from "./series.ts";

export interface Look {
  x: "time" | "number";
  log?: boolean;
  /** Limits of the vertical axis; the data's own where absent. */
  min?: number | undefined;
  max?: number | undefined;
  /** How values are written. */
  format?: (value: number) => string;
  /** Marks at powers of two, for bytes. */
  binary?: boolean | undefined;
  /** Charts of one group share their cursor. */
  group?: string;
}

const AXIS_GAP = 6;
const MARGIN = 0.05;

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** Distances between the marks of a time axis, in seconds; none below one, as seconds is what is written. */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_S),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_S),
  ...[1, 2, 5, 10, 20, 50, 100, 365].map((days) => days * DAY_S),
];
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);

const two = (value: number) => String(value).padStart(2, "0");

/** Times of the day as 24-hour clocks show them; the date where a day begins. `ticks` in seconds. */
function clockTicks(_plot: uPlot, ticks: number[], _axis: number, _space: number, step: number): string[] {
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    const day = `${date.getMonth() + 1}-${two(date.getDate())}`;
    if (step >= DAY_S || (date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0))
      return day;
    const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
    return step < 60 ? `${clock}:${two(date.getSeconds())}` : clock;
  });
}

/** As wide as the widest of the written values. */
function tickWidth(_plot: uPlot, values: string[] | null): number {
  const longest = Math.max(3, ...(values ?? []).map((value) => value.length));
  return 14 + longest * 6.2;
}

function range(look: Look, low: number | null, high: number | null): [number, number] {
  let [min, max] = [look.min ?? low ?? 0, look.max ?? high ?? 1];
  if (min === max)
    [min, max] = min === 0 ? [0, 1] : [min - Math.abs(min) * MARGIN, max + Math.abs(max) * MARGIN];
  const margin = look.log ? 0 : (max - min) * MARGIN;
  return [look.min ?? min - margin, look.max ?? max + margin];
}

/** uPlot's options for `lines`; colours are read from the page as it is now. */
export function chartOptions(
  lines: readonly Line[],
  look: Look,
  size: { width: number; height: number },
  isDark: boolean,
  onCursor: (x: number | null) => void,
): uPlot.Options {
  const quiet = css("--quiet");
  const grid = { stroke: css("--line"), width: 1 };
  const axis = {
    stroke: quiet,
    grid,
    ticks: { ...grid, size: 4 },
    font: `11px ${css("--sans")}`,
    gap: AXIS_GAP,
  };
  const format = look.format ?? ((value: number) => measure(value, 3));
  return {
    ...size,
    legend: { show: false },
    padding: [8, 24, 0, 0],
    cursor: {
      points: { size: 6 },
      drag: { x: true, y: false },
      ...(look.group ? { sync: { key: look.group, setSeries: false } } : {}),
    },
    scales: {
      x: {
        time: look.x === "time",
        // uPlot would show a single moment with a thousand days behind it.
        range: (plot: uPlot, low: number | null, high: number | null) =>
          plot.data[0].length === 1 && low !== null ? [low - 1, low + 1] : [low, high],
      },
      y: {
        distr: look.log ? 3 : 1,
        range: (_plot: uPlot, low: number | null, high: number | null) => range(look, low, high),
      },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 70,
        ...(look.x === "time" ? { values: clockTicks, incrs: TIME_STEPS } : {}),
      },
      {
        ...axis,
        size: tickWidth,
        space: 28,
        ...(look.binary ? { incrs: BYTE_STEPS } : {}),
        values: (_plot: uPlot, ticks: number[]) => ticks.map((tick) => (tick === null ? "" : format(tick))),
      },
    ],
    series: [
      {},
      ...lines.map((line, index) => ({
        label: line.name,
        stroke: lineColor(line.color ?? index, isDark),
        width: 1.5,
        points: { show: line.xs.length < 3, size: 5 },
        spanGaps: false,
      })),
    ],
    hooks: {
      setCursor: [
        (plot: uPlot) => {
          const index = plot.cursor.idx;
          onCursor(index === null || index === undefined ? null : (plot.data[0][index] ?? null));
        },
      ],
    },
  };
}
