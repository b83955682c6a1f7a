import { expect, it } from "vitest";
import { treeOf } from "./tree.ts";

it("shares what paths have in common", () => {
  const folders = [
    { kind: "code", path: "/home/ma-user/modelarts/user-job-dir/code" },
    { kind: "input", path: "/home/ma-user/modelarts/inputs/data_url_0" },
    { kind: "output", path: "/home/ma-user/modelarts/outputs/train_url_0" },
    { kind: "output", path: "/home/ma-user/modelarts/outputs/train_url_0/deeper" },
  ];
  expect(
    treeOf(folders).map((line) => `${"  ".repeat(line.depth)}${line.label} ${line.folder?.kind ?? ""}`),
  ).toEqual([
    "/home/ma-user/modelarts/ ",
    "  user-job-dir/code/ code",
    "  inputs/data_url_0/ input",
    "  outputs/train_url_0/ output",
    "    deeper/ output",
  ]);
  expect(treeOf([{ kind: "code", path: "/code" }]).map((line) => line.label)).toEqual(["/code/"]);
  expect(treeOf([])).toEqual([]);
});
