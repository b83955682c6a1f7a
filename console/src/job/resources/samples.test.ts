import { expect, it } from "vitest";
import { sampleLine, thinned } from "./samples.ts";

const batch = (start_s: number, cpuUsage: number[], step_s = 1) => ({
  start_s,
  step_s,
  values: { cpuUsage },
});

it("joins batches and leaves gaps open", () => {
  expect(sampleLine("worker-0", [batch(10, [1, 2]), batch(12, [3]), batch(100, [4])], "cpuUsage")).toEqual({
    name: "worker-0",
    xs: [10_000, 11_000, 12_000, 13_000, 100_000],
    ys: [1, 2, 3, null, 4],
  });
});

it("has no line for what was never measured", () => {
  expect(sampleLine("worker-0", [batch(10, [-1, -1])], "cpuUsage")).toBeNull();
  expect(sampleLine("worker-0", [batch(10, [-1, 5])], "gpuUtil")).toBeNull();
});

it("does not go back in time", () => {
  const line = sampleLine("worker-0", [batch(10, [1, 2, 3]), batch(11, [9, 9, 4])], "cpuUsage");
  expect(line?.ys).toEqual([1, 2, 3, 4]);
});

it("thins without losing peaks", () => {
  const xs = Array.from({ length: 10_000 }, (_, index) => index);
  const ys = xs.map((x) => (x === 7_777 ? 100 : x % 2));
  const thin = thinned({ name: "a", xs, ys }, 400);
  expect(thin.xs.length).toBeLessThan(450);
  expect(Math.max(...(thin.ys as number[]))).toBe(100);
  expect([thin.xs[0], thin.xs.at(-1)]).toEqual([0, 9_999]);
});
