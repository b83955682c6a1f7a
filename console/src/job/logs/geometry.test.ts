import { expect, test } from "vitest";
import { CANVAS_MAX, Geometry } from "./geometry.ts";

const ROW = 18;
const VIEW = 600;
const MIDDLE = { atStart: false, atEnd: false };

function geometry(count: number, heightOf: (index: number) => number = () => ROW): Geometry {
  const made = new Geometry();
  made.viewport = VIEW;
  made.measure(count, heightOf);
  return made;
}

test("a log that is held whole is as high as its rows", () => {
  const made = geometry(100);
  made.moveTo(made.total - VIEW, { atStart: true, atEnd: true });
  made.settle({ atStart: true, atEnd: true }, 0.9, 0);
  expect(made).toMatchObject({ origin: 0, height: 1800, top: 1200 });
});

test("a log shorter than the view does not scroll", () => {
  const made = geometry(10);
  made.moveTo(-420, { atStart: true, atEnd: true });
  made.settle({ atStart: true, atEnd: true }, 0, 0);
  expect(made).toMatchObject({ origin: 0, height: 180, top: 0, position: 0 });
});

test("two hundred million pixels are scaled to what browsers can scroll, the thumb where the view is", () => {
  const whole = 10_000_000 * ROW;
  const made = geometry(800);
  made.moveTo(7000, MIDDLE);
  made.settle(MIDDLE, 0.25, whole);
  expect(made.height).toBe(CANVAS_MAX);
  expect(made.top).toBeCloseTo(0.25 * (CANVAS_MAX - VIEW), 0);
  expect(made.position).toBeCloseTo(7000, 6); // nothing moved
  expect(made.share).toBeCloseTo(0.25, 6);
});

test("the ends of the log are the ends of the canvas", () => {
  const tail = geometry(400);
  tail.moveTo(tail.total - VIEW, { atStart: false, atEnd: true });
  tail.settle({ atStart: false, atEnd: true }, 0.99, 1e9);
  expect(tail.top).toBe(tail.height - VIEW);
  const head = geometry(400);
  head.moveTo(0, { atStart: true, atEnd: false });
  head.settle({ atStart: true, atEnd: false }, 0, 1e9);
  expect(head).toMatchObject({ top: 0, origin: 0 });
});

test("there is room on both sides wherever rows are not the log's ends", () => {
  for (const share of [0, 0.00001, 0.5, 0.99999, 1]) {
    const made = geometry(400);
    made.moveTo(3000, MIDDLE);
    made.settle(MIDDLE, share, 1e9);
    expect(made.position).toBeCloseTo(3000, 6);
    expect(made.top).toBeGreaterThanOrEqual(2 * VIEW);
    expect(made.origin + made.total).toBeLessThanOrEqual(made.height - 2 * VIEW);
  }
});

test("while somebody scrolls, only ends that are close are put right", () => {
  const made = geometry(400);
  made.moveTo(3000, MIDDLE);
  made.settle(MIDDLE, 0.5, 1e9);
  expect(made.needsSettling(MIDDLE)).toBe(false);
  made.top -= 2800;
  expect(made.needsSettling({ atStart: true, atEnd: false })).toBe(true);
  made.top += 100_000; // far below what is held: the canvas grows under it
  expect(made.needsSettling(MIDDLE)).toBe(false);
  expect(made.height).toBeGreaterThan(made.top + VIEW);
});

test("rows of different heights are found by where they lie", () => {
  const made = geometry(5, (index) => (index === 1 ? 54 : ROW));
  expect([0, 17, 18, 71, 72, 1000, -5].map((y) => made.indexAt(y))).toEqual([0, 0, 1, 1, 2, 4, 0]);
  expect(made.startOf(2)).toBe(72);
  expect(geometry(0).window(100)).toEqual([0, 0]);
});
