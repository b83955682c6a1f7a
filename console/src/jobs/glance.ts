/** What a list says of a job in one cell: how far it is, and how busy what it has. Pure. */
import type { Schemas } from "../api/client.ts";
import { count, measure } from "../shared/format.ts";

type Summary = Schemas["JobSummary"];

export interface Utilisation {
  of: "gpu" | "npu" | "cpu";
  percent: number;
  /** The manual warns below 50 %; the server knows when there are samples enough. */
  isLow: boolean;
}

/** How busy the accelerators are, or the processors of a job without any; null when nothing was measured. */
export function utilisationOf(summary: Summary | null | undefined): Utilisation | null {
  const usage = summary?.usage;
  if (!usage) return null;
  for (const of of ["gpu", "npu", "cpu"] as const) {
    const percent = usage[of];
    if (typeof percent === "number") return { of, percent, isLow: usage.low === true };
  }
  return null;
}

/** A metric's value, which JSON may only have as a word. */
export function metricValue(value: number | string): string {
  return typeof value === "number" ? measure(value) : value;
}

/** `3 / 10` of a job that counts steps or epochs; nothing when it only tells a share. */
export function doneOf(progress: Schemas["JobProgress"]): string {
  if (progress.unit === "fraction") return "";
  const number = (value: number) => (Number.isInteger(value) ? count(value) : value.toFixed(1));
  return `${number(progress.done)} / ${number(progress.total)}`;
}

/** Whole percents that say 100 only when all is done. */
export function wholePercent(fraction: number): number {
  return fraction >= 1 ? 100 : Math.min(99, Math.max(0, Math.floor(fraction * 100)));
}
