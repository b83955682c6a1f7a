/** xterm in our looks: colours of the theme, keys for copy and paste, a size that follows its place. */
import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import { copyText } from "../../shared/clipboard.ts";

const SCROLLBACK_LINES = 5000;
const FONT_SIZE = 13;
const READABLE = 4.5; // WCAG AA
const SIXTEEN = [
  "black",
  "red",
  "green",
  "yellow",
  "blue",
  "magenta",
  "cyan",
  "white",
  "brightBlack",
  "brightRed",
  "brightGreen",
  "brightYellow",
  "brightBlue",
  "brightMagenta",
  "brightCyan",
  "brightWhite",
] as const;

export interface TerminalActions {
  /** Bytes that were typed or pasted. */
  onInput: (bytes: Uint8Array<ArrayBuffer>) => void;
  onResize: (rows: number, columns: number) => void;
  /** The keyboard wants to be elsewhere. */
  onLeave: () => void;
  onCopyFailed: (error: unknown) => void;
}

export interface TerminalView {
  terminal: Terminal;
  /** Take the colours anew: the theme has changed. */
  repaint: () => void;
  dispose: () => void;
}

/** A terminal in `host`, which it fills and follows. */
export function makeTerminal(host: HTMLElement, label: string, actions: TerminalActions): TerminalView {
  const terminal = new Terminal({
    fontFamily: getComputedStyle(host).fontFamily,
    fontSize: FONT_SIZE,
    scrollback: SCROLLBACK_LINES,
    minimumContrastRatio: READABLE,
    cursorBlink: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    theme: themeOf(host),
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(host);
  terminal.textarea?.setAttribute("aria-label", label);
  fit.fit();
  const encoder = new TextEncoder();
  terminal.onData((text) => actions.onInput(encoder.encode(text)));
  terminal.onBinary((text) => actions.onInput(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
  terminal.onResize(({ rows, cols }) => actions.onResize(rows, cols));
  terminal.attachCustomKeyEventHandler((event) => isForTerminal(event, terminal, actions));
  let frame = 0;
  const observer = new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => fit.fit());
  });
  observer.observe(host);
  return {
    terminal,
    repaint: () => {
      terminal.options.theme = themeOf(host);
    },
    dispose: () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      terminal.dispose();
    },
  };
}

/** Copy, paste and the way out are for the browser; every other key is for the program. */
function isForTerminal(event: KeyboardEvent, terminal: Terminal, actions: TerminalActions): boolean {
  const key = event.key.toLowerCase();
  if (key === "f6") {
    if (event.type === "keydown") actions.onLeave();
    event.preventDefault();
    return false;
  }
  if (!event.ctrlKey || event.altKey || event.metaKey) return true;
  if (key === "v" && event.shiftKey) return false; // the browser pastes, and the terminal gets that
  if (key !== "c" || !(event.shiftKey || terminal.hasSelection())) return true;
  event.preventDefault();
  if (event.type === "keydown" && terminal.hasSelection()) {
    copyText(terminal.getSelection()).then(() => terminal.focus(), actions.onCopyFailed);
    terminal.clearSelection();
  }
  return false;
}

function themeOf(host: HTMLElement): ITheme {
  const style = getComputedStyle(host);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const sixteen = Object.fromEntries(SIXTEEN.map((name, index) => [name, color(`--ansi-${index}`)]));
  return {
    ...sixteen,
    background: color("--surface"),
    foreground: color("--text"),
    cursor: color("--accent"),
    cursorAccent: color("--surface"),
    selectionBackground: color("--selection"),
  };
}
