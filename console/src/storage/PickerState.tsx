import type { ReactNode } from "react";
import styles from "../shared/ObjectPicker.module.css";

/** What stands in place of the rows of a picker. */
export function State({ children }: { children: ReactNode }) {
  return <div className={styles.state}>{children}</div>;
}
