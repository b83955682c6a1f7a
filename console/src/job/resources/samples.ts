/** From stored samples to lines. Pure. */
import type { Line } from "../../shared/charts/series.ts";
import type { SampleBatch } from "./queries.ts";

/** What is measured, in the order it is shown; `unit` says how it is written, `top` where its axis ends. */
export const MEASURES = [
  { name: "cpuUsage", unit: "percent", top: 100 },
  { name: "memUsage", unit: "percent", top: 100 },
  { name: "gpuUtil", unit: "percent", top: 100 },
  { name: "gpuMemUsage", unit: "percent", top: 100 },
  { name: "npuUtil", unit: "percent", top: 100 },
  { name: "npuMemUsage", unit: "percent", top: 100 },
  { name: "networkReceive", unit: "rate", top: undefined },
  { name: "networkSend", unit: "rate", top: undefined },
  { name: "diskRead", unit: "rate", top: undefined },
  { name: "diskWrite", unit: "rate", top: undefined },
] as const;
export type MeasureName = (typeof MEASURES)[number]["name"];

/** Points further apart than so many steps are not joined. */
const GAP_STEPS = 3;

/** The line of one measure of one task, times in ms; null when it was never measured there (`-1` in samples). */
export function sampleLine(task: string, batches: readonly SampleBatch[], measure: MeasureName): Line | null {
  const xs: number[] = [];
  const ys: (number | null)[] = [];
  let isMeasured = false;
  for (const batch of batches) {
    const values = batch.values[measure] ?? [];
    const step_ms = batch.step_s * 1000;
    const before = xs.at(-1);
    if (before !== undefined && batch.start_s * 1000 - before > GAP_STEPS * step_ms) {
      xs.push(before + step_ms);
      ys.push(null);
    }
    values.forEach((value, index) => {
      const x = batch.start_s * 1000 + index * step_ms;
      if (x <= (xs.at(-1) ?? Number.NEGATIVE_INFINITY)) return;
      isMeasured ||= value >= 0;
      xs.push(x);
      ys.push(value < 0 ? null : value);
    });
  }
  return isMeasured ? { name: task, xs, ys } : null;
}

/** At most about `most` points that look the same: of each stretch its least and its greatest. */
export function thinned(line: Line, most: number): Line {
  if (line.xs.length <= most) return line;
  const stretch = Math.ceil(line.xs.length / (most / 2));
  const keep = new Set<number>([0, line.xs.length - 1]);
  for (let start = 0; start < line.xs.length; start += stretch) {
    let [least, greatest] = [-1, -1];
    for (let index = start; index < Math.min(start + stretch, line.xs.length); index++) {
      const value = line.ys[index];
      if (value === null || value === undefined) {
        keep.add(index);
        break;
      }
      if (least < 0 || value < (line.ys[least] as number)) least = index;
      if (greatest < 0 || value > (line.ys[greatest] as number)) greatest = index;
    }
    if (least >= 0) keep.add(least).add(greatest);
  }
  const kept = [...keep].sort((a, b) => a - b);
  return { ...line, xs: kept.map((at) => line.xs[at] as number), ys: kept.map((at) => line.ys[at] ?? null) };
}
