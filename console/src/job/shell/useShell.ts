/** A shell and the terminal it is shown in, for as long as the place it has on the page. */
import { type RefObject, useEffect, useRef, useState } from "react";
import { openShell, type Shell, type ShellEnd } from "../../api/shell.ts";
import { useNotice } from "../../shared/notice.tsx";
import { useIsDark } from "../../shared/preferences.ts";
import { makeTerminal, type TerminalView } from "./terminal.ts";

export type ShellState = { kind: "opening" } | { kind: "open" } | ShellEnd;

interface Wanted {
  job: string;
  task: string;
  label: string;
  host: RefObject<HTMLElement | null>;
  onLeave: () => void;
  onEnd: () => void;
}

/** Opens at once, and again by `again`; leaving the page, or the hook, ends the shell. */
export function useShell({ job, task, label, host, onLeave, onEnd }: Wanted) {
  const [state, setState] = useState<ShellState>({ kind: "opening" });
  const [round, setRound] = useState(0);
  const [size, setSize] = useState({ rows: 0, columns: 0 });
  const view = useRef<TerminalView | null>(null);
  const shell = useRef<Shell | null>(null);
  const notice = useNotice();
  const isDark = useIsDark();
  const latest = useRef({ onLeave, onEnd, failed: notice.failed });
  latest.current = { onLeave, onEnd, failed: notice.failed };

  // biome-ignore lint/correctness/useExhaustiveDependencies: the label of the beginning will do
  useEffect(() => {
    if (host.current === null) return;
    const made = makeTerminal(host.current, label, {
      onInput: (bytes) => shell.current?.write(bytes),
      onResize: (rows, columns) => {
        setSize({ rows, columns });
        shell.current?.resize(rows, columns);
      },
      onLeave: () => latest.current.onLeave(),
      onCopyFailed: (error) => latest.current.failed(error),
    });
    view.current = made;
    setSize({ rows: made.terminal.rows, columns: made.terminal.cols });
    return () => {
      view.current = null;
      made.dispose();
    };
  }, [host]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another round is another shell
  useEffect(() => {
    setState({ kind: "opening" });
    // Not at once: React mounts twice in development, and each shell leaves an event in the job.
    const timer = window.setTimeout(() => {
      const terminal = view.current?.terminal;
      if (!terminal) return;
      terminal.reset();
      terminal.focus();
      shell.current = openShell(
        { job, task, rows: terminal.rows, columns: terminal.cols },
        {
          onOpen: () => setState({ kind: "open" }),
          onOutput: (bytes) => terminal.write(bytes),
          onEnd: (end) => {
            setState(end);
            latest.current.onEnd();
          },
        },
      );
    });
    return () => {
      window.clearTimeout(timer);
      shell.current?.close();
      shell.current = null;
    };
  }, [job, task, round]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours follow the theme
  useEffect(() => view.current?.repaint(), [isDark]);

  const isOpen = state.kind === "open";
  useEffect(() => {
    if (!isOpen) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault(); // Ctrl+W deletes a word, and closes windows
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isOpen]);

  return {
    state,
    size,
    again: () => setRound((before) => before + 1),
    type: (text: string) => {
      view.current?.terminal.input(text);
      view.current?.terminal.focus();
    },
  };
}
