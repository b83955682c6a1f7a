import { describe, expect, it } from "vitest";
import {
  folderOf,
  isKey,
  isName,
  nameOf,
  objectsPath,
  parseObs,
  pathShown,
  suffixOf,
  trail,
} from "./obsPath.ts";

describe("paths of the object store", () => {
  it("are read with any scheme", () => {
    expect(parseObs("obs://bucket/a/b.py")).toEqual({ bucket: "bucket", key: "a/b.py" });
    expect(parseObs("s3://bucket/a/")).toEqual({ bucket: "bucket", key: "a/" });
    expect(parseObs(" /bucket/a/ ")).toEqual({ bucket: "bucket", key: "a/" });
    expect(parseObs("obs://bucket")).toEqual({ bucket: "bucket", key: "" });
  });

  it("are refused when the server would refuse them", () => {
    for (const text of [
      "",
      "bucket/a",
      "obs://",
      "obs://Up/a",
      "obs://a..b/c",
      "obs://bucket//a",
      "obs://bucket/a/../b",
    ])
      expect(parseObs(text)).toBeNull();
    expect(isKey(`${"é".repeat(512)}`)).toBe(true);
    expect(isKey(`${"é".repeat(513)}`)).toBe(false);
    expect(isKey("a\\b")).toBe(false);
    expect(isKey("a\nb")).toBe(false);
    expect(isName("a/b")).toBe(false);
    expect(isName("..")).toBe(false);
    expect(isName("数据 1")).toBe(true);
  });

  it("come apart", () => {
    expect([nameOf("a/b/c.py"), nameOf("a/b/"), nameOf("")]).toEqual(["c.py", "b", ""]);
    expect([folderOf("a/b/c.py"), folderOf("a/b/"), folderOf("a/"), folderOf("x")]).toEqual([
      "a/b/",
      "a/",
      "",
      "",
    ]);
    expect([suffixOf("a.b/c"), suffixOf("a/C.PY"), suffixOf("a/.profile")]).toEqual(["", ".py", ".profile"]);
    expect(trail("a/b/c.py")).toEqual([
      { name: "a", key: "a/" },
      { name: "b", key: "a/b/" },
      { name: "c.py", key: "a/b/c.py" },
    ]);
    expect(trail("a/b/").at(-1)).toEqual({ name: "b", key: "a/b/" });
    expect(trail("")).toEqual([]);
  });

  it("survive the address bar", () => {
    for (const key of ["", "a/b/", "100%/a#b?c.txt", "literal%2Fname", "数据/训练 1.csv", "a+b&c=d"])
      expect(pathShown(new URL(`http://host/console${objectsPath("bucket", key)}`).pathname)).toEqual({
        bucket: "bucket",
        key,
      });
  });
});
