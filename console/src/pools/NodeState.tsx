import { useTranslation } from "react-i18next";
import { Ago } from "../shared/Times.tsx";
import type { StateOfNode } from "./amounts.ts";
import styles from "./pools.module.css";

/** A node's state: a dot and a word; under it why, through whom, since when. */
export function NodeState({ state: { state, reason, detail, by, since } }: { state: StateOfNode }) {
  const { t } = useTranslation();
  const why = [reason ? t(`pools.reason.${reason}`, reason) : "", detail].filter(Boolean).join(" · ");
  return (
    <span>
      <span className={styles.state} data-state={state}>
        <i aria-hidden />
        {t(`pools.nodeState.${state}`)}
      </span>
      {why ? <span className={styles.why}>{why}</span> : null}
      {since ? (
        <span className={styles.why}>
          {by ? `${by} · ` : null}
          <Ago at={since} />
        </span>
      ) : null}
    </span>
  );
}
