import { expect, test } from "vitest";
import { type Marked, marksOf, nearestMark } from "./marks.ts";

const at = (offset: number, more: Partial<Marked> = {}): Marked => ({
  task: "worker-0",
  offset,
  number: 0,
  time: 0,
  ...more,
});
const perMille = (line: Marked) => line.offset / 1000;

test("marks stand in the log's order, the first where several cannot be told apart", () => {
  const marks = marksOf("error", [at(500.1), at(100), at(500), at(1000), at(0)], perMille);
  expect(marks.map((mark) => mark.share)).toEqual([0, 0.1, 0.5, 1]);
  expect(marks[2]).toEqual({ kind: "error", share: 0.5, line: at(500) });
  const lines = Array.from({ length: 50_000 }, (_, index) => at(index / 50));
  expect(marksOf("match", lines, perMille).length).toBeLessThanOrEqual(2001);
  expect(marksOf("match", [], perMille)).toEqual([]);
});

test("a click beside a mark means its line, one far from all means its place", () => {
  const marks = [...marksOf("error", [at(200), at(900)], perMille), ...marksOf("match", [at(210)], perMille)];
  expect(nearestMark(marks, 0.208, 0.01)?.line.offset).toBe(210);
  expect(nearestMark(marks, 0.203, 0.01)?.line.offset).toBe(200);
  expect(nearestMark(marks, 0.5, 0.01)).toBeNull();
});
