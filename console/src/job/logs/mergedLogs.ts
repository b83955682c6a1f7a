/** All tasks' logs as one, in the order their lines came. A place is a cursor; shares of it are of its time. */
import { logLines, type MergedAt, type MergedPage, mergedLines, streamMerged } from "../../api/logs.ts";
import { PLAIN } from "./ansi.ts";
import { keyOf, type Place, type Row, type Stretch } from "./rows.ts";
import type { Facts, Found, Growth, LogSource, Target } from "./source.ts";

const PAGE = 400;
const FIRST_PAGE = 200;
const FIND_PAGE = 1000;
const FIND_PAGES = 10;

export class MergedLogs implements LogSource {
  facts: Facts = { size: null, lineCount: null, ended: false };
  private first = 0;
  private last = 0;

  constructor(
    private readonly job: string,
    private readonly attempt: number,
    private readonly begun: number,
  ) {
    this.first = begun;
  }

  tail(signal: AbortSignal): Promise<Stretch> {
    return this.page({}, FIRST_PAGE, signal);
  }

  before(place: Place, signal: AbortSignal): Promise<Stretch> {
    return this.page({ before: String(place) }, PAGE, signal);
  }

  after(place: Place, signal: AbortSignal): Promise<Stretch> {
    return this.page({ after: String(place) }, PAGE, signal);
  }

  at(share: number, signal: AbortSignal): Promise<Stretch> {
    const time = Math.floor(this.first + share * (this.last - this.first));
    return this.page({ time: share <= 0 ? 0 : time }, PAGE, signal);
  }

  /** A line of a task: by the time it came, and on from there. */
  async find(target: Target, signal: AbortSignal): Promise<Found> {
    if (target.kind === "line") return { stretches: [await this.tail(signal)], key: null };
    const of = { job: this.job, task: target.task, attempt: this.attempt };
    const line = (await logLines(of, { offset: target.offset }, 1, signal)).lines[0];
    if (!line) return { stretches: [await this.tail(signal)], key: null };
    const key = keyOf(target.task, line.offset);
    let page = await this.page({ time: line.time ?? 0 }, FIND_PAGE, signal);
    for (let pages = 1; pages < FIND_PAGES && !page.atEnd && !holds(page, key); pages++)
      page = await this.page({ after: String(page.end) }, FIND_PAGE, signal);
    const before = await this.before(page.start, signal);
    return { stretches: [before, page], key: holds(page, key) ? key : null };
  }

  async numberAt(): Promise<number> {
    return 0;
  }

  shareOf(row: Pick<Row, "offset" | "time">): number {
    const length = this.last - this.first;
    return length > 0 ? Math.min(1, Math.max(0, (row.time - this.first) / length)) : 0;
  }

  estimate(): number {
    return 0;
  }

  async refresh(signal: AbortSignal): Promise<void> {
    await this.page({}, 1, signal);
  }

  async errorsFrom(place: Place): Promise<{ keys: Set<string>; end: Place }> {
    return { keys: new Set(), end: place };
  }

  async *stream(place: Place, _last: Row | undefined, signal: AbortSignal): AsyncGenerator<Growth | null> {
    for await (const page of streamMerged(this.job, this.attempt, String(place), signal)) {
      if (page === null) {
        yield null;
        continue;
      }
      const { rows, end } = this.stretchOf(page);
      yield { rows, end };
    }
    this.facts = { ...this.facts, ended: true };
  }

  private async page(at: MergedAt, count: number, signal: AbortSignal): Promise<Stretch> {
    return this.stretchOf(await mergedLines(this.job, this.attempt, at, count, signal));
  }

  private stretchOf(page: MergedPage): Stretch {
    this.facts = { ...this.facts, ended: page.ended };
    const rows = page.lines.map((line) => ({
      key: keyOf(line.task, line.offset),
      task: line.task,
      offset: line.offset,
      number: 0,
      text: line.text,
      time: line.time ?? 0,
      cut: line.cut ?? false,
      open: line.open ?? false,
      system: line.system ?? false,
      error: line.error ?? false,
      style: PLAIN,
      after: null,
    }));
    const [first, last] = [rows[0]?.time ?? 0, rows.at(-1)?.time ?? 0];
    this.last = Math.max(this.last, last);
    if (page.at_start && first) this.first = first;
    else if (first && (first < this.first || !this.begun)) this.first = Math.min(this.first || first, first);
    return { rows, start: page.before, end: page.after, atStart: page.at_start, atEnd: page.at_end };
  }
}

function holds(page: Stretch, key: string): boolean {
  return page.rows.some((row) => row.key === key);
}
