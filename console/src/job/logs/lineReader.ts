/** Bytes of a log as they come, as lines: ended, shown and cut as the server does it in its pages. Pure. */

export interface ReadLine {
  offset: number;
  text: string;
  system: boolean;
  cut: boolean;
  /** It has no end yet. */
  open: boolean;
}

export const BLOCK = 1 << 20; // so many bytes without any LF end a line, too
const SHOWN = 16 << 10;
const KEEP = 64 << 10;
const PLATFORM = "[ModelArts Service Log]";
const LF = 10;
const CR = 13;

export class LineReader {
  /** Where the line begins that is being read. */
  offset: number;
  private pending = new Uint8Array(0);
  /** Bytes of the line that are let go of already: a progress bar's earlier states. */
  private gone = 0;
  private isSystem: boolean | null = null;
  private readonly decoder = new TextDecoder();

  constructor(offset: number) {
    this.offset = offset;
  }

  /** The lines that `bytes` ends. */
  push(bytes: Uint8Array): ReadLine[] {
    const lines: ReadLine[] = [];
    let at = 0;
    while (at < bytes.length) {
      const bound = (Math.ceil(this.offset / BLOCK) + 1) * BLOCK;
      const room = bound - this.offset - this.gone - this.pending.length;
      const end = bytes.indexOf(LF, at) + 1;
      const stop = end > 0 ? Math.min(end, at + room) : Math.min(bytes.length, at + room);
      const whole = stop === end || stop === at + room;
      this.take(bytes.subarray(at, stop));
      at = stop;
      if (whole) lines.push(this.finish());
    }
    return lines;
  }

  /** The line without an end, if there is one. */
  open(): ReadLine | null {
    return this.pending.length + this.gone > 0 ? this.line(true) : null;
  }

  private take(bytes: Uint8Array) {
    const joined = new Uint8Array(this.pending.length + bytes.length);
    joined.set(this.pending);
    joined.set(bytes, this.pending.length);
    this.pending = joined;
    if (joined.length <= KEEP) return;
    this.isSystem ??= startsSystem(joined);
    const from = lastState(joined, contentEnd(joined));
    if (from === 0) return;
    this.gone += from;
    this.pending = joined.slice(from);
  }

  private finish(): ReadLine {
    const line = this.line(false);
    this.offset += this.gone + this.pending.length;
    this.pending = new Uint8Array(0);
    this.gone = 0;
    this.isSystem = null;
    return line;
  }

  private line(open: boolean): ReadLine {
    const bytes = this.pending;
    const end = contentEnd(bytes);
    let shown = bytes.subarray(lastState(bytes, end), end);
    const cut = shown.length > SHOWN;
    if (cut) {
      let stop = SHOWN;
      while (stop > SHOWN - 4 && ((shown[stop] as number) & 0xc0) === 0x80) stop--;
      shown = shown.subarray(0, stop);
    }
    const system = this.isSystem ?? startsSystem(bytes);
    return { offset: this.offset, text: this.decoder.decode(shown), system, cut, open };
  }
}

/** Without the line's LF, and the CRs before it. */
function contentEnd(bytes: Uint8Array): number {
  let end = bytes.length;
  if (bytes[end - 1] === LF) end--;
  while (bytes[end - 1] === CR) end--;
  return end;
}

/** Where begins what a terminal shows in the end: behind the last CR. */
function lastState(bytes: Uint8Array, end: number): number {
  return end > 0 ? bytes.lastIndexOf(CR, end - 1) + 1 : 0;
}

function startsSystem(bytes: Uint8Array): boolean {
  for (let i = 0; i < PLATFORM.length; i++) if (bytes[i] !== PLATFORM.charCodeAt(i)) return false;
  return true;
}
