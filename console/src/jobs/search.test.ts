import { expect, it } from "vitest";
import { createdBetween, jobSearch, NO_FILTERS } from "./search.ts";

const STATE = { q: "", offset: 20, size: 20, sort: "", order: "asc" as const };
const CONTEXT = { me: "小雯", workspace: "", now: 1_000_000_000_000 };

it("asks for the newest first when nothing is chosen", () => {
  expect(jobSearch(STATE, NO_FILTERS, CONTEXT)).toEqual({
    offset: 20,
    limit: 20,
    sort_by: "create_time",
    order: "desc",
  });
});

it("combines all filters", () => {
  const filters = {
    ...NO_FILTERS,
    phase: "Running,Pending",
    mine: "1",
    owner: "unused",
    engine: "python_3.11",
    tag: "team%3Dvision,urgent",
    created: "7d",
  };
  const search = jobSearch({ ...STATE, q: " mnist ", sort: "name" }, filters, {
    ...CONTEXT,
    workspace: "w1",
  });
  expect(search).toEqual({
    offset: 20,
    limit: 20,
    sort_by: "name",
    order: "asc",
    workspace_id: "w1",
    filters: [
      { key: "name", operator: "like", value: ["mnist"] },
      { key: "phase", operator: "in", value: ["Running", "Pending"] },
      { key: "user_name", operator: "in", value: ["小雯"] },
      { key: "engine_id", operator: "in", value: ["python_3.11"] },
      { key: "create_time", operator: "between", value: ["999395200000", "1000086400000"] },
    ],
    tags: [{ key: "team", values: ["vision"] }, { key: "urgent" }],
  });
});

it("takes a pasted id for an id", () => {
  const id = "08158915-B888-5400-bfba-9f8f9660bc96";
  expect(jobSearch({ ...STATE, q: id }, NO_FILTERS, CONTEXT).filters).toEqual([
    { key: "id", operator: "in", value: [id.toLowerCase()] },
  ]);
});

it("reads times", () => {
  expect(createdBetween("5-9", 100)).toEqual([5, 9]);
  expect(createdBetween("soon", 100)).toBeNull();
});
