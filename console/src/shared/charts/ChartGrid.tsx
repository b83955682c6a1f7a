import type { ReactNode } from "react";
import styles from "./Chart.module.css";

/** Charts side by side, as many as there is room for. */
export function ChartGrid({ children, small = false }: { children: ReactNode; small?: boolean }) {
  return (
    <div className={styles.grid} data-small={small || undefined}>
      {children}
    </div>
  );
}
