import { expect, it } from "vitest";
import { arranged } from "./columns.ts";

const columns = [{ key: "name", fixed: true }, { key: "phase" }, { key: "owner" }, { key: "pool" }];
const keys = (order: string[]) => arranged(columns, order).map((column) => column.key);

it("keeps the order that was chosen, and gives new columns their own place", () => {
  expect(keys([])).toEqual(["name", "phase", "owner", "pool"]);
  expect(keys(["name", "pool", "phase", "owner"])).toEqual(["name", "pool", "phase", "owner"]);
  expect(keys(["name", "owner", "phase"])).toEqual(["name", "owner", "phase", "pool"]);
});

it("forgets columns that are no more and keeps the fixed one first", () => {
  expect(keys(["gone", "pool", "name"])).toEqual(["name", "pool", "phase", "owner"]);
});
