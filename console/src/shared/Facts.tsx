import type { ReactNode } from "react";
import { Dash } from "./Dash.tsx";
import styles from "./Facts.module.css";

/** Names and values in columns as wide as there is room for; values that are null are left out. */
export function Facts({ items }: { items: readonly (readonly [string, ReactNode] | null)[] }) {
  return (
    <dl className={styles.facts}>
      {items.map((item) =>
        item === null ? null : (
          <div key={item[0]}>
            <dt>{item[0]}</dt>
            <dd>{item[1] === "" || item[1] === undefined || item[1] === null ? <Dash /> : item[1]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
