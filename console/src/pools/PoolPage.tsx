import { useQuery } from "@tanstack/react-query";
import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { LiveMark } from "../jobs/LiveMark.tsx";
import { useJobChanges } from "../jobs/useJobChanges.ts";
import { Page } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { useUrlState } from "../shared/url.ts";
import { WaitingPage } from "../shared/WaitingPage.tsx";
import { NodeList } from "./NodeList.tsx";
import { PoolActions } from "./PoolActions.tsx";
import { PoolEvents } from "./PoolEvents.tsx";
import { PoolNow } from "./PoolNow.tsx";
import { poolQuery, roomsQuery } from "./queries.ts";
import { kindOf, labelOf, NAME_LABEL } from "./types.ts";

/** One pool: how full it is, who waits and why, its nodes, what happened to it. */
export function PoolPage() {
  const { t } = useTranslation();
  const { poolName = "" } = useParams();
  const live = useJobChanges();
  const [url, setUrl] = useUrlState({ tab: "now" });
  const query = useQuery(poolQuery(poolName));
  const rooms = useQuery({ ...roomsQuery(poolName), enabled: !query.error });
  const pool = query.data;
  const above = <Link to="/pools">{t("shell.nav.pools")}</Link>;
  if (!pool) return <WaitingPage title={poolName} above={above} query={query} />;
  const kind = kindOf(pool);
  const room = rooms.data?.[0];
  return (
    <Page
      title={kind === "public" ? t("pools.publicPool") : labelOf(pool, NAME_LABEL)}
      above={above}
      aside={
        <>
          <span className="quiet">{t(`pools.kinds.${kind}`)}</span>
          <LiveMark state={live} />
        </>
      }
      actions={<PoolActions pool={pool} room={room} />}
    >
      {rooms.error ? <Problem error={rooms.error} onRetry={() => void rooms.refetch()} /> : null}
      <Tabs
        activeKey={url.tab}
        onChange={(tab) => setUrl({ tab }, { push: true })}
        tabBarStyle={{ marginBottom: 0 }}
        items={[
          { key: "now", label: t("pools.tab.now") },
          { key: "nodes", label: t("pools.tab.nodes") },
          { key: "events", label: t("pools.tab.events") },
        ]}
      />
      {url.tab === "nodes" ? (
        <NodeList pool={poolName} />
      ) : url.tab === "events" ? (
        <PoolEvents pool={poolName} />
      ) : (
        <PoolNow pool={pool} room={rooms.error ? undefined : room} />
      )}
    </Page>
  );
}
