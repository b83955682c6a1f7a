import { describe, expect, it } from "vitest";
import { ago, bytes, duration, measure, percent } from "./format.ts";

describe("duration", () => {
  it.each([
    [0, "0 s", "0 秒"],
    [59.9, "59 s", "59 秒"],
    [185, "3 min 05 s", "3 分 05 秒"],
    [3720, "1 h 02 min", "1 时 02 分"],
    [183_600, "2 d 03 h", "2 天 03 时"],
    [-5, "0 s", "0 秒"],
  ])("of %d s", (seconds, en, zh) => {
    expect(duration(seconds, "en")).toBe(en);
    expect(duration(seconds, "zh")).toBe(zh);
  });
});

describe("ago", () => {
  const now = Date.UTC(2026, 10, 22, 12);
  it("is short", () => {
    expect(ago(now - 3000, now, "en")).toBe("just now");
    expect(ago(now - 180_000, now, "en")).toBe("3 min. ago");
    expect(ago(now - 180_000, now, "zh")).toBe("3 分钟前");
    expect(ago(now - 86_400_000, now, "zh")).toBe("昨天");
  });
});

it("shows sizes in the unit that fits", () => {
  expect([0, 1023, 1536, 1024 ** 3 * 12.3, 1024 ** 2 * 500].map(bytes)).toEqual([
    "0 B",
    "1023 B",
    "1.5 KiB",
    "12.3 GiB",
    "500 MiB",
  ]);
});

it("shows measured numbers with few digits", () => {
  expect([0, 0.012345, 0.0000123, 98.4, 1234, 1e7, Number.NaN].map((value) => measure(value))).toEqual([
    "0",
    "0.01235",
    "1.23e-5",
    "98.4",
    "1,234",
    "1.00e+7",
    "NaN",
  ]);
  expect(percent(null)).toBe("–");
});
