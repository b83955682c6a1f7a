import { expect, test } from "vitest";
import { keyOf, Rows, shownRows } from "./rows.ts";
import { LINE, rowAt, stretch } from "./samples.ts";

const lines = (rows: Rows) => rows.all.map((row) => row.offset / LINE);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test("grows at both ends, within bounds, without gaps", () => {
  const rows = new Rows({ rows: 25, chars: 1e6 });
  rows.replace(stretch(50, 60));
  rows.prepend(stretch(40, 50));
  rows.append(stretch(60, 70, 70));
  expect(lines(rows)).toEqual(range(50, 70)); // the first chunk went
  expect(rows).toMatchObject({ start: 500, end: 700, atStart: false, atEnd: true });
  rows.prepend(stretch(40, 50));
  expect(lines(rows)).toEqual(range(40, 60));
  expect(rows.atEnd).toBe(false); // the end went with the last chunk
});

test("bounds count characters, too", () => {
  const rows = new Rows({ rows: 1000, chars: 100 });
  rows.replace(stretch(0, 10));
  rows.append(stretch(10, 20));
  expect(lines(rows)).toEqual(range(10, 20));
});

test("live rows are numbered on; an unfinished row is replaced as it grows", () => {
  const rows = new Rows();
  rows.replace(stretch(0, 3, 3));
  rows.grow([rowAt(3, { number: 0 }), rowAt(4, { number: 0, open: true, text: "12" })], 40, false);
  rows.grow([rowAt(4, { number: 0, open: true, text: "1234" })], 40, false);
  rows.grow([rowAt(4, { number: 0, text: "123456" }), rowAt(5, { number: 0 })], 60, false);
  expect(lines(rows)).toEqual(range(0, 6));
  expect(rows.all.map((row) => row.number)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(rows.all[4]).toMatchObject({ text: "123456", open: false });
  expect(rows.end).toBe(60);
});

test("an empty log begins at line 1", () => {
  const rows = new Rows();
  rows.replace({ rows: [], start: 0, end: 0, atStart: true, atEnd: true });
  rows.grow([rowAt(0, { number: 0 })], 10, false);
  expect(rows.all.map((row) => row.number)).toEqual([1]);
});

test("ten minutes at a thousand lines a second stay within bounds", () => {
  const rows = new Rows({ rows: 8000, chars: 1e9 });
  rows.replace(stretch(0, 10, 10));
  for (let at = 10; at < 600_010; at += 200) {
    const more = range(at, at + 200).map((line) => rowAt(line, { number: 0 }));
    expect(rows.grow(more, (at + 200) * LINE, false)).toBe(true);
  }
  expect(rows.all.length).toBeLessThanOrEqual(8000);
  expect(rows.last).toMatchObject({ number: 600_010, offset: 600_009 * LINE });
  expect(lines(rows)).toEqual(range(600_010 - rows.all.length, 600_010));
});

test("who reads at the front keeps it: the end is let go of instead", () => {
  const rows = new Rows({ rows: 20, chars: 1e6 });
  rows.replace(stretch(0, 10, 10));
  expect(
    rows.grow(
      range(10, 18).map((line) => rowAt(line)),
      180,
      true,
    ),
  ).toBe(true);
  expect(
    rows.grow(
      range(18, 30).map((line) => rowAt(line)),
      300,
      true,
    ),
  ).toBe(false);
  expect(rows.all[0]?.offset).toBe(0);
  expect(rows.atEnd).toBe(false);
  rows.append(stretch(30, 35));
  expect(rows.end).toBe(350);
});

test("cursors part merged rows only where they are known", () => {
  const rows = new Rows({ rows: 900, chars: 1e9 });
  rows.replace({ rows: [], start: "c0", end: "c0", atStart: true, atEnd: true });
  for (let page = 1; page <= 6; page++)
    rows.grow(
      range(page * 300, page * 300 + 300).map((line) => rowAt(line, { number: 0 })),
      `c${page}`,
      false,
    );
  expect(rows.chunks.map((chunk) => [chunk.start, chunk.end, chunk.rows.length])).toEqual([
    ["c4", "c6", 600],
  ]);
});

test("rows get numbers once they are counted, and marks of errors", () => {
  const rows = new Rows();
  rows.replace({ ...stretch(5, 8), rows: stretch(5, 8).rows.map((row) => ({ ...row, number: 0 })) });
  rows.number(1006);
  rows.mark(new Set([keyOf("worker-0", 60)]));
  expect(rows.all.map((row) => [row.number, row.error])).toEqual([
    [1006, false],
    [1007, true],
    [1008, false],
  ]);
});

test("colours go on from row to row of a task, past the platform's rows", () => {
  const rows = new Rows();
  const texts = ["\x1b[31mred", "[ModelArts Service Log] x", "still red", "red no more\x1b[0m", "plain"];
  const made = texts.map((text, line) => rowAt(line, { text, system: line === 1 }));
  made.splice(2, 0, rowAt(90, { task: "worker-1", key: "worker-1:900" }));
  rows.replace({ rows: made, start: "a", end: "b", atStart: true, atEnd: true });
  expect(rows.all.map((row) => row.style.fg)).toEqual([null, null, null, 1, 1, null]);
  const styles = rows.all.map((row) => row.style);
  rows.grow([rowAt(99)], "c", false);
  expect(rows.all.slice(0, 6).map((row) => row.style)).toEqual(styles);
  expect(rows.all[3]?.style).toBe(styles[3]); // the same object: what is drawn need not be drawn again
});

test("platform rows can be left out", () => {
  const all = [rowAt(0, { system: true }), rowAt(1)];
  expect(shownRows(all, true)).toBe(all);
  expect(shownRows(all, false)).toEqual([all[1]]);
});
