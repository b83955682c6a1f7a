import { expect, test } from "vitest";
import { parseAnsi } from "./ansi.ts";
import { inPlain, pieces, placesOf } from "./highlight.ts";
import { beside, type Match, ordered } from "./search.ts";
import { addressOf, isTarget, targetOf } from "./useLogUrl.ts";

const of = (task: string) => ({ job: "j", task, attempt: 1 });

function match(task: string, offset: number, time = 0): Match {
  return { key: `${task}:${offset}`, task, offset, number: 0, time, text: "", cut: false, ranges: [] };
}

test("the next and the previous match of one log go by offset", () => {
  const order = ordered([of("a")]);
  const found = [10, 20, 30].map((offset) => match("a", offset, 1000 - offset));
  expect(beside(found, match("a", 20), true, order)).toBe(2);
  expect(beside(found, match("a", 20), false, order)).toBe(0);
  expect(beside(found, match("a", 15), true, order)).toBe(1);
  expect(beside(found, match("a", 30), true, order)).toBe(-1);
  expect(beside(found, match("a", 10), false, order)).toBe(-1);
});

test("those of many logs go by time, then as the tasks are", () => {
  const order = ordered([of("a"), of("b")]);
  const found = [match("b", 900, 5), match("a", 10, 6), match("b", 950, 6), match("a", 20, 7)];
  expect([...found].reverse().sort(order)).toEqual(found);
  expect(beside(found, match("a", 10, 6), true, order)).toBe(2);
});

test("words are found in what is shown, in any case, in letters whose lower case is longer, too", () => {
  expect(placesOf("Loss loss LOSS", "loss", false)).toEqual([
    [0, 4],
    [5, 9],
    [10, 14],
  ]);
  expect(placesOf("Loss loss", "loss", true)).toEqual([[5, 9]]);
  expect(placesOf("İİ error", "ERROR", false)).toEqual([[3, 8]]);
});

test("ranges of the raw line become ranges of what is shown", () => {
  const raw = "\x1b[31m😀 err\x1b[0mor 5";
  const { spans } = parseAnsi(raw);
  const points = [...raw];
  const at = points.indexOf("e");
  expect(inPlain(raw, spans, [[at, points.length - 2]])).toEqual([[3, 8]]);
  expect(pieces("😀 err", 0, [[3, 8]])).toEqual([
    { text: "😀 ", isMatch: false },
    { text: "err", isMatch: true },
  ]);
  expect(pieces("or 5", 6, [[3, 8]])).toEqual([
    { text: "or", isMatch: true },
    { text: " 5", isMatch: false },
  ]);
});

test("an address names a line by its number, or by task and offset", () => {
  expect(targetOf("12", "")).toEqual({ kind: "line", line: 12 });
  expect(targetOf("", "worker-1:345")).toEqual({ kind: "offset", task: "worker-1", offset: 345 });
  for (const [line, mark] of [
    ["0", ""],
    ["x", ""],
    ["-1", ""],
    ["", "worker-1"],
    ["", "worker-1:x"],
  ] as const)
    expect(targetOf(line, mark)).toBeNull();
  const row = { task: "w", offset: 5, number: 7 };
  expect(addressOf(row, false)).toEqual({ line: "7", mark: null, at: null });
  expect(addressOf(row, true)).toEqual({ line: null, mark: "w:5", at: null });
  expect(isTarget(row, targetOf("7", ""))).toBe(true);
  expect(isTarget(row, targetOf("", "w:5"))).toBe(true);
  expect(isTarget(row, targetOf("", "v:5"))).toBe(false);
});
