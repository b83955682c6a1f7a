import { expect, test } from "vitest";
import { BLOCK, LineReader, type ReadLine } from "./lineReader.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** All lines of `bytes` when they come in pieces of `step`. */
function read(bytes: Uint8Array, step: number, offset = 0): ReadLine[] {
  const reader = new LineReader(offset);
  const lines: ReadLine[] = [];
  for (let at = 0; at < bytes.length; at += step) lines.push(...reader.push(bytes.subarray(at, at + step)));
  const open = reader.open();
  return open ? [...lines, open] : lines;
}

const TEXT = "first\n\n[ModelArts Service Log] ready\n损失 0.5 😀\n 10%\r 50%\r100%\r\nlast";

test.each([1, 2, 3, 7, 1000])("lines come out the same in pieces of %i bytes", (step) => {
  const lines = read(encode(TEXT), step);
  expect(lines.map((line) => line.text)).toEqual([
    "first",
    "",
    "[ModelArts Service Log] ready",
    "损失 0.5 😀",
    "100%",
    "last",
  ]);
  expect(lines.map((line) => line.offset)).toEqual([0, 6, 7, 37, 53, 69]);
  expect(lines.map((line) => line.system)).toEqual([false, false, true, false, false, false]);
  expect(lines.map((line) => line.open)).toEqual([false, false, false, false, false, true]);
});

test("a progress bar shows its last state while it grows, however long it goes on", () => {
  const reader = new LineReader(10);
  for (let step = 0; step < 20_000; step++) reader.push(encode(`\rstep ${step} of 20000`));
  expect(reader.open()).toMatchObject({ offset: 10, text: "step 19999 of 20000", open: true });
  expect(reader.push(encode("\rdone\n"))).toMatchObject([{ offset: 10, text: "done", open: false }]);
});

test("a block without an end ends a line, as on the server", () => {
  const lines = read(new Uint8Array(2 * BLOCK + 5).fill(120), 300_000);
  expect(lines.map((line) => line.offset)).toEqual([0, BLOCK, 2 * BLOCK]);
  expect(read(new Uint8Array(2 * BLOCK + 5).fill(120), 300_000, 7).map((line) => line.offset)).toEqual([
    7,
    2 * BLOCK,
  ]);
});

test("of a long line as much is shown as the server shows, and no half character", () => {
  const [line] = read(encode(`${"x".repeat((16 << 10) - 1)}损失\n`), 5000);
  expect(line?.cut).toBe(true);
  expect(line?.text).toBe("x".repeat((16 << 10) - 1));
});
