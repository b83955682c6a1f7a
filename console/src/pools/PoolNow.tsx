import { useQuery } from "@tanstack/react-query";
import { Tag } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session.tsx";
import { overviewQuery } from "../overview/queries.ts";
import { UsageBars } from "../overview/UsageBars.tsx";
import { usageOf } from "../overview/usage.ts";
import { Busy } from "../shared/Busy.tsx";
import { Facts } from "../shared/Facts.tsx";
import { Id } from "../shared/Id.tsx";
import { Section } from "../shared/Page.tsx";
import { Exact } from "../shared/Times.tsx";
import { workspacesQuery } from "../shared/workspace.ts";
import { FlavorRooms, Meters } from "./Fullness.tsx";
import { Running, Waiting } from "./JobsIn.tsx";
import { Load } from "./Load.tsx";
import styles from "./pools.module.css";
import {
  descriptionOf,
  EVERY_WORKSPACE,
  kindOf,
  labelOf,
  type Pool,
  poolId,
  type Room,
  WORKSPACE_LABEL,
} from "./types.ts";

/** How full the pool is, who waits and why, what runs, who used it, how hard it works. */
export function PoolNow({ pool, room }: { pool: Pool; room: Room | undefined }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const id = poolId(pool);
  const seesJobs = may("modelarts:trainJob:list");
  return (
    <>
      {room ? (
        <div className={styles.top}>
          <Section
            title={t("pools.full")}
            extra={
              <span className="quiet tabular">
                {t("pools.jobCounts", { running: room.running, waiting: room.waiting })}
              </span>
            }
          >
            <Meters room={room} />
            {seesJobs ? <LastDay pool={id} room={room} /> : null}
          </Section>
          <Section title={t("pools.room")}>
            <FlavorRooms room={room} />
          </Section>
        </div>
      ) : (
        <Busy />
      )}
      {seesJobs ? (
        <>
          <Waiting pool={id} all={room?.waiting ?? 0} />
          <Running pool={id} all={room?.running ?? 0} />
        </>
      ) : null}
      <Load pool={id} />
      <About pool={pool} />
    </>
  );
}

function LastDay({ pool, room }: { pool: string; room: Room }) {
  const { t } = useTranslation();
  const overview = useQuery(overviewQuery()).data;
  const history = useMemo(() => (overview ? usageOf(overview).get(pool) : undefined), [overview, pool]);
  if (!overview) return null;
  if (!history) return <p className="quiet small">{t("pools.nobodyUsed")}</p>;
  return (
    <UsageBars
      title={t(history.isCards ? "overview.cardsByOwner" : "overview.cpusByOwner")}
      history={history}
      top={history.isCards ? room.capacity.accelerators : room.capacity.cpus}
    />
  );
}

function About({ pool }: { pool: Pool }) {
  const { t } = useTranslation();
  const workspaces = useQuery(workspacesQuery()).data?.workspaces ?? [];
  const workspace = labelOf(pool, WORKSPACE_LABEL) || EVERY_WORKSPACE;
  const kind = kindOf(pool);
  const created = pool.metadata.creationTimestamp;
  return (
    <Section title={t("pools.about")}>
      <Facts
        items={[
          ["ID", <Id key="id" id={poolId(pool)} whole />],
          [t("pools.kind"), t(`pools.kinds.${kind}`)],
          [
            t("pools.size"),
            pool.spec.resources.map(({ flavor, count }) => `${count} × ${flavor}`).join(", "),
          ],
          [
            t("pools.admits"),
            pool.spec.jobFlavors.length > 0
              ? pool.spec.jobFlavors.map((flavor) => <Tag key={flavor}>{flavor}</Tag>)
              : t("pools.admitsAll"),
          ],
          [
            t("pools.workspace"),
            workspace === EVERY_WORKSPACE
              ? t("pools.everyWorkspace")
              : (workspaces.find((one) => one.id === workspace)?.name ?? workspace),
          ],
          kind === "dedicated"
            ? [t("pools.preemption"), t(pool.spec.preemption?.enabled ? "pools.on" : "pools.off")]
            : null,
          created ? [t("pools.created"), <Exact key="created" at={Date.parse(created)} />] : null,
          kind === "dedicated" ? [t("common.description"), descriptionOf(pool)] : null,
        ]}
      />
    </Section>
  );
}
