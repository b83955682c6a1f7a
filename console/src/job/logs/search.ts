/** A search over whole logs: goes on from answer to answer, counts all matches, and keeps the first thousands of them. */
import { type LogMatch, type LogOf, type SearchWords, searchLog } from "../../api/logs.ts";
import { keyOf } from "./rows.ts";

export interface Match {
  key: string;
  task: string;
  offset: number;
  number: number;
  time: number;
  /** As the server found it; `ranges` are of its code points. */
  text: string;
  cut: boolean;
  ranges: [number, number][];
}

export interface Progress {
  count: number;
  /** In the order they are shown in. */
  matches: readonly Match[];
  /** More match than are kept. */
  isCapped: boolean;
  isDone: boolean;
  /** How much is searched, 0 to 1. */
  share: number;
  error: unknown;
}

export const KEPT_MAX = 10_000;
const PAGE = 1000;
const NEAR_PAGES = 20;

export const NO_PROGRESS: Progress = {
  count: 0,
  matches: [],
  isCapped: false,
  isDone: false,
  share: 0,
  error: null,
};

export class Search {
  progress: Progress = NO_PROGRESS;
  private readonly abort = new AbortController();
  private readonly reached = new Map<string, number>();
  private isBusy = false;

  constructor(
    private readonly logs: readonly LogOf[],
    readonly words: SearchWords,
    private readonly onChange: () => void,
  ) {}

  stop(): void {
    this.abort.abort();
  }

  /** Search all that was not searched so far: from the beginning, or what has come since. */
  async goOn(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      for (const [index, of] of this.logs.entries()) await this.searchOne(of, index);
      this.change({ isDone: true, share: 1, error: null });
    } catch (error) {
      if (!this.abort.signal.aborted) this.change({ error, isDone: true });
    } finally {
      this.isBusy = false;
    }
  }

  private async searchOne(of: LogOf, index: number): Promise<void> {
    let isComplete = false;
    while (!isComplete) {
      const offset = this.reached.get(of.task) ?? 0;
      const room = KEPT_MAX - this.progress.matches.length;
      const keeps = room > 0 && !this.progress.isCapped;
      const at = { offset, limit: keeps ? Math.min(PAGE, room) : 0, count_on: !keeps };
      const found = await searchLog(of, this.words, at, this.abort.signal);
      // Where matches are kept, those behind the last of them are asked for anew.
      const isCut =
        keeps && found.next !== null && found.next !== undefined && found.count > found.matches.length;
      const end = isCut ? (found.next as number) : found.end_offset;
      // An unfinished last line may match differently later; its task's end makes it final.
      this.reached.set(of.task, end);
      isComplete = found.complete && !isCut;
      const more = found.matches.map((match) => matchOf(of.task, match));
      const count = this.progress.count + (isCut ? found.matches.length : found.count);
      const share = found.size > 0 ? Math.min(1, end / found.size) : 1;
      this.change({
        count,
        matches: more.length > 0 ? merged(this.progress.matches, more, this.logs) : this.progress.matches,
        isCapped: this.progress.isCapped || (!keeps && found.count > 0),
        share: (index + share) / this.logs.length,
      });
    }
  }

  private change(change: Partial<Progress>) {
    this.progress = { ...this.progress, ...change };
    this.onChange();
  }
}

/** The match next to the line at `offset` (-1: before all) in one log, asked of the server; null: there is none. */
export async function nearest(
  of: LogOf,
  words: SearchWords,
  offset: number,
  isForward: boolean,
  signal: AbortSignal,
): Promise<Match | null> {
  let at = Math.max(0, offset);
  for (let pages = 0; pages < NEAR_PAGES; pages++) {
    const from = isForward ? { offset: at } : { before: at };
    const found = await searchLog(of, words, { ...from, limit: 2, count_on: false }, signal);
    const match = found.matches.find((one) => (isForward ? one.offset > offset : one.offset < offset));
    if (match) return matchOf(of.task, match);
    if (found.next === null || found.next === undefined) return null;
    at = found.next;
  }
  return null;
}

export function matchOf(task: string, match: LogMatch): Match {
  return {
    key: keyOf(task, match.offset),
    task,
    offset: match.offset,
    number: match.number ?? 0,
    time: match.time ?? 0,
    text: match.text,
    cut: match.cut ?? false,
    ranges: match.ranges,
  };
}

/** The order of lines: of one log by offset; of many by time, then as the tasks are. */
export function ordered(logs: readonly LogOf[]): (one: Position, other: Position) => number {
  if (logs.length === 1) return (one, other) => one.offset - other.offset;
  const places = new Map(logs.map((of, index) => [of.task, index]));
  return (one, other) =>
    one.time - other.time ||
    (places.get(one.task) ?? 0) - (places.get(other.task) ?? 0) ||
    one.offset - other.offset;
}

interface Position {
  task: string;
  offset: number;
  time: number;
}

function merged(old: readonly Match[], more: readonly Match[], logs: readonly LogOf[]): Match[] {
  const all = [...old, ...more];
  return logs.length === 1 ? all : all.sort(ordered(logs));
}

/** Index of the first match behind `place`, or of the last one before it; -1: there is none. */
export function beside(
  matches: readonly Match[],
  place: Position,
  isForward: boolean,
  order: (one: Position, other: Position) => number,
): number {
  if (isForward) return matches.findIndex((match) => order(match, place) > 0);
  let index = matches.length - 1;
  while (index >= 0 && order(matches[index] as Match, place) >= 0) index--;
  return index;
}
