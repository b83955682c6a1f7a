import { expect, it } from "vitest";
import { nextNumber, type Subscription, updateOf } from "./queries.ts";

it("numbers the next version as the server does", () => {
  expect([
    nextNumber([]),
    nextNumber(["1.0.0"]),
    nextNumber(["1.0.9", "1.0.10", "1.0.2"]),
    nextNumber(["2", "1.9.9"]),
    nextNumber(["1.2", "1.2.0"]),
    nextNumber(["2026.11"]),
  ]).toEqual(["1.0.0", "1.0.1", "1.0.11", "3", "1.2.1", "2026.12"]);
});

it("knows of a newer version", () => {
  const versions = [
    { id: "b", version_num: "1.1.0" },
    { id: "a", version_num: "1.0.0" },
  ];
  const subscription = (item_version_id: string, of = versions) =>
    ({ item_version_id, item: { versions: of } }) as unknown as Subscription;
  expect(updateOf(subscription("a"))?.version_num).toBe("1.1.0");
  expect(updateOf(subscription("b"))).toBeNull();
  expect(updateOf(subscription("a", []))).toBeNull();
});
