import { useTranslation } from "react-i18next";
import { Meter } from "../shared/Meter.tsx";
import styles from "./overview.module.css";
import type { Overview } from "./queries.ts";

/** What one may have of what is limited, and has. */
export function Quotas({ quotas }: { quotas: NonNullable<Overview["quotas"]> }) {
  const { t } = useTranslation();
  return (
    <div className={styles.meters} data-single>
      {quotas
        .filter((quota) => quota.quota >= 0)
        .map((quota) => (
          <Meter
            key={quota.resource}
            label={t(`overview.resource.${quota.resource}`, quota.resource)}
            used={quota.used}
            of={quota.quota}
            text={`${quota.used} / ${quota.quota}`}
          />
        ))}
    </div>
  );
}
