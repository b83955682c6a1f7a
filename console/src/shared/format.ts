/** Numbers, times and sizes as people read them. Pure; `language` is `zh` or `en`. */
import type { Language } from "./preferences.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

const two = (value: number) => String(value).padStart(2, "0");

/** A duration in seconds: `8 s`, `3 min 05 s`, `1 h 02 min`, `2 d 03 h`; in Chinese `3 分 05 秒`. */
export function duration(seconds: number, language: Language): string {
  const [d, h, m, s] = language === "zh" ? [" 天", " 时", " 分", " 秒"] : [" d", " h", " min", " s"];
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return `${whole}${s}`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}${m} ${two(whole % MINUTE)}${s}`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)}${h} ${two(Math.floor((whole % HOUR) / MINUTE))}${m}`;
  return `${Math.floor(whole / DAY)}${d} ${two(Math.floor((whole % DAY) / HOUR))}${h}`;
}

/** How long ago, in one unit: `just now`, `3 min ago`, `yesterday`… `now` and `then` in ms. */
export function ago(then: number, now: number, language: Language): string {
  const seconds = Math.round((then - now) / 1000);
  const relative = new Intl.RelativeTimeFormat(language === "zh" ? "zh-CN" : "en", {
    numeric: "auto",
    style: "short",
  });
  // Between a number and what it counts there is a space everywhere else, too.
  const said = (value: number, unit: Intl.RelativeTimeFormatUnit) =>
    relative.format(value, unit).replace(/(\d)(?=\p{Script=Han})/u, "$1 ");
  const size = Math.abs(seconds);
  if (size < 10) return language === "zh" ? "刚刚" : "just now";
  if (size < MINUTE) return said(seconds, "second");
  if (size < HOUR) return said(Math.round(seconds / MINUTE), "minute");
  if (size < DAY) return said(Math.round(seconds / HOUR), "hour");
  if (size < 30 * DAY) return said(Math.round(seconds / DAY), "day");
  return dateTime(then).slice(0, 10);
}

/** The exact local time `2026-11-22 18:40:05` of `at` in ms. */
export function dateTime(at: number): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** The zone that times are shown in, such as `Asia/Shanghai`. */
export function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** A size: `0 B`, `1.5 KiB`, `12.3 GiB`. */
export function bytes(size: number): string {
  let unit = 0;
  let value = size;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

const WITH_SEPARATORS = new Intl.NumberFormat("en-US"); // made once: making one takes longer than its work

/** A count with separators: `12,345`. */
export function count(value: number): string {
  return WITH_SEPARATORS.format(value);
}

/** A measured number in at most `digits` significant digits: `0.0123`, `1.20e-5`, `98.4`. */
export function measure(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  if (Number.isInteger(value)) return count(value);
  return String(Number(value.toPrecision(digits)));
}

/** A share from 0 to 100 as `42 %`; null as an en dash. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : `${Math.round(value)} %`;
}

/** The first eight characters of an id: enough to tell it from its neighbours. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
