/** The lines that are held: a stretch of the log without gaps, made of chunks, bounded at both ends. Pure. */
import { PLAIN, type Style, styleAfter } from "./ansi.ts";

export interface Row {
  /** Task and offset: unlike any other of the attempt. */
  key: string;
  task: string;
  offset: number;
  /** 0 while the lines before it are not counted, and where all tasks are merged. */
  number: number;
  text: string;
  /** ms; 0: nobody knows. */
  time: number;
  cut: boolean;
  /** More of it may come. */
  open: boolean;
  system: boolean;
  error: boolean;
  /** The style of a terminal at its beginning. */
  style: Style;
  /** And behind it, once that is known. */
  after: Style | null;
}

/** A place between lines: bytes of one log, or a cursor of all. */
export type Place = number | string;

export interface Chunk {
  rows: Row[];
  start: Place;
  end: Place;
}

export interface Stretch extends Chunk {
  atStart: boolean;
  atEnd: boolean;
}

export const ROWS_MAX = 8000;
export const CHARS_MAX = 12_000_000;
const LIVE_CHUNK = 400;

export function keyOf(task: string, offset: number): string {
  return `${task}:${offset}`;
}

/** Grows at one end, and lets go of chunks at the other when there is more than the bounds allow. */
export class Rows {
  chunks: Chunk[] = [];
  atStart = false;
  atEnd = false;
  private flat: Row[] | null = null;
  /** Characters of the chunks; those that grow are counted on. */
  private lengths = new WeakMap<Chunk, number>();
  /** The style behind the last row of each task that is not plain. */
  private styles = new Map<string, Style>();

  constructor(private readonly limits = { rows: ROWS_MAX, chars: CHARS_MAX }) {}

  get all(): Row[] {
    this.flat ??= ([] as Row[]).concat(...this.chunks.map((chunk) => chunk.rows));
    return this.flat;
  }

  get start(): Place | undefined {
    return this.chunks[0]?.start;
  }

  get end(): Place | undefined {
    return this.chunks.at(-1)?.end;
  }

  get last(): Row | undefined {
    return this.all.at(-1);
  }

  replace(...stretches: Stretch[]): void {
    this.chunks = stretches.map(({ rows, start, end }) => ({ rows, start, end }));
    this.atStart = stretches[0]?.atStart ?? false;
    this.atEnd = stretches.at(-1)?.atEnd ?? false;
    this.changed();
  }

  append(more: Stretch): void {
    const last = this.chunks.at(-1);
    if (last && more.rows.length > 0 && last.rows.at(-1)?.key === more.rows[0]?.key) {
      last.rows.pop(); // it was unfinished
      this.lengths.delete(last);
    }
    this.chunks.push({ rows: more.rows, start: more.start, end: more.end });
    this.atEnd = more.atEnd;
    this.drop("front");
    this.changed();
  }

  prepend(more: Stretch): void {
    this.chunks.unshift({ rows: more.rows, start: more.start, end: more.end });
    this.atStart = more.atStart;
    this.drop("back");
    this.changed();
  }

  /**
   * Put what came live behind the last row, and number it on. An unfinished last row is replaced by the first of `rows`
   * when that is the same line. `keepsFront`: somebody reads at the front; false is answered when there is no room left then.
   */
  grow(rows: Row[], end: Place, keepsFront: boolean): boolean {
    const last = this.chunks.at(-1);
    const first = rows[0];
    if (!last) this.chunks.push({ rows: [], start: first?.offset ?? end, end });
    const before = last?.rows.at(-1);
    const isSame = first !== undefined && before?.key === first.key;
    let number = first?.offset === 0 ? 1 : before?.number ? before.number + (isSame ? 0 : 1) : 0;
    if (number > 0 && typeof end === "number") for (const row of rows) row.number = number++;
    if (isSame && last) {
      last.rows.pop();
      this.lengths.delete(last);
    }
    let at = 0;
    while (at < rows.length) {
      const open = this.chunks.at(-1) as Chunk;
      const room = LIVE_CHUNK - open.rows.length;
      if (room <= 0) {
        // Chunks can be cut only where a place is known: offsets are, cursors are told for the end of `rows` only.
        const place = typeof end === "number" ? (rows[at] as Row).offset : open.end;
        open.end = place;
        this.chunks.push({ rows: [], start: place, end: place });
        continue;
      }
      const taken = typeof end === "number" ? room : rows.length;
      const more = rows.slice(at, at + taken);
      for (const row of more) open.rows.push(row);
      const known = this.lengths.get(open);
      if (known !== undefined) this.lengths.set(open, known + charsOf(more));
      at += taken;
    }
    (this.chunks.at(-1) as Chunk).end = end;
    this.flat = null;
    this.carryOn(rows);
    if (keepsFront && this.isFull()) {
      this.atEnd = false;
      return false;
    }
    this.drop("front");
    return true;
  }

  /** Number all rows, the first being line `first`. */
  number(first: number): void {
    let number = first;
    for (const chunk of this.chunks) chunk.rows = chunk.rows.map((row) => ({ ...row, number: number++ }));
    this.flat = null;
  }

  /** Mark the rows of these keys as telling of errors. */
  mark(keys: ReadonlySet<string>): void {
    for (const chunk of this.chunks)
      if (chunk.rows.some((row) => !row.error && keys.has(row.key)))
        chunk.rows = chunk.rows.map((row) => (keys.has(row.key) ? { ...row, error: true } : row));
    this.changed();
  }

  private isFull(): boolean {
    return this.count() > this.limits.rows || this.length() > this.limits.chars;
  }

  private count(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.rows.length, 0);
  }

  private length(): number {
    return this.chunks.reduce((sum, chunk) => sum + this.lengthOf(chunk), 0);
  }

  private lengthOf(chunk: Chunk): number {
    const length = this.lengths.get(chunk) ?? charsOf(chunk.rows);
    this.lengths.set(chunk, length);
    return length;
  }

  private drop(side: "front" | "back") {
    let rows = this.count();
    let length = this.length();
    while (this.chunks.length > 1 && (rows > this.limits.rows || length > this.limits.chars)) {
      const gone = (side === "front" ? this.chunks.shift() : this.chunks.pop()) as Chunk;
      if (side === "front") this.atStart = false;
      else this.atEnd = false;
      rows -= gone.rows.length;
      length -= this.lengthOf(gone);
    }
    this.flat = null;
  }

  private changed() {
    this.flat = null;
    this.styles = new Map();
    this.carryOn(this.all);
  }

  /** What an unfinished last row does to colours is not kept: it comes again. */
  private carryOn(rows: readonly Row[]) {
    const isOpen = rows.at(-1)?.open ?? false;
    carryStyles(isOpen ? rows.slice(0, -1) : rows, this.styles);
    if (isOpen) carryStyles(rows.slice(-1), new Map(this.styles));
  }
}

function charsOf(rows: readonly Row[]): number {
  let sum = 0;
  for (const row of rows) sum += row.text.length;
  return sum;
}

/**
 * Colours go on over the ends of lines, as in a terminal: of each task by itself, and not into the platform's lines.
 * `now` is where each task stands, before and after.
 */
export function carryStyles(rows: readonly Row[], now: Map<string, Style>): void {
  for (const row of rows) {
    if (row.system) continue;
    const style = now.get(row.task) ?? PLAIN;
    if (row.style !== style || row.after === null) {
      row.style = style;
      row.after = styleAfter(row.text, style);
    }
    if (row.after !== style) now.set(row.task, row.after);
  }
}

/** Only rows that the platform did not write, unless `system`. */
export function shownRows(rows: Row[], system: boolean): Row[] {
  return system ? rows : rows.filter((row) => !row.system);
}
