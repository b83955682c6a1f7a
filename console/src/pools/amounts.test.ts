import { expect, it } from "vitest";
import { amountsOf, cpusOf, jobsOn, mibOf, stateOf, usedOf } from "./amounts.ts";
import type { PoolNode, Workload } from "./types.ts";

function node(annotations: Record<string, string> = {}, phase = "Available"): PoolNode {
  return {
    metadata: { name: "c1", labels: {}, annotations },
    spec: { flavor: "", os: { name: "Linux" } },
    status: {
      phase,
      az: "default",
      privateIp: "10.0.0.1",
      resources: { cpu: "12", memory: "9Gi", "nvidia.com/gpu": "8" },
      availableResources: { cpu: "2500m", memory: "7680Mi", "nvidia.com/gpu": "6" },
      conditions: [{ type: "Ready", status: "True", reason: "", message: "down: not responding" }],
    },
  } as never;
}

const job = (hostIp: string): Workload =>
  ({ nodes: [{ hostIp, resourceRequirement: { cpu: "3", memory: "1Gi", "nvidia.com/gpu": "1" } }] }) as never;

it("reads quantities", () => {
  expect([cpusOf("4"), cpusOf("2500m"), cpusOf(undefined)]).toEqual([4, 2.5, 0]);
  expect([mibOf("8Gi"), mibOf("1500Mi"), mibOf("")]).toEqual([8192, 1500, 0]);
  expect(amountsOf({ cpu: "1", memory: "1Gi", "huawei.com/ascend-snt9": "8" }).cards).toBe(8);
});

it("takes what is free from what there is", () => {
  expect(usedOf(node(), []).used).toEqual({ cpus: 9.5, memory_mib: 9216 - 7680, cards: 2 });
});

it("counts the jobs on a node that is out of use, of which nothing is free", () => {
  const locked = node({ "trainwright.isolated/reason": "admin" }, "Abnormal");
  const workloads = [job("10.0.0.1"), job("10.0.0.1"), job("10.0.0.2")];
  expect(usedOf(locked, workloads).used).toEqual({ cpus: 6, memory_mib: 2048, cards: 2 });
  expect(jobsOn(locked, workloads)).toHaveLength(2);
});

it("tells a lock from a fault and from a backend that does not use it", () => {
  expect(stateOf(node()).state).toBe("available");
  expect(stateOf(node({}, "Abnormal"))).toMatchObject({ state: "abnormal", detail: "down: not responding" });
  const since = "2026-09-21T14:13:20Z";
  expect(
    stateOf(
      node({
        "trainwright.isolated/reason": "admin",
        "trainwright.isolated/detail": "fan",
        "trainwright.isolated/by": "root",
        "trainwright.isolated/since": since,
      }),
    ),
  ).toMatchObject({ state: "locked", reason: "", detail: "fan", by: "root", since: Date.parse(since) });
  expect(stateOf(node({ "trainwright.isolated/reason": "precheck_failed" }))).toMatchObject({
    state: "isolated",
    reason: "precheck_failed",
  });
});
