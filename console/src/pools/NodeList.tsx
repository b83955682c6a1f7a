import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../api/session.tsx";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { bytes } from "../shared/format.ts";
import { Meter } from "../shared/Meter.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { type Amounts, jobsOn, stateOf, usedOf } from "./amounts.ts";
import { LockDialog } from "./LockDialog.tsx";
import { useUnlock } from "./locking.ts";
import { NodeState } from "./NodeState.tsx";
import styles from "./pools.module.css";
import { nodesQuery, poolKeys, workloadsQuery } from "./queries.ts";
import type { PoolNode, Workload } from "./types.ts";

const MIB = 1024 * 1024;
const JOBS_NAMED = 3;
const nameOf = (node: PoolNode) => node.metadata.name;

/** The machines of a pool: state, use, what runs there; the platform's admin takes them out of use and returns them. */
export function NodeList({ pool }: { pool: string }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const queries = useQueryClient();
  const query = useQuery(nodesQuery(pool));
  const workloads = useQuery(workloadsQuery(pool)).data ?? [];
  const [ticked, setTicked] = useState<readonly PoolNode[]>([]);
  /** What the dialogue is to lock; null: it is closed. */
  const [locking, setLocking] = useState<readonly PoolNode[] | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: poolKeys.one(pool) });
  const unlock = useUnlock(pool, refresh);
  const nodes = query.data?.items ?? [];
  const mayLock = may("modelarts:node:update");
  const chosen = new Set(ticked.map(nameOf));
  const picked = nodes.filter((node) => chosen.has(nameOf(node)));
  const lockable = picked.filter((node) => !stateOf(node).isOut);
  const unlockable = picked.filter((node) => stateOf(node).isOut);
  return (
    <>
      <DataList<PoolNode>
        name="pool-nodes"
        columns={nodeColumns(t, workloads, nodes)}
        rowKey={nameOf}
        query={query}
        empty={<Nothing title={t("pools.noNodes")} hint={t("pools.noNodesHint")} />}
        {...(mayLock ? { selection: { rows: picked, onChange: setTicked } } : {})}
        extra={
          mayLock && picked.length > 0 ? (
            <>
              {unlockable.length > 0 ? (
                <Button onClick={() => unlock(unlockable)}>
                  {t("pools.unlockMany", { count: unlockable.length })}
                </Button>
              ) : null}
              {lockable.length > 0 ? (
                <Button onClick={() => setLocking(lockable)}>
                  {t("pools.lockMany", { count: lockable.length })}
                </Button>
              ) : null}
            </>
          ) : null
        }
        rowActions={(node) =>
          !mayLock ? null : stateOf(node).isOut ? (
            <Button type="link" size="small" onClick={() => unlock([node])}>
              {t("pools.unlock")}
            </Button>
          ) : (
            <Button type="link" size="small" onClick={() => setLocking([node])}>
              {t("pools.lock")}
            </Button>
          )
        }
      />
      <LockDialog
        pool={pool}
        nodes={locking}
        workloads={workloads}
        onClose={() => setLocking(null)}
        onDone={refresh}
      />
    </>
  );
}

type Translate = (key: string, values?: Record<string, unknown>) => string;

function nodeColumns(t: Translate, workloads: readonly Workload[], nodes: readonly PoolNode[]) {
  const fill = (key: keyof Amounts, title: string, text: (amount: number) => string): Column<PoolNode> => ({
    key,
    title,
    width: 210,
    render: (node) => {
      const { size, used } = usedOf(node, workloads);
      return size[key] > 0 ? (
        <div className={styles.fill}>
          <Meter
            bare
            label={title}
            used={used[key]}
            of={size[key]}
            text={`${text(used[key])} / ${text(size[key])}`}
          />
        </div>
      ) : (
        <Dash />
      );
    },
  });
  const hasCards = nodes.some((node) => usedOf(node, []).size.cards > 0);
  const columns: Column<PoolNode>[] = [
    {
      key: "name",
      title: t("pools.node"),
      fixed: true,
      render: (node) => (
        <span className={styles.name}>
          {node.metadata.name}
          <span className="mono">{node.status.privateIp}</span>
        </span>
      ),
    },
    { key: "state", title: t("pools.state"), render: (node) => <NodeState state={stateOf(node)} /> },
    ...(hasCards ? [fill("cards", t("pools.cards.any"), String)] : []),
    fill("cpus", "CPU", String),
    fill("memory_mib", t("pools.memory"), (mib) => bytes(mib * MIB)),
    {
      key: "jobs",
      title: t("pools.jobsHere"),
      render: (node) => <JobNames jobs={jobsOn(node, workloads)} />,
    },
    {
      key: "flavor",
      title: t("pools.flavor"),
      hidden: true,
      render: (node) => node.spec.flavor || <Dash />,
    },
  ];
  return columns;
}

function JobNames({ jobs }: { jobs: readonly Workload[] }) {
  const { t } = useTranslation();
  if (jobs.length === 0) return <span className="quiet">{t("pools.noJobsHere")}</span>;
  return (
    <span className={styles.name}>
      {jobs.slice(0, JOBS_NAMED).map((job) => (
        <Link key={job.uid} to={`/jobs/${job.uid}`}>
          {job.jobName}
        </Link>
      ))}
      {jobs.length > JOBS_NAMED ? (
        <span>{t("pools.moreJobs", { count: jobs.length - JOBS_NAMED })}</span>
      ) : null}
    </span>
  );
}
