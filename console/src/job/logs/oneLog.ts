/** One task's log: pages by bytes and by line numbers, and its bytes as they come. */
import { type LinesAt, type LogOf, type LogPage, logLines, searchLog, streamLog } from "../../api/logs.ts";
import { PLAIN } from "./ansi.ts";
import { LineReader, type ReadLine } from "./lineReader.ts";
import { keyOf, type Place, type Row, type Stretch } from "./rows.ts";
import type { Facts, Found, Growth, LogSource, Target } from "./source.ts";

const PAGE = 400;
const FIRST_PAGE = 200;
const CONTEXT = 150;
const COUNT_TRIES = 60;
const ERRORS_MAX = 1000;

export class OneLog implements LogSource {
  facts: Facts = { size: 0, lineCount: null, ended: false };
  private estimated = 0;

  constructor(private readonly of: LogOf) {}

  async tail(signal: AbortSignal): Promise<Stretch> {
    return this.page({}, FIRST_PAGE, signal);
  }

  async before(place: Place, signal: AbortSignal): Promise<Stretch> {
    return this.page({ before: Number(place) }, PAGE, signal);
  }

  async after(place: Place, signal: AbortSignal): Promise<Stretch> {
    return this.page({ offset: Number(place) }, PAGE, signal);
  }

  async at(share: number, signal: AbortSignal): Promise<Stretch> {
    return this.page({ offset: Math.floor(share * (this.facts.size ?? 0)) }, PAGE, signal);
  }

  async find(target: Target, signal: AbortSignal): Promise<Found> {
    if (target.kind === "line") return this.findLine(target.line, signal);
    const [before, after] = await Promise.all([
      this.page({ before: target.offset }, CONTEXT, signal),
      this.page({ offset: target.offset }, PAGE, signal),
    ]);
    // An offset inside a line finds that line: then the first page ends before it, too.
    return { stretches: [before, after], key: after.rows[0]?.key ?? null };
  }

  private async findLine(line: number, signal: AbortSignal): Promise<Found> {
    const first = Math.max(1, line - CONTEXT);
    for (let tries = 0; tries < COUNT_TRIES; tries++) {
      const page = await this.page({ start_line: first }, PAGE, signal);
      const row = page.rows.find((one) => one.number === line);
      if (row) return { stretches: [page], key: row.key };
      if (this.facts.lineCount !== null) break; // all are counted: there is no such line
    }
    const tail = await this.tail(signal);
    return { stretches: [tail], key: tail.rows.find((one) => one.number === line)?.key ?? null };
  }

  async numberAt(place: Place, signal: AbortSignal): Promise<number> {
    const page = await this.page({ offset: Number(place) }, 1, signal);
    return page.rows[0]?.number ?? 0;
  }

  shareOf(row: Pick<Row, "offset" | "time">): number {
    return this.facts.size ? row.offset / this.facts.size : 0;
  }

  estimate(): number {
    return this.facts.lineCount ?? this.estimated;
  }

  async refresh(signal: AbortSignal): Promise<void> {
    await this.page({}, 1, signal);
  }

  async errorsFrom(place: Place, signal: AbortSignal): Promise<{ keys: Set<string>; end: Place }> {
    const at = { offset: Number(place), limit: ERRORS_MAX, count_on: false };
    const found = await searchLog(this.of, { errors: true }, at, signal);
    return {
      keys: new Set(found.matches.map((match) => keyOf(this.of.task, match.offset))),
      end: found.end_offset,
    };
  }

  async *stream(place: Place, last: Row | undefined, signal: AbortSignal): AsyncGenerator<Growth | null> {
    const from = last?.open ? last.offset : Number(place);
    const reader = new LineReader(from);
    let size = from;
    for await (const piece of streamLog(this.of, from, signal)) {
      if (piece.length === 0) {
        yield null;
        continue;
      }
      const rows = reader.push(piece).map((line) => this.rowOf(line));
      const open = reader.open();
      if (open) rows.push(this.rowOf(open));
      size += piece.length;
      this.facts = { ...this.facts, size: Math.max(this.facts.size ?? 0, size) };
      yield { rows, end: reader.offset };
    }
    await this.refresh(signal); // whether it has ended for good
  }

  private rowOf(line: ReadLine): Row {
    const { task } = this.of;
    return {
      ...line,
      key: keyOf(task, line.offset),
      task,
      number: 0,
      time: Date.now(),
      error: false,
      style: PLAIN,
      after: null,
    };
  }

  private async page(at: LinesAt, count: number, signal: AbortSignal): Promise<Stretch> {
    const page = await logLines(this.of, at, count, signal);
    this.facts = { size: page.size, lineCount: page.line_count ?? null, ended: page.ended };
    this.estimated = page.estimated_line_count;
    return stretchOf(page);
  }
}

function stretchOf(page: LogPage): Stretch {
  const rows = page.lines.map((line) => ({
    key: keyOf(page.task, line.offset),
    task: page.task,
    offset: line.offset,
    number: line.number ?? 0,
    text: line.text,
    time: line.time ?? 0,
    cut: line.cut ?? false,
    open: line.open ?? false,
    system: line.system ?? false,
    error: line.error ?? false,
    style: PLAIN,
    after: null,
  }));
  return {
    rows,
    start: page.start_offset,
    end: page.end_offset,
    atStart: page.start_offset === 0,
    atEnd: page.end_offset >= page.size,
  };
}
