import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client.ts";
import { type Column, DataList } from "../shared/DataList.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { Exact } from "../shared/Times.tsx";
import { poolEventsQuery } from "./queries.ts";

type PoolEvent = Schemas["PoolEventItem"];

/** What happened to the pool itself, newest first. */
export function PoolEvents({ pool }: { pool: string }) {
  const { t } = useTranslation();
  const query = useQuery(poolEventsQuery(pool));
  const columns: Column<PoolEvent>[] = [
    {
      key: "time",
      title: t("pools.time"),
      width: 190,
      render: (event) => <Exact at={Date.parse(event.lastTimestamp)} />,
    },
    { key: "message", title: t("pools.event"), render: (event) => event.message },
    {
      key: "reason",
      title: t("pools.eventName"),
      render: (event) => <span className="mono quiet">{event.reason}</span>,
    },
  ];
  return (
    <DataList<PoolEvent>
      columns={columns}
      rowKey={(event) => event.reason + event.lastTimestamp}
      query={query}
      empty={<Nothing title={t("pools.noEvents")} hint={t("pools.noEventsHint")} />}
    />
  );
}
