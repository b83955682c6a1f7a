import { expect, it } from "vitest";
import { type Entry, entriesOf } from "./queries.ts";
import { FIRST_ORDER, orderOf, orderText, sorted } from "./sorted.ts";

const entry = (name: string, size = 0, modifiedAt = 0): Entry => ({
  key: name,
  name: name.replace("/", ""),
  isFolder: name.endsWith("/"),
  size,
  modifiedAt,
});
const names = (entries: Entry[]) => entries.map((one) => one.name).join(" ");

it("puts folders first and counts as people do", () => {
  const rows = [entry("10.txt", 1, 5), entry("z/"), entry("2.txt", 9, 5), entry("a/"), entry("b.txt", 4, 7)];
  expect(names(sorted(rows, FIRST_ORDER))).toBe("a z 2.txt 10.txt b.txt");
  expect(names(sorted(rows, orderOf("-name")))).toBe("z a b.txt 10.txt 2.txt");
  expect(names(sorted(rows, orderOf("-size")))).toBe("a z 2.txt b.txt 10.txt");
  expect(names(sorted(rows, orderOf("time")))).toBe("a z 2.txt 10.txt b.txt");
});

it("reads what it writes, and anything else as the usual order", () => {
  for (const text of ["name", "-size", "time"]) expect(orderText(orderOf(text))).toBe(text);
  expect(orderOf("weight")).toEqual(FIRST_ORDER);
});

it("lists pages one after the other, without the folder's own marker", () => {
  const item = (key: string) => ({ key, size: 1, modified_at_ms: 1, etag: "" });
  const pages = [
    { objects: [item("d/"), item("d/a")], prefixes: ["d/m/"] },
    { objects: [item("d/z")], prefixes: ["d/n/"] },
  ];
  expect(names(entriesOf(pages, "d/"))).toBe("m a n z");
});
