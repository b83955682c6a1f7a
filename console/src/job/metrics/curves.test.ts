import { expect, it } from "vitest";
import { best, curvesOf } from "./curves.ts";
import type { MetricSeries } from "./queries.ts";

function series(change: Partial<MetricSeries>): MetricSeries {
  return {
    name: "loss",
    task: "worker-0",
    attempt: 1,
    steps: [0, 1, 2],
    values: [3, 2, 1],
    times: [10, 20, 30],
    total: 3,
    complete: true,
    ...change,
  } as MetricSeries;
}

it("makes a chart for each name and names lines by what tells them apart", () => {
  const charts = curvesOf(
    [{ series: series({}) }, { series: series({ task: "worker-1" }) }, { series: series({ name: "acc" }) }],
    "step",
    0,
  );
  expect(charts.map((chart) => [chart.name, chart.lines.map((line) => line.name)])).toEqual([
    ["acc", ["worker-0"]],
    ["loss", ["worker-0", "worker-1"]],
  ]);
});

it("tells attempts apart, and jobs", () => {
  const twice = curvesOf([{ series: series({}) }, { series: series({ attempt: 2 }) }], "step", 0);
  expect(twice[0]?.lines.map((line) => line.name)).toEqual(["#1", "#2"]);
  const jobs = curvesOf(
    [
      { series: series({}), label: "a" },
      { series: series({ attempt: 2 }), label: "b", color: 4 },
    ],
    "time",
    0,
  );
  expect(jobs[0]?.lines.map((line) => [line.name, line.color])).toEqual([
    ["a", undefined],
    ["b", 4],
  ]);
  expect(jobs[0]?.lines[0]?.xs).toEqual([10, 20, 30]);
});

it("keeps what was said last of a step", () => {
  const charts = curvesOf([{ series: series({ steps: [0, 1, 1], values: [3, 2, 9] }) }], "step", 0);
  expect(charts[0]?.lines[0]).toMatchObject({ xs: [0, 1], ys: [3, 9] });
});

it("knows what is better", () => {
  expect(best(series({}))).toBe(1);
  expect(best(series({ name: "val_accuracy" }))).toBe(3);
  expect(best(series({ values: [] }))).toBeNull();
});
