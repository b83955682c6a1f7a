/** What the viewer reads from: one task's log, or all tasks' as one. Both give stretches of rows around any place. */
import type { Place, Row, Stretch } from "./rows.ts";

/** A line that somebody wants to see. */
export type Target = { kind: "line"; line: number } | { kind: "offset"; task: string; offset: number };

export interface Found {
  stretches: Stretch[];
  /** Of the line that was asked for; null: there is none. */
  key: string | null;
}

/** What has come live: rows, and where they end. The first may be an unfinished row that is shown already. */
export interface Growth {
  rows: Row[];
  end: Place;
}

export interface Facts {
  /** Bytes; null where that is not known: of many tasks. */
  size: number | null;
  /** null while they are being counted, and of many tasks. */
  lineCount: number | null;
  /** Nothing will follow. */
  ended: boolean;
}

export interface LogSource {
  /** As far as is known. */
  readonly facts: Facts;
  tail(signal: AbortSignal): Promise<Stretch>;
  before(place: Place, signal: AbortSignal): Promise<Stretch>;
  after(place: Place, signal: AbortSignal): Promise<Stretch>;
  /** From about that share (0 to 1) of the log on. */
  at(share: number, signal: AbortSignal): Promise<Stretch>;
  find(target: Target, signal: AbortSignal): Promise<Found>;
  /** The number of the line that begins at a place; 0: not counted so far. */
  numberAt(place: Place, signal: AbortSignal): Promise<number>;
  /** How far into the log a row is, 0 to 1. */
  shareOf(row: Pick<Row, "offset" | "time">): number;
  /** About how many rows there are; 0: nobody knows. */
  estimate(): number;
  /** Learn how things stand. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Which rows behind a place tell of errors, and how far that is known; pages say it by themselves, streams do not. */
  errorsFrom(place: Place, signal: AbortSignal): Promise<{ keys: Set<string>; end: Place }>;
  /** What comes behind a place, `last` being the row before it; null first, once it is open. Ends when all has come. */
  stream(place: Place, last: Row | undefined, signal: AbortSignal): AsyncGenerator<Growth | null>;
}
