import { ReloadOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { type ReactNode, useRef } from "react";
import { Trans, useTranslation } from "react-i18next";
import type { ShellEnd } from "../../api/shell.ts";
import { useIsNarrow } from "../../shared/narrow.ts";
import styles from "./shell.module.css";
import { type ShellState, useShell } from "./useShell.ts";

/** Keys that telephones do not have. */
const KEYS = [
  ["Ctrl C", "\x03"],
  ["Esc", "\x1b"],
  ["Tab", "\t"],
  ["↑", "\x1b[A"],
  ["↓", "\x1b[B"],
] as const;

interface ShellViewProps {
  job: string;
  task: string;
  /** A shell can be had in the task now. */
  isOpenable: boolean;
  /** Where the task is chosen; the keyboard goes there when it leaves the terminal. */
  choice: ReactNode;
  onEnd: () => void;
}

/** One shell: the terminal, whether it is connected, and how it ended. */
export function ShellView({ job, task, isOpenable, choice, onEnd }: ShellViewProps) {
  const { t } = useTranslation();
  const isNarrow = useIsNarrow();
  const host = useRef<HTMLDivElement>(null);
  const bar = useRef<HTMLDivElement>(null);
  const { state, size, again, type } = useShell({
    job,
    task,
    label: t("job.shell.terminal", { task }),
    host,
    onLeave: () => bar.current?.querySelector<HTMLElement>("input, button")?.focus(),
    onEnd,
  });
  const isOver = state.kind !== "open" && state.kind !== "opening";
  return (
    <div className={styles.shell}>
      <div className={styles.bar} ref={bar}>
        {choice}
        <State state={state} size={`${size.columns} × ${size.rows}`} />
        <span className={styles.keys}>
          <Trans i18nKey="job.shell.keys" components={{ kbd: <kbd /> }} />
        </span>
      </div>
      <div className={styles.frame}>
        <div className={styles.host} ref={host} />
      </div>
      {isNarrow && state.kind === "open" ? (
        <div className={styles.touch}>
          {KEYS.map(([name, text]) => (
            <Button key={name} size="small" onClick={() => type(text)}>
              {name}
            </Button>
          ))}
        </div>
      ) : null}
      {isOver ? <End end={state} task={task} onAgain={isOpenable ? again : null} /> : null}
    </div>
  );
}

function State({ state, size }: { state: ShellState; size: string }) {
  const { t } = useTranslation();
  const kind = state.kind === "open" || state.kind === "opening" ? state.kind : "over";
  return (
    <span className={styles.state} data-kind={kind} role="status">
      <i aria-hidden />
      {t(`job.shell.state.${kind}`)}
      {kind === "open" ? <span aria-hidden>{size}</span> : null}
    </span>
  );
}

function End({ end, task, onAgain }: { end: ShellEnd; task: string; onAgain: (() => void) | null }) {
  const { t } = useTranslation();
  return (
    <div className={styles.end} role="alert">
      <span>
        {endText(t, end, task, onAgain === null)}
        {end.kind === "exited" && end.message ? <span className="quiet"> {end.message}</span> : null}
      </span>
      {onAgain ? (
        <Button type="primary" icon={<ReloadOutlined />} onClick={onAgain} autoFocus>
          {t("job.shell.again")}
        </Button>
      ) : null}
    </div>
  );
}

function endText(
  t: (key: string, slots?: Record<string, string | number>) => string,
  end: ShellEnd,
  task: string,
  isTaskOver: boolean,
): string {
  if (isTaskOver) return t("job.shell.taskOver", { task });
  if (end.kind !== "exited") return t(`job.shell.${end.kind}`);
  return t("job.shell.exited", { code: end.code });
}
