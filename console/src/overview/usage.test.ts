import { expect, it } from "vitest";
import { stacked, usageOf } from "./usage.ts";

const owner = (user_name: string, cpus: number[], accelerators: number[]) => ({
  user_id: user_name,
  user_name,
  cpus,
  accelerators,
  memory_mib: cpus,
});
const usage = (pool_id: string, owners: ReturnType<typeof owner>[]) => ({
  start: 0,
  span: 10,
  spans: 2,
  complete: true,
  pools: [{ pool_id, owners }],
});

it("counts cards where a pool has them, CPUs elsewhere, and leaves out what nobody used", () => {
  const pools = [{ pool_id: "gpu", capacity: { accelerators: 8, cpus: 1, memory_mib: 1 } }] as never;
  expect(usageOf({ pools, usage: usage("gpu", [owner("a", [9, 9], [1, 2])]) }).get("gpu")?.owners).toEqual([
    { name: "a", values: [1, 2] },
  ]);
  expect(usageOf({ pools, usage: usage("cpu", [owner("a", [9, 9], [0, 0])]) }).get("cpu")?.isCards).toBe(
    false,
  );
  expect(usageOf({ pools, usage: usage("gpu", [owner("a", [9, 9], [0, 0])]) }).size).toBe(0);
});

it("stands owners on each other", () => {
  const owners = [
    { name: "a", values: [2] },
    { name: "b", values: [1] },
  ];
  expect(stacked(owners, 0, 4)).toEqual([
    { from: 0, height: 0.5 },
    { from: 0.5, height: 0.25 },
  ]);
});
