import { expect, it } from "vitest";
import { gather, gatheredLines } from "./monitor.ts";

const told = (timestamp: number, cpu: number, gpu: number) =>
  [
    ["cpuUsage", cpu],
    ["gpuUtil", gpu],
  ].map(([metricName, value]) => ({
    metric: { metricName, namespace: "", dimensions: [] },
    dataPoints: [{ timestamp, unit: "Percent", statistics: [{ statistic: "average", value }] }],
  })) as never;

it("puts points behind each other and leaves out what was never measured", () => {
  const gathered = gather(gather(undefined, told(1000, 5, -1)), told(2000, 7, -1));
  expect(gathered.at).toEqual([1000, 2000]);
  expect(gatheredLines(gathered, (name) => name.toUpperCase())).toEqual([
    { name: "CPUUSAGE", xs: [1000, 2000], ys: [5, 7] },
  ]);
});

it("says nothing twice and forgets what is older than an hour", () => {
  let gathered = gather(undefined, told(10, 1, -1));
  expect(gather(gathered, told(10, 2, -1))).toBe(gathered);
  for (let at = 20; at < 20 + 400 * 10; at += 10) gathered = gather(gathered, told(at, 1, 2));
  expect(gathered.at).toHaveLength(360);
  expect(gathered.values.gpuUtil).toHaveLength(360);
});
