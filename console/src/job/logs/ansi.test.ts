import { expect, test } from "vitest";
import { PLAIN, parseAnsi, plainText, RGB, styleAfter } from "./ansi.ts";
import { contrast, lookOf, readable, rgbOf } from "./looks.ts";

const seen = (raw: string) => parseAnsi(raw).spans.map(({ text, style }) => [text, style.fg, style.bg]);

test("colours of sixteen, of the palette and of 24 bits, in both spellings", () => {
  expect(seen("a\x1b[31mb\x1b[0mc")).toEqual([
    ["a", null, null],
    ["b", 1, null],
    ["c", null, null],
  ]);
  expect(seen("\x1b[1;92;44mx")).toEqual([["x", 10, 4]]);
  expect(seen("\x1b[38;5;208mx\x1b[48;2;1;2;3my")).toEqual([
    ["x", 208, null],
    ["y", 208, RGB + 0x010203],
  ]);
  expect(seen("\x1b[38:2::10:20:30mx\x1b[38:5:9my")).toEqual([
    ["x", RGB + 0x0a141e, null],
    ["y", 9, null],
  ]);
});

test("bold, dim, underline and their like go on and off", () => {
  const { spans } = parseAnsi("\x1b[1;3;4;7;9ma\x1b[22;23;24;27;29mb");
  expect(spans[0]?.style).toMatchObject({
    bold: true,
    italic: true,
    underline: true,
    inverse: true,
    strike: true,
  });
  expect(spans[1]?.style).toBe(PLAIN);
});

test("what colours nothing is dropped: titles, links, cursor, charsets, bells, and what the line's end cut off", () => {
  const raw = "\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\\x1b[2K\x1b[1A\x1b(Bc\x07\x00d\x1b[3";
  expect(plainText(raw)).toBe("abcd");
  expect(seen("\x1b[38;5;300mx\x1b[999my\x1b[38;2;1mz").map(([, fg]) => fg)).toEqual([null, null, null]);
});

test("markup stays text", () => {
  expect(plainText("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
});

test("a backspace rubs out, tabs stay", () => {
  expect(plainText("ab\b\bxy\tz")).toBe("xy\tz");
});

test("a style goes on over the line's end until it is taken back", () => {
  const red = styleAfter("\x1b[31mTraceback", PLAIN);
  expect(red.fg).toBe(1);
  expect(parseAnsi("  File", red).spans[0]?.style).toBe(red);
  expect(styleAfter("end\x1b[m", red)).toBe(PLAIN);
});

test("every colour can be read in both themes, on its own ground and on ours", () => {
  for (const ground of [
    [255, 255, 255],
    [22, 27, 33],
  ] as const)
    for (let color = 16; color < 256; color++)
      expect(contrast(readable(rgbOf(color), ground), ground)).toBeGreaterThanOrEqual(4.5);
  for (const isDark of [false, true])
    for (let color = 0; color < 256; color++) {
      const look = lookOf({ ...PLAIN, fg: 7, bg: color }, isDark);
      const [text, ground] = [look.color, look.backgroundColor].map((css) => css?.match(/\d+/g)?.map(Number));
      expect(contrast(text as never, ground as never)).toBeGreaterThanOrEqual(4.5);
    }
});

test("the sixteen are classes, which the style sheet has for both themes", () => {
  expect(lookOf({ ...PLAIN, fg: 9, bold: true }, true)).toEqual({ classes: ["bold", "fg9"] });
  expect(lookOf({ ...PLAIN, inverse: true }, false).backgroundColor).toBe("rgb(27 36 48)");
});
