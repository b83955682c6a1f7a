/** From the series of one or several jobs to charts: one for each name, its lines told apart by task and attempt. Pure. */

import { type Line, smoothed } from "../../shared/charts/series.ts";
import { groups } from "../../shared/groups.ts";
import type { MetricSeries } from "./queries.ts";

export type Axis = "step" | "time";

/** One series with what its line is called beyond task and attempt (a job's name), and its colour. */
export interface Source {
  series: MetricSeries;
  label?: string;
  color?: number;
}

export interface Curves {
  name: string;
  lines: Line[];
}

/** Charts by name, in the order of the names. */
export function curvesOf(sources: readonly Source[], axis: Axis, weight: number): Curves[] {
  const byName = groups(sources, (source) => source.series.name);
  return [...byName.keys()].sort().map((name) => {
    const some = byName.get(name) ?? [];
    const tasks = new Set(some.map((source) => source.series.task));
    const attempts = new Set(some.map((source) => `${source.label ?? ""} ${source.series.attempt}`));
    const labels = new Set(some.map((source) => source.label ?? ""));
    return {
      name,
      lines: some.map(({ series, label, color }) => {
        const parts = [
          label ?? "",
          tasks.size > 1 ? series.task : "",
          attempts.size > labels.size ? `#${series.attempt}` : "",
        ].filter(Boolean);
        const { xs, ys } = ordered(axis === "step" ? series.steps : series.times, series.values);
        return {
          name: parts.join(" ") || series.task,
          xs,
          ys: smoothed(ys, weight),
          ...(color === undefined ? {} : { color }),
        };
      }),
    };
  });
}

/** A value that can be drawn: what is no number (`"NaN"`, `"Infinity"` in JSON) is a gap. */
function drawable(value: MetricSeries["values"][number] | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Ascending without repeats: a step told twice keeps what was said last. */
function ordered(xs: readonly number[], ys: MetricSeries["values"]): { xs: number[]; ys: (number | null)[] } {
  const byX = new Map(xs.map((x, index) => [x, drawable(ys[index])]));
  const ascending = [...byX.keys()].sort((a, b) => a - b);
  return { xs: ascending, ys: ascending.map((x) => byX.get(x) ?? null) };
}

const SMALLER_IS_BETTER = /loss|error|err\b|perplexity|mae|mse|rmse|wer|cer|fid/i;

/** The best value of a series by what its name says: the least of a loss, the greatest of anything else. */
export function best(series: Pick<MetricSeries, "name" | "values">): number | null {
  const values = series.values.map(drawable).filter((value) => value !== null);
  if (values.length === 0) return null;
  const pick = SMALLER_IS_BETTER.test(series.name) ? Math.min : Math.max;
  return values.reduce((a, b) => pick(a, b));
}
