/** What a pool's monitor said, one point after the other. Pure. */
import type { Schemas } from "../api/client.ts";
import type { Line } from "../shared/charts/series.ts";

/** An hour of points ten seconds apart. */
const POINTS_MAX = 360;

export interface Gathered {
  at: readonly number[];
  /** By the measure's name, as many as `at`; null where there was no sample. */
  values: Readonly<Record<string, readonly (number | null)[]>>;
}

/** `before` and the newest point of each series; the oldest points go when there are too many. */
export function gather(before: Gathered | undefined, told: readonly Schemas["MonitorSeries"][]): Gathered {
  const newest = told.map((series) => ({
    name: series.metric.metricName,
    point: series.dataPoints.at(-1),
  }));
  const at = newest.find((one) => one.point)?.point?.timestamp;
  const old = before ?? { at: [], values: {} };
  if (at === undefined || at <= (old.at.at(-1) ?? 0)) return old;
  const values: Record<string, (number | null)[]> = {};
  for (const { name, point } of newest) {
    const value = point?.statistics[0]?.value ?? -1;
    const past = old.values[name] ?? old.at.map(() => null);
    values[name] = [...past, value < 0 ? null : value].slice(-POINTS_MAX);
  }
  return { at: [...old.at, at].slice(-POINTS_MAX), values };
}

/** The measures that were ever measured, as lines; `nameOf` gives them their names. */
export function gatheredLines(gathered: Gathered, nameOf: (measure: string) => string): Line[] {
  return Object.entries(gathered.values)
    .filter(([, values]) => values.some((value) => value !== null))
    .map(([measure, ys]) => ({ name: nameOf(measure), xs: gathered.at, ys }));
}
