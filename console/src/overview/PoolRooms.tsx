import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { PUBLIC_POOL } from "../pools/types.ts";
import { bytes } from "../shared/format.ts";
import { Meter } from "../shared/Meter.tsx";
import { Section } from "../shared/Page.tsx";
import styles from "./overview.module.css";
import type { Overview } from "./queries.ts";
import { UsageBars } from "./UsageBars.tsx";
import { usageOf } from "./usage.ts";

const MIB = 1024 * 1024;

/** Each pool: how full it is now, who waits, and who had it in the last 24 hours. */
export function PoolRooms({ overview }: { overview: Overview }) {
  const { t } = useTranslation();
  const usage = useMemo(() => usageOf(overview), [overview]);
  return (
    <>
      {(overview.pools ?? []).map((pool) => {
        const history = usage.get(pool.pool_id);
        const name =
          pool.pool_id === PUBLIC_POOL || !pool.pool_name ? t("overview.publicPool") : pool.pool_name;
        const { used, capacity } = pool;
        return (
          <Section
            key={pool.pool_id}
            title={pool.pool_id ? <Link to={`/pools/${pool.pool_id}`}>{name}</Link> : name}
            extra={
              <span className="quiet tabular">
                {t("overview.poolJobs", { running: pool.running, waiting: pool.waiting })}
              </span>
            }
          >
            <div className={styles.meters}>
              {capacity.accelerators > 0 ? (
                <Meter
                  label={pool.accelerator_kind || t("overview.accelerators")}
                  used={used.accelerators}
                  of={capacity.accelerators}
                  text={`${used.accelerators} / ${capacity.accelerators}`}
                />
              ) : null}
              <Meter
                label="CPU"
                used={used.cpus}
                of={capacity.cpus}
                text={`${used.cpus} / ${capacity.cpus}`}
              />
              <Meter
                label={t("overview.memory")}
                used={used.memory_mib}
                of={capacity.memory_mib}
                text={`${bytes(used.memory_mib * MIB)} / ${bytes(capacity.memory_mib * MIB)}`}
              />
            </div>
            {history ? (
              <UsageBars
                title={t(history.isCards ? "overview.cardsByOwner" : "overview.cpusByOwner")}
                history={history}
                top={history.isCards ? capacity.accelerators : capacity.cpus}
              />
            ) : null}
          </Section>
        );
      })}
    </>
  );
}
