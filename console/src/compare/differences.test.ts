import { expect, it } from "vitest";
import type { Job } from "../jobs/types.ts";
import { compared, toCsv } from "./differences.ts";

function job(name: string, parameters: Record<string, string>, nodes = 1): Job {
  return {
    kind: "job",
    metadata: { id: name, name, create_time: 0, user_name: "a" },
    algorithm: {
      code_dir: "obs://b/code/",
      engine: { engine_name: "PyTorch", engine_version: "2.13" },
      parameters: Object.entries(parameters).map(([key, value]) => ({ name: key, value })),
      environments: { SEED: "1" },
    },
    spec: { resource: { flavor_name: "cpu.2u", node_count: nodes } },
  } as unknown as Job;
}

it("finds what differs", () => {
  const rows = compared([
    job("a", { lr: "0.1", epochs: "3" }),
    job("b", { lr: "0.2", epochs: "3", wd: "1e-4" }, 2),
  ]);
  expect(rows.filter((row) => row.differs).map((row) => [row.name, row.values])).toEqual([
    ["lr", ["0.1", "0.2"]],
    ["wd", [undefined, "1e-4"]],
    ["nodes", ["1", "2"]],
  ]);
  expect(rows.map((row) => row.name)).toContain("SEED");
});

it("writes CSV that is quoted and starts no formula", () => {
  expect(
    toCsv([
      ["名称", 'say "hi"', undefined, -1],
      ["=1+1", "-0.5", "a,b", "x\ny"],
    ]),
  ).toBe('\ufeff名称,"say ""hi""",,-1\r\n\'=1+1,-0.5,"a,b","x\ny"\r\n');
});
