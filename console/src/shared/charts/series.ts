/** Lines before they are drawn. Pure. */

export interface Line {
  /** Stands at the legend; unique within a chart. */
  name: string;
  /** Ascending. */
  xs: readonly number[];
  /** As many as `xs`; null where there is a gap. */
  ys: readonly (number | null)[];
  /** Index into the palette; the place in the list by default. */
  color?: number;
}

/**
 * `values` with each replaced by a mean of those before it that weighs old ones by `weight` (0: as they are) a step,
 * corrected for having begun at nothing. Gaps stay gaps.
 */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  let mean = 0;
  let seen = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    mean = mean * weight + value * (1 - weight);
    seen += 1;
    return mean / (1 - weight ** seen);
  });
}

/** All `lines` over one common ascending axis: `[xs, ys of the first, …]`. Undefined where a line has no point at all there. */
export function aligned(lines: readonly Line[]): [number[], ...(number | null | undefined)[][]] {
  const first = lines[0];
  if (first && lines.every((line) => line.xs === first.xs))
    return [[...first.xs], ...lines.map((line) => [...line.ys])];
  const xs = [...new Set(lines.flatMap((line) => line.xs))].sort((a, b) => a - b);
  const at = new Map(xs.map((x, index) => [x, index]));
  const columns = lines.map((line) => {
    const column: (number | null | undefined)[] = new Array(xs.length).fill(undefined);
    line.xs.forEach((x, index) => {
      column[at.get(x) as number] = line.ys[index] ?? null;
    });
    return column;
  });
  return [xs, ...columns];
}

/** The value of `line` at or just before `x`; null before its beginning and in gaps. */
export function valueAt(line: Line, x: number): number | null {
  let low = 0;
  let high = line.xs.length - 1;
  if (high < 0 || x < (line.xs[0] as number)) return null;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((line.xs[middle] as number) <= x) low = middle;
    else high = middle - 1;
  }
  return line.ys[low] ?? null;
}

/** The last value that is one. */
export function lastValue(line: Line): number | null {
  for (let index = line.ys.length - 1; index >= 0; index--) {
    const value = line.ys[index];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

interface View {
  min?: number | null | undefined;
  max?: number | null | undefined;
}

/** Whether all of `xs`, in rising order, can be seen in `view`; so it is where there is nothing or no view yet. */
export function isInView(xs: ArrayLike<number>, view: View | undefined): boolean {
  const { min, max } = view ?? {};
  if (min == null || max == null || xs.length === 0) return true;
  return min <= (xs[0] as number) && max >= (xs[xs.length - 1] as number);
}
