import { useTranslation } from "react-i18next";
import styles from "./Phase.module.css";

export const PHASES = [
  "Creating",
  "Pending",
  "Running",
  "Completed",
  "Failed",
  "Terminating",
  "Terminated",
  "Abnormal",
] as const;
export type PhaseName = (typeof PHASES)[number];

/** Phases that nothing follows. */
export const FINAL: ReadonlySet<string> = new Set(["Completed", "Failed", "Terminated", "Abnormal"]);

/** A job's phase: a dot and a word, never colour alone. Under it, in one line, the reason. */
export function Phase({ phase, reason }: { phase: string; reason?: string | undefined }) {
  const { t } = useTranslation();
  return (
    <span className={styles.phase} data-phase={phase}>
      <span className={styles.word}>
        <i className={styles.dot} aria-hidden />
        {t(`common.phase.${phase}`, phase)}
      </span>
      {reason ? (
        <span className={styles.reason} title={reason}>
          {reason}
        </span>
      ) : null}
    </span>
  );
}
