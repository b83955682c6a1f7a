import { expect, it } from "vitest";
import { aligned, isInView, lastValue, smoothed, valueAt } from "./series.ts";

it("smooths without beginning at zero, and keeps gaps", () => {
  expect(smoothed([5, 5, null, 5], 0.9)).toEqual(
    [5, 5, null, 5].map((v) => (v === null ? null : expect.closeTo(5))),
  );
  expect(smoothed([1, 2], 0)).toEqual([1, 2]);
  const bumpy = smoothed([0, 10, 0, 10], 0.5) as number[];
  expect(Math.max(...bumpy) - Math.min(...bumpy.slice(1))).toBeLessThan(10);
});

it("puts lines of different points over one axis", () => {
  const lines = [
    { name: "a", xs: [1, 3], ys: [10, 30] },
    { name: "b", xs: [2, 3], ys: [null, 33] },
  ];
  expect(aligned(lines)).toEqual([
    [1, 2, 3],
    [10, undefined, 30],
    [undefined, null, 33],
  ]);
  expect(aligned([])).toEqual([[]]);
});

it("finds the value under the cursor", () => {
  const line = { name: "a", xs: [1, 3, 5], ys: [10, null, 50] };
  expect([0, 1, 2, 3, 5, 9].map((x) => valueAt(line, x))).toEqual([null, 10, 10, null, 50, 50]);
  expect(lastValue({ ...line, ys: [10, 20, null] })).toBe(20);
});

it("knows a part from the whole", () => {
  expect(isInView([1, 5], { min: 1, max: 5 })).toBe(true);
  expect(isInView([1, 5], { min: 0, max: 9 })).toBe(true);
  expect(isInView([1, 5], { min: 2, max: 5 })).toBe(false);
  expect(isInView([1, 5], { min: 1, max: 4 })).toBe(false);
  expect(isInView([], { min: 1, max: 4 })).toBe(true);
  expect(isInView([1], { min: null, max: null })).toBe(true);
  expect(isInView([1], undefined)).toBe(true);
});
