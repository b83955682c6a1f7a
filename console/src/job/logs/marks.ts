/** Places in the log that the minimap shows. Pure. */

/** A line that is marked. */
export interface Marked {
  task: string;
  offset: number;
  /** 0: not known. */
  number: number;
  time: number;
}

export interface Mark {
  kind: "error" | "match";
  /** How far into the log, 0 to 1. */
  share: number;
  /** The first of those that are so close together that they look like one. */
  line: Marked;
}

const SLOTS = 2000; // pixels of the highest minimap there is

/** Marks of these lines, from the log's beginning on: no more of them than can be told apart. */
export function marksOf(
  kind: Mark["kind"],
  lines: readonly Marked[],
  shareOf: (line: Marked) => number,
): Mark[] {
  const slots = new Map<number, Mark>();
  for (const line of lines) {
    const share = shareOf(line);
    const slot = Math.round(share * SLOTS);
    const there = slots.get(slot);
    if (there === undefined || share < there.share) slots.set(slot, { kind, share, line });
  }
  return [...slots.values()].sort((one, other) => one.share - other.share);
}

/** The mark that is nearest, if one is so near. */
export function nearestMark(marks: readonly Mark[], share: number, within: number): Mark | null {
  let best: Mark | null = null;
  const distance = (mark: Mark) => Math.abs(mark.share - share);
  for (const mark of marks)
    if (distance(mark) <= within && (best === null || distance(mark) < distance(best))) best = mark;
  return best;
}
