import { expect, it } from "vitest";
import { doneOf, metricValue, utilisationOf, wholePercent } from "./glance.ts";

const SUMMARY = { user_id: "u", priority: 1, tags: {} };

it("tells of the accelerators before the processors", () => {
  const usage = { cpu: 90, memory: 10, gpu: 31.5, low: true };
  expect(utilisationOf({ ...SUMMARY, usage })).toEqual({ of: "gpu", percent: 31.5, isLow: true });
  expect(utilisationOf({ ...SUMMARY, usage: { cpu: 0, npu: null, low: false } })).toEqual({
    of: "cpu",
    percent: 0,
    isLow: false,
  });
});

it("says nothing of what was not measured", () => {
  expect(utilisationOf(null)).toBeNull();
  expect(utilisationOf(SUMMARY)).toBeNull();
  expect(utilisationOf({ ...SUMMARY, usage: { memory: 3, low: false } })).toBeNull();
});

it("keeps the words for numbers that JSON has not", () => {
  expect(metricValue("NaN")).toBe("NaN");
  expect(metricValue(0.123456)).toBe("0.1235");
});

it("counts steps and epochs, and leaves shares alone", () => {
  expect(doneOf({ fraction: 0.1, done: 1200, total: 12_000, unit: "step" })).toBe("1,200 / 12,000");
  expect(doneOf({ fraction: 0.25, done: 2.5, total: 10, unit: "epoch" })).toBe("2.5 / 10");
  expect(doneOf({ fraction: 0.25, done: 0.25, total: 1, unit: "fraction" })).toBe("");
});

it("says 100 % only at the end", () => {
  expect([0, 0.999, 1, -1].map(wholePercent)).toEqual([0, 99, 100, 0]);
});
