import { expect, it } from "vitest";
import { changedQuotas, fieldOf, quotaOf } from "./limits.ts";

it("takes an empty field for no limit, and 0 for nothing at all", () => {
  expect([quotaOf(null), quotaOf(undefined), quotaOf(0), quotaOf(7)]).toEqual([-1, -1, 0, 7]);
  expect([fieldOf(-1), fieldOf(0), fieldOf(7)]).toEqual([null, 0, 7]);
});

it("sends only what was changed", () => {
  const quotas = [
    { resource: "jobs", quota: -1 },
    { resource: "cpu", quota: 8 },
    { resource: "cards", quota: 4 },
  ];
  expect(changedQuotas(quotas, { jobs: 3, cpu: 8, cards: null })).toEqual([
    { resource: "jobs", quota: 3 },
    { resource: "cards", quota: -1 },
  ]);
});
