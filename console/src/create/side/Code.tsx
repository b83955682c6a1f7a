import styles from "../Create.module.css";
import { Scrolls } from "./Scrolls.tsx";

/** Text to be read as it is written; what is long scrolls by itself. */
export function Code({ label, children }: { label: string; children: string }) {
  return (
    <Scrolls label={label} className={styles.code as string}>
      <pre>{children}</pre>
    </Scrolls>
  );
}
