import { expect, it } from "vitest";
import { droppedFiles, fieldFiles, taken } from "./chosen.ts";

it("keeps the folders that files were chosen with", () => {
  const one = new File(["a"], "a.py");
  Object.defineProperty(one, "webkitRelativePath", { value: "code/src/a.py" });
  expect(fieldFiles([one, new File(["b"], "b.py")]).map((chosen) => chosen.path)).toEqual([
    "code/src/a.py",
    "b.py",
  ]);
});

it("walks dropped folders to their end", async () => {
  const leaf = (name: string) => ({
    isFile: true,
    name,
    file: (resolve: (file: File) => void) => resolve(new File([], name)),
  });
  const folder = (name: string, pages: object[][]) => ({
    isFile: false,
    name,
    createReader: () => {
      const left = [...pages, []];
      return { readEntries: (resolve: (some: object[]) => void) => resolve(left.shift() ?? []) };
    },
  });
  const root = folder("data", [[leaf("1.csv"), folder("deep", [[leaf("2.csv")]])], [leaf("3.csv")]]);
  const items = [{ webkitGetAsEntry: () => root }, { webkitGetAsEntry: () => leaf("top.txt") }];
  const chosen = await droppedFiles({ items, files: [] } as unknown as DataTransfer);
  expect(chosen.map((one) => one.path)).toEqual(["data/1.csv", "data/deep/2.csv", "data/3.csv", "top.txt"]);
});

it("finds what is there already, over all pages", async () => {
  const asked: string[] = [];
  const list = async ({ prefix, after, folded }: { prefix: string; after: string; folded: boolean }) => {
    asked.push(`${prefix} ${after} ${folded}`);
    if (prefix === "x/") return { objects: [{ key: "x/a.py" }, { key: "x/other" }] };
    return after
      ? { objects: [{ key: "x/code/z/b.py" }] }
      : { objects: [{ key: "x/code/m.py" }], next_after: "x/code/m.py" };
  };
  expect([...(await taken("x/", ["a.py", "new.py", "code/z/b.py"], list))]).toEqual(["a.py", "code/z/b.py"]);
  expect(asked).toEqual(["x/  true", "x/code/  false", "x/code/ x/code/m.py false"]);
});
