import type { ReactNode } from "react";
import styles from "./Nothing.module.css";

/** An empty list: what would be here, and the one action that fills it. */
export function Nothing({ title, hint, action }: { title: ReactNode; hint?: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles.nothing}>
      <div className={styles.title}>{title}</div>
      {hint ? <div className={styles.hint}>{hint}</div> : null}
      {action}
    </div>
  );
}
