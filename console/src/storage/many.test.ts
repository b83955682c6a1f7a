import { expect, it, vi } from "vitest";
import { copyTo, keyIn, removeAll } from "./many.ts";
import type { Entry } from "./queries.ts";

const entry = (key: string): Entry => ({
  key,
  name: key.replace(/\/$/, "").replace(/^.*\//, ""),
  isFolder: key.endsWith("/"),
  size: 1,
  modifiedAt: 0,
});
const signal = () => new AbortController().signal;

it("deletes in requests that the server takes, and goes on where time was up", async () => {
  const asked: { keys: string[]; prefixes: string[] }[] = [];
  const answers = [
    { deleted: 2, complete: false },
    { deleted: 5, complete: true },
  ];
  const counts: number[] = [];
  await removeAll(
    "b",
    ["1", "2", "3", "d/"].map(entry),
    (gone) => counts.push(gone),
    signal(),
    async (_bucket, body) => {
      asked.push({ keys: [...body.keys], prefixes: [...body.prefixes] });
      return answers.shift() ?? { deleted: 0, complete: true };
    },
  );
  expect(asked).toEqual([
    { keys: ["1", "2", "3"], prefixes: ["d/"] },
    { keys: ["3"], prefixes: ["d/"] },
  ]);
  expect(counts).toEqual([2, 7]);
});

it("asks for at most a thousand keys at a time, and stops when it is told to", async () => {
  const stop = new AbortController();
  const sizes: number[] = [];
  const deleting = removeAll(
    "b",
    Array.from({ length: 2500 }, (_, index) => entry(String(index))),
    () => undefined,
    stop.signal,
    async (_bucket, { keys }) => {
      sizes.push(keys.length);
      if (sizes.length === 2) stop.abort();
      return { deleted: keys.length, complete: true };
    },
  );
  await expect(deleting).rejects.toThrow();
  expect(sizes).toEqual([1000, 1000]);
});

it("copies a folder until all of it is copied", async () => {
  const copy = vi
    .fn()
    .mockResolvedValueOnce({ objects: 3, bytes: 3, next_after: "d/3" })
    .mockResolvedValueOnce({ objects: 1, bytes: 1, next_after: "" });
  let done = 0;
  const folder = entry("x/d/");
  const target = { bucket: "c", key: keyIn("y/", folder) };
  await copyTo("b", folder, target, { move: true, overwrite: false }, (n) => (done += n), signal(), copy);
  expect(done).toBe(4);
  expect(copy.mock.calls.map((call) => [call[1].source, call[1].target, call[1].after])).toEqual([
    ["x/d/", "y/d/", ""],
    ["x/d/", "y/d/", "d/3"],
  ]);
});
