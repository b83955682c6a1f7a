import { expect, it } from "vitest";
import { changeBody, NEW_POOL, newBody, valuesOf } from "./bodies.ts";
import type { Pool } from "./types.ts";

const values = {
  ...NEW_POOL,
  name: " gpu ",
  description: "for vision",
  resources: [{ flavor: "a", count: 2 }],
};

it("makes a pool of the form's values and reads them back", () => {
  const body = newBody({ ...values, workspace: "7", preemption: true });
  expect(body.metadata.labels).toEqual({ "os.modelarts/name": "gpu", "os.modelarts/workspace.id": "7" });
  expect(newBody(values).metadata.labels).toEqual({ "os.modelarts/name": "gpu" }); // all workspaces
  const pool = { metadata: { name: "pool-1", ...body.metadata }, spec: body.spec } as unknown as Pool;
  expect(valuesOf(pool)).toEqual({ ...values, name: "gpu", workspace: "7", preemption: true });
});

it("changes nothing but what was changed, and never the workspace", () => {
  expect(changeBody(values, { ...values, name: " gpu", workspace: "9" })).toEqual({
    metadata: { labels: { "os.modelarts/name": "gpu" } },
    spec: {},
  });
  const larger = { ...values, resources: [{ flavor: "a", count: 3 }], jobFlavors: [], preemption: true };
  expect(changeBody({ ...values, jobFlavors: ["a"] }, larger).spec).toEqual({
    resources: [{ flavor: "a", count: 3 }],
    jobFlavors: [],
    preemption: { enabled: true },
  });
});
