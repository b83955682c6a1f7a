import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { count } from "../shared/format.ts";
import { Phase, type PhaseName } from "../shared/Phase.tsx";
import styles from "./overview.module.css";

const SHOWN: readonly PhaseName[] = ["Running", "Pending", "Completed", "Failed", "Terminated", "Abnormal"];

/** How many jobs are in each phase, and how many of them are one's own; each leads to its list. */
export function Counts({ counts, mine }: { counts: Record<string, number>; mine: Record<string, number> }) {
  const { t } = useTranslation();
  return (
    <div className={styles.counts}>
      {SHOWN.map((phase) => (
        <Link key={phase} to={`/jobs?phase=${phase}`} className={styles.count}>
          <Phase phase={phase} />
          <strong className="tabular">{count(counts[phase] ?? 0)}</strong>
          <span className="quiet">{t("overview.ofMine", { number: count(mine[phase] ?? 0) })}</span>
        </Link>
      ))}
    </div>
  );
}
