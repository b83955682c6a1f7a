/** Rows of a made-up log, for tests. */
import { PLAIN } from "./ansi.ts";
import { keyOf, type Row, type Stretch } from "./rows.ts";

export const LINE = 10; // bytes

export function rowAt(line: number, more: Partial<Row> = {}): Row {
  const offset = line * LINE;
  return {
    key: keyOf("worker-0", offset),
    task: "worker-0",
    offset,
    number: line + 1,
    text: `line ${line}`,
    time: line,
    cut: false,
    open: false,
    system: false,
    error: false,
    style: PLAIN,
    after: null,
    ...more,
  };
}

export function stretch(from: number, to: number, whole = 1e9): Stretch {
  const rows = Array.from({ length: to - from }, (_, index) => rowAt(from + index));
  return { rows, start: from * LINE, end: to * LINE, atStart: from === 0, atEnd: to >= whole };
}
