/** What programs write to colour a terminal, as styled spans of plain text. Pure; nothing of it becomes markup. */

/** `fg`, `bg`: null, a colour of the palette (0 to 255), or `RGB` and 24 bits. */
export interface Style {
  fg: number | null;
  bg: number | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  strike: boolean;
  inverse: boolean;
}

export const RGB = 0x1000000;

export const PLAIN: Style = Object.freeze({
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
});

/** Plain text in one style, and where in the raw text it begins. */
export interface Span {
  text: string;
  style: Style;
  at: number;
}

// CSI, OSC (titles, links), DCS and their like, charset and other short escapes; whatever of them a line's end cuts off;
// and single control characters but the tab.
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is control characters that are looked for
  /\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|\][^\x07\x1b]*(?:\x07|\x1b\\|$)|[PX^_][^\x1b]*(?:\x1b\\|$)|[ -/]*(?:[0-~]|$))|[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const ANY = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const SGR = /^\x1b\[([0-9;:]*)m$/;
const BACKSPACE = "\b";

/** The spans of a line that begins in `style`, and the style behind it. */
export function parseAnsi(raw: string, style: Style = PLAIN): { spans: Span[]; end: Style } {
  if (!ANY.test(raw)) return { spans: raw ? [{ text: raw, style, at: 0 }] : [], end: style };
  const spans: Span[] = [];
  let now = style;
  let at = 0;
  const take = (end: number) => {
    if (end > at) spans.push({ text: raw.slice(at, end), style: now, at });
  };
  for (const found of raw.matchAll(ESCAPES)) {
    take(found.index);
    at = found.index + found[0].length;
    if (found[0] === BACKSPACE) rubOut(spans);
    const codes = SGR.exec(found[0]);
    if (codes) now = applied(now, codes[1] as string);
  }
  take(raw.length);
  return { spans, end: now };
}

/** The style behind a line that begins in `style`. */
export function styleAfter(raw: string, style: Style): Style {
  return raw.includes("\x1b") ? parseAnsi(raw, style).end : style;
}

/** The line as it reads. */
export function plainText(raw: string): string {
  if (!ANY.test(raw)) return raw;
  return parseAnsi(raw)
    .spans.map((span) => span.text)
    .join("");
}

function rubOut(spans: Span[]) {
  const last = spans.at(-1);
  if (!last) return;
  last.text = last.text.slice(0, -1);
  if (!last.text) spans.pop();
}

const ON: Record<number, Partial<Style>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  29: { strike: false },
  39: { fg: null },
  49: { bg: null },
};

/** `style` changed by the codes of one sequence, such as `1;31` or `38;5;208`; codes that are not known change nothing. */
function applied(style: Style, text: string): Style {
  let now = style;
  const codes = text.split(";");
  for (let i = 0; i < codes.length; i++) {
    const parts = (codes[i] as string).split(":");
    const code = Number(parts[0] || 0);
    if (code === 0) now = PLAIN;
    else if (code === 38 || code === 48) {
      // 38;5;n and 38;2;r;g;b, or in one piece 38:5:n and 38:2:(space):r:g:b
      const [color, used] = parts.length > 1 ? [extended(parts.slice(1)), 0] : extendedOf(codes.slice(i + 1));
      i += used;
      if (color !== null) now = { ...now, [code === 38 ? "fg" : "bg"]: color };
    } else if (code === 4 && parts[1] === "0") now = { ...now, underline: false };
    else if (ON[code]) now = { ...now, ...ON[code] };
    else if (code >= 30 && code <= 37) now = { ...now, fg: code - 30 };
    else if (code >= 40 && code <= 47) now = { ...now, bg: code - 40 };
    else if (code >= 90 && code <= 97) now = { ...now, fg: code - 82 };
    else if (code >= 100 && code <= 107) now = { ...now, bg: code - 92 };
  }
  return isPlain(now) ? PLAIN : now;
}

function extendedOf(rest: string[]): [number | null, number] {
  if (rest[0] === "5") return [extended(rest.slice(0, 2)), 2];
  if (rest[0] === "2") return [extended(rest.slice(0, 4)), 4];
  return [null, rest.length];
}

function extended(parts: string[]): number | null {
  const numbers = parts.slice(1).map(Number);
  if (parts[0] === "5") {
    const color = numbers[0] as number;
    return color >= 0 && color <= 255 ? color : null;
  }
  const [r = -1, g = -1, b = -1] = numbers.slice(-3);
  if (parts[0] !== "2" || numbers.length < 3 || ![r, g, b].every((part) => part >= 0 && part <= 255))
    return null;
  return RGB + (r << 16) + (g << 8) + b;
}

function isPlain(style: Style): boolean {
  return Object.entries(style).every(([name, value]) => value === PLAIN[name as keyof Style]);
}
