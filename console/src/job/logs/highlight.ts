/** Where in a shown line the search's words are. Pure. */
import type { Span } from "./ansi.ts";

/** From (inclusive) and to (exclusive), in characters of the plain text. */
export type Range = readonly [number, number];

/** All places of `words` in `text`. Case as a computer folds it one character by another. */
export function placesOf(text: string, words: string, matchCase: boolean): Range[] {
  if (!words) return [];
  const [where, what] = matchCase ? [text, words] : [folded(text), folded(words)];
  const places: Range[] = [];
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, at + what.length))
    places.push([at, at + what.length]);
  return places;
}

/** Lower case of the same length: a few letters have lower cases of two characters. */
function folded(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return [...text].map((one) => (one.toLowerCase().length === one.length ? one.toLowerCase() : one)).join("");
}

/** Ranges of code points of a raw line as ranges of the plain text that its spans show. */
export function inPlain(raw: string, spans: readonly Span[], ranges: readonly Range[]): Range[] {
  const units = codeUnits(raw);
  return ranges
    .map(([from, to]) => [plainAt(units(from), spans), plainAt(units(to), spans)] as const)
    .filter(([from, to]) => to > from);
}

function codeUnits(raw: string): (point: number) => number {
  if (!/[\ud800-\udbff]/.test(raw)) return (point) => point;
  const places: number[] = [];
  let at = 0;
  for (const one of raw) {
    places.push(at);
    at += one.length;
  }
  return (point) => places[point] ?? raw.length;
}

function plainAt(unit: number, spans: readonly Span[]): number {
  let plain = 0;
  for (const span of spans) {
    if (unit <= span.at) return plain;
    if (unit < span.at + span.text.length) return plain + unit - span.at;
    plain += span.text.length;
  }
  return plain;
}

export interface Piece {
  text: string;
  isMatch: boolean;
}

/** The text of a span that begins at `start` of the plain text, parted where matches begin and end. */
export function pieces(text: string, start: number, ranges: readonly Range[]): Piece[] {
  const parts: Piece[] = [];
  let at = 0;
  const take = (to: number, isMatch: boolean) => {
    const end = Math.min(to, text.length);
    if (end > at) parts.push({ text: text.slice(at, end), isMatch });
    at = Math.max(at, end);
  };
  for (const [from, to] of ranges) {
    if (to <= start || from >= start + text.length) continue;
    take(from - start, false);
    take(to - start, true);
  }
  take(text.length, false);
  return parts;
}
