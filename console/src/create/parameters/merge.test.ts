import { expect, it } from "vitest";
import { pair, parameter } from "../form/model.ts";
import { termsOf } from "../form/terms.ts";
import { mergedPairs, mergedParameters } from "./merge.ts";

it("lays variables over those that are there", () => {
  const rows = mergedPairs(
    [pair("A", "1"), pair(), pair("B", "2")],
    [
      ["B", "3"],
      ["C", "4"],
    ],
  );
  expect(rows.map((row) => [row.name, row.value])).toEqual([
    ["A", "1"],
    ["B", "3"],
    ["C", "4"],
  ]);
});

it("changes no hyperparameter that the algorithm fixes, and adds none where it takes no more", () => {
  const terms = termsOf(
    "a",
    {
      parameters_customization: false,
      parameters: [
        { name: "seed", value: "7", constraint: { editable: false } },
        { name: "lr", value: "1" },
      ],
    },
    null,
  );
  const flags = [
    { name: "seed", value: "8", flag: false },
    { name: "lr", value: "2", flag: false },
    { name: "own", value: "", flag: true },
  ];
  const rows = [parameter("seed", "7"), { ...parameter("lr"), unset: true }];
  expect(mergedParameters(rows, flags, terms).map((row) => [row.name, row.value, row.unset])).toEqual([
    ["seed", "7", false],
    ["lr", "2", false],
  ]);
  expect(mergedParameters(rows, flags, null)).toHaveLength(3);
});
