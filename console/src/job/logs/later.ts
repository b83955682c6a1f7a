/** What is learnt of a log after its lines are shown: their numbers, and which of them tell of errors. */
import type { Place, Rows } from "./rows.ts";
import type { LogSource } from "./source.ts";

const COUNT_MS = 250;
const ERRORS_MS = 3000;

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, ms));
}

/** Number the rows once the server has counted the lines before them; `onChange` after they have got theirs. */
export async function countLines(
  rows: Rows,
  source: LogSource,
  signal: AbortSignal,
  onChange: () => void,
): Promise<void> {
  while (!signal.aborted && source.estimate() > 0) {
    const { start, all, last } = rows;
    const isNumbered = Boolean(all[0]?.number && last?.number);
    if (start === undefined || (isNumbered && source.facts.lineCount !== null)) return;
    try {
      const number = await source.numberAt(start, signal);
      if (number > 0 && !isNumbered && rows.start === start) {
        rows.number(number);
        onChange();
      }
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
    }
    await passed(COUNT_MS);
  }
}

/** Mark the rows that tell of errors, now and then while the log grows; `onChange` after each time there were some. */
export async function markErrors(
  rows: Rows,
  source: LogSource,
  signal: AbortSignal,
  isOver: () => boolean,
  onChange: () => void,
): Promise<void> {
  let checked = rows.end;
  while (!signal.aborted && !isOver()) {
    await passed(ERRORS_MS);
    const { end, atEnd } = rows;
    if (signal.aborted || document.hidden || !atEnd || end === undefined || end === checked) continue;
    try {
      const found = await source.errorsFrom(beginning(rows, checked, end), signal);
      checked = found.end;
      if (found.keys.size > 0) {
        rows.mark(found.keys);
        onChange();
      }
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
    }
  }
}

/** From where errors are looked for: not before the rows that are held. */
function beginning(rows: Rows, checked: Place | undefined, end: Place): Place {
  const start = rows.start ?? end;
  return typeof checked === "number" && typeof start === "number" ? Math.max(checked, start) : start;
}
