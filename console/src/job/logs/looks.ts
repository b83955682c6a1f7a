/** How styles of a terminal look here: its sixteen colours as classes, all others moved until they can be read. Pure. */
import { RGB, type Style } from "./ansi.ts";

export interface Look {
  /** Names in the style sheet. */
  classes: string[];
  color?: string;
  backgroundColor?: string;
}

type Rgb = readonly [number, number, number];

const GROUND: Record<"light" | "dark", Rgb> = { light: [255, 255, 255], dark: [22, 27, 33] };
const TEXT: Record<"light" | "dark", Rgb> = { light: [27, 36, 48], dark: [228, 233, 239] };
const READABLE = 4.5; // WCAG AA
const SIXTEEN: readonly Rgb[] = [
  [0, 0, 0],
  [205, 49, 49],
  [13, 188, 121],
  [229, 229, 16],
  [36, 114, 200],
  [188, 63, 188],
  [17, 168, 205],
  [229, 229, 229],
  [102, 102, 102],
  [241, 76, 76],
  [35, 209, 139],
  [245, 245, 67],
  [59, 142, 234],
  [214, 112, 214],
  [41, 184, 219],
  [255, 255, 255],
];

const cache = new Map<string, Look>();
const CACHE_MAX = 2000;

/** The look of a style in the light or the dark theme. */
export function lookOf(style: Style, isDark: boolean): Look {
  const key = `${isDark}${style.fg},${style.bg},${style.bold}${style.dim}${style.italic}${style.underline}${style.strike}${style.inverse}`;
  const known = cache.get(key);
  if (known) return known;
  if (cache.size >= CACHE_MAX) cache.clear();
  const look = made(style, isDark ? "dark" : "light");
  cache.set(key, look);
  return look;
}

function made(style: Style, theme: "light" | "dark"): Look {
  const classes = (["bold", "dim", "italic", "underline", "strike"] as const).filter((name) => style[name]);
  let { fg, bg } = style;
  if (!style.inverse && bg === null) {
    if (fg === null) return { classes };
    if (fg < 16) return { classes: [...classes, `fg${fg}`] };
    return { classes, color: css(readable(rgbOf(fg), GROUND[theme])) };
  }
  if (style.inverse) [fg, bg] = [bg, fg];
  const ground = bg === null ? (style.inverse ? TEXT[theme] : GROUND[theme]) : rgbOf(bg);
  const asked =
    fg === null
      ? style.inverse
        ? GROUND[theme]
        : TEXT[contrast(TEXT.dark, ground) > contrast(TEXT.light, ground) ? "dark" : "light"]
      : rgbOf(fg);
  return {
    classes: classes.filter((name) => name !== "dim"),
    color: css(readable(asked, ground)),
    backgroundColor: css(ground),
  };
}

/** A colour of the palette as xterm has it, or the 24 bits. */
export function rgbOf(color: number): Rgb {
  if (color >= RGB) return [(color >> 16) & 255, (color >> 8) & 255, color & 255];
  if (color < 16) return SIXTEEN[color] as Rgb;
  if (color >= 232) {
    const grey = 8 + (color - 232) * 10;
    return [grey, grey, grey];
  }
  const cube = color - 16;
  const level = (part: number) => (part ? 55 + part * 40 : 0);
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)];
}

/** `color`, moved to black or to white as little as makes it readable on `ground`. */
export function readable(color: Rgb, ground: Rgb): Rgb {
  if (contrast(color, ground) >= READABLE) return color;
  const end: Rgb =
    contrast([0, 0, 0], ground) > contrast([255, 255, 255], ground) ? [0, 0, 0] : [255, 255, 255];
  for (let step = 1; step < 20; step++) {
    const mixed = color.map((part, at) => Math.round(part + ((end[at] as number) - part) * (step / 20)));
    if (contrast(mixed as unknown as Rgb, ground) >= READABLE) return mixed as unknown as Rgb;
  }
  return end;
}

/** The WCAG contrast of two colours, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function css([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}
