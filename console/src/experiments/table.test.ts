import { expect, it } from "vitest";
import type { MetricSeries } from "../job/metrics/queries.ts";
import { bestMetrics, byWeight, columnKey, isQuality, ordered } from "./table.ts";

const series = (name: string, values: MetricSeries["values"], task = "worker-0") =>
  ({ name, values, task, attempt: 1, steps: [], times: [], total: 0 }) as unknown as MetricSeries;

it("finds each job's best, and the best of all", () => {
  const metrics = bestMetrics(
    new Map([
      ["a", [series("loss", [3, 1, 2]), series("loss", [0.5, "NaN"], "worker-1"), series("acc", [0.7])]],
      ["b", [series("loss", [0.4, 0.9]), series("acc", ["NaN"])]],
      ["c", []],
    ]),
  );
  expect(metrics.map((one) => [one.name, [...one.byJob], one.best])).toEqual([
    ["acc", [["a", 0.7]], null],
    [
      "loss",
      [
        ["a", 0.5],
        ["b", 0.4],
      ],
      0.4,
    ],
  ]);
});

it("orders numbers as numbers, words as words, and nothing last", () => {
  const rows = ["1e-4", undefined, "0.1", "10", "9", "adam"];
  const cell = (one: string | undefined) => one;
  expect(ordered(rows, cell, "asc")).toEqual(["1e-4", "0.1", "9", "10", "adam", undefined]);
  expect(ordered(rows, cell, "desc")).toEqual(["adam", "10", "9", "0.1", "1e-4", undefined]);
  expect(ordered([{ n: 2 }, { n: 1 }], (one) => one.n, "asc")).toEqual([{ n: 1 }, { n: 2 }]);
});

it("names columns by group", () => {
  expect(columnKey({ group: "parameter", name: "lr" })).toBe("parameter.lr");
});

it("tells what is good from what merely is", () => {
  const names = ["epoch_s", "learning_rate", "train/loss", "val/accuracy", "map", "step", "mapping_s", "lr"];
  expect(names.filter(isQuality)).toEqual(["train/loss", "val/accuracy", "map"]);
  expect([...names].sort(byWeight).slice(0, 4)).toEqual(["map", "train/loss", "val/accuracy", "epoch_s"]);
  const metrics = bestMetrics(
    new Map([
      ["a", [series("epoch_s", [3])]],
      ["b", [series("epoch_s", [1])]],
    ]),
  );
  expect(metrics.map((one) => [one.name, one.best])).toEqual([["epoch_s", null]]);
});
