/** The jobs of an experiment side by side: what differs, how well each did, in which order. Pure. */
import type { Row } from "../compare/differences.ts";
import { best } from "../job/metrics/curves.ts";
import type { MetricSeries } from "../job/metrics/queries.ts";

export type Cell = string | number | undefined;

export interface Metric {
  name: string;
  /** The best value of each job, by its id. */
  byJob: ReadonlyMap<string, number>;
  /** The best of them; null where better and worse have no meaning. */
  best: number | null;
}

const QUALITY =
  /loss|acc|error|err\b|reward|return|score|precision|recall|f1|auc|\bm?ap\b|iou|dice|bleu|rouge|perplexity|ppl|ma[ep]e?\b|r?mse|r2|psnr|ssim|wer|cer|fid/i;

/** Whether a metric of that name says how good a model is; a learning rate or a time does not. */
export function isQuality(name: string): boolean {
  return QUALITY.test(name);
}

/** Those that say how good a model is first, then by name. */
export function byWeight(a: string, b: string): number {
  return Number(isQuality(b)) - Number(isQuality(a)) || a.localeCompare(b);
}

/** The best values of the jobs whose series are known, for each metric; what says how good they are first. */
export function bestMetrics(series: ReadonlyMap<string, readonly MetricSeries[]>): Metric[] {
  const found = new Map<string, Map<string, number>>();
  for (const [job, some] of series)
    for (const one of some) {
      const byJob = found.get(one.name) ?? new Map<string, number>();
      const values = [best(one), byJob.get(job) ?? null].filter((value) => value !== null);
      const value = best({ name: one.name, values });
      if (value !== null) byJob.set(job, value);
      found.set(one.name, byJob);
    }
  return [...found]
    .filter(([, byJob]) => byJob.size > 0)
    .sort(([a], [b]) => byWeight(a, b))
    .map(([name, byJob]) => ({
      name,
      byJob,
      best: isQuality(name) && byJob.size > 1 ? best({ name, values: [...byJob.values()] }) : null,
    }));
}

/** How a column of `row` is called in the address and among the kept columns. */
export function columnKey(row: Pick<Row, "group" | "name">): string {
  return `${row.group}.${row.name}`;
}

export const metricKey = (name: string) => `metric.${name}`;

/** `rows` by their cells: numbers as numbers, what has none always last; the order of equals stays. */
export function ordered<T>(rows: readonly T[], cellOf: (row: T) => Cell, order: "asc" | "desc"): T[] {
  const sign = order === "asc" ? 1 : -1;
  return rows
    .map((row) => ({ row, cell: cellOf(row) }))
    .sort((a, b) => {
      if (a.cell === undefined || b.cell === undefined)
        return Number(a.cell === undefined) - Number(b.cell === undefined);
      return sign * compareCells(a.cell, b.cell);
    })
    .map(({ row }) => row);
}

function compareCells(a: string | number, b: string | number): number {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== null && y !== null) return x - y;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

function numberOf(cell: string | number): number | null {
  if (typeof cell === "number") return cell;
  const value = Number(cell);
  return cell.trim() === "" || Number.isNaN(value) ? null : value;
}
