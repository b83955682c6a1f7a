import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useSession } from "../api/session.tsx";
import { LiveMark } from "../jobs/LiveMark.tsx";
import { useJobChanges } from "../jobs/useJobChanges.ts";
import { JobLines } from "../overview/JobLines.tsx";
import { overviewQuery } from "../overview/queries.ts";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { Meter } from "../shared/Meter.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { Page, Section } from "../shared/Page.tsx";
import { useParts } from "./Fullness.tsx";
import { PoolDialog } from "./PoolDialog.tsx";
import styles from "./pools.module.css";
import { allPoolsQuery, roomsQuery } from "./queries.ts";
import { kindOf, labelOf, NAME_LABEL, type Pool, poolId, type Room } from "./types.ts";

interface Row {
  pool: Pool;
  room: Room | undefined;
}

/** All pools: how full they are now, and who waits for them. */
export function PoolsPage() {
  const { t } = useTranslation();
  const { may } = useSession();
  const navigate = useNavigate();
  const live = useJobChanges();
  const pools = useQuery(allPoolsQuery());
  const rooms = useQuery(roomsQuery());
  const [isMaking, setMaking] = useState(false);
  const byId = new Map((rooms.data ?? []).map((room) => [room.pool_id, room]));
  const rows = pools.data?.map((pool): Row => ({ pool, room: byId.get(poolId(pool)) }));
  return (
    <Page
      title={t("pools.title")}
      aside={<LiveMark state={live} />}
      actions={
        may("modelarts:pool:create") ? (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
            {t("pools.create")}
          </Button>
        ) : null
      }
    >
      <DataList<Row>
        columns={useColumns(rooms.data ?? [])}
        rowKey={({ pool }) => poolId(pool)}
        query={{
          data: rows ? { items: rows, total: rows.length } : undefined,
          error: pools.error ?? rooms.error,
          isPending: pools.isPending,
        }}
        open={({ pool }) => `/pools/${encodeURIComponent(poolId(pool))}`}
        empty={<Nothing title={t("pools.none")} />}
      />
      {may("modelarts:trainJob:list") ? <WhoWaits /> : null}
      <PoolDialog
        pool={null}
        open={isMaking}
        onClose={() => setMaking(false)}
        onMade={(pool) => void navigate(`/pools/${encodeURIComponent(poolId(pool))}`)}
      />
    </Page>
  );
}

/** The jobs that have waited longest, in whatever pool. */
function WhoWaits() {
  const { t } = useTranslation();
  const waiting = useQuery(overviewQuery()).data?.waiting;
  if (!waiting) return null;
  return (
    <Section
      title={t("pools.waiting", { count: waiting.count })}
      extra={waiting.count > 0 ? <Link to="/jobs?phase=Pending">{t("pools.inJobs")}</Link> : null}
    >
      <JobLines jobs={waiting.jobs} empty={t("pools.noneWaits")} />
    </Section>
  );
}

function useColumns(rooms: readonly Room[]): Column<Row>[] {
  const { t } = useTranslation();
  const partsOf = useParts();
  const fill = (key: "cards" | "cpus" | "memory", title: string): Column<Row> => ({
    key,
    title,
    width: 210,
    render: ({ room }) => {
      const part = room && partsOf(room).find((one) => one.key === key);
      return part ? (
        <div className={styles.fill}>
          <Meter bare label={part.label} used={part.used} of={part.of} text={part.text} />
        </div>
      ) : (
        <Dash />
      );
    },
  });
  const number = (key: "running" | "waiting"): Column<Row> => ({
    key,
    title: t(`pools.counts.${key}`),
    width: 90,
    align: "right",
    render: ({ room }) => <span className="tabular">{room ? room[key] : "–"}</span>,
  });
  return [
    {
      key: "name",
      title: t("pools.pool"),
      render: ({ pool }) => (
        <span className={styles.name}>
          <Link to={`/pools/${encodeURIComponent(poolId(pool))}`}>
            {kindOf(pool) === "public" ? t("pools.publicPool") : labelOf(pool, NAME_LABEL)}
          </Link>
          <span>{t(`pools.kinds.${kindOf(pool)}`)}</span>
        </span>
      ),
    },
    ...(rooms.some((room) => room.capacity.accelerators > 0) ? [fill("cards", t("pools.cards.any"))] : []),
    fill("cpus", "CPU"),
    fill("memory", t("pools.memory")),
    number("running"),
    number("waiting"),
    {
      key: "nodes",
      title: t("pools.size"),
      render: ({ pool }) => (
        <span className="tabular">
          {pool.spec.resources.map(({ flavor, count }) => `${count} × ${flavor}`).join(", ") || "–"}
        </span>
      ),
    },
  ];
}
