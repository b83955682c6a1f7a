import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { idOf, type Job, reasonOf } from "../jobs/types.ts";
import { type Column, DataList } from "../shared/DataList.tsx";
import { Section } from "../shared/Page.tsx";
import { Phase } from "../shared/Phase.tsx";
import { Ago, Duration } from "../shared/Times.tsx";
import { joined } from "../shared/url.ts";
import styles from "./pools.module.css";
import { jobsInQuery, workloadsQuery } from "./queries.ts";

interface JobsInProps {
  pool: string;
  /** Of everybody, other projects too; 0 where it is not known. */
  all: number;
}

/** Who waits in the pool, on what place, why, and until when. */
export function Waiting({ pool, all }: JobsInProps) {
  const { t } = useTranslation();
  const query = useQuery(jobsInQuery(pool, "waiting"));
  const total = query.data?.total ?? 0;
  const columns: Column<Job>[] = [
    {
      key: "name",
      title: t("pools.job"),
      render: (job) => (
        <span className={styles.job}>
          <Link to={`/jobs/${idOf(job)}`}>{job.metadata.name}</Link>
          <span>{reasonOf(job) || t(`common.phase.${job.status?.phase}`, "")}</span>
        </span>
      ),
    },
    {
      key: "place",
      title: t("pools.place"),
      width: 64,
      align: "right",
      render: (job) => <span className="tabular">{job.status?.pending?.position || "–"}</span>,
    },
    ...shared(t),
    {
      key: "priority",
      title: t("pools.priority"),
      align: "right",
      width: 80,
      render: (job) => job.spec?.schedule_policy?.priority ?? 1,
    },
    {
      key: "waits",
      title: t("pools.waitsFor"),
      align: "right",
      width: 120,
      render: (job) => <Duration since={job.metadata.create_time} />,
    },
    {
      key: "starts",
      title: t("pools.starts"),
      align: "right",
      width: 120,
      render: (job) => <Ago at={job.status?.pending?.starts_at} />,
    },
  ];
  return (
    <Section
      title={t("pools.waiting", { count: total })}
      extra={total > 0 ? <AllOf pool={pool} phases={["Pending"]} /> : null}
    >
      <DataList<Job>
        columns={columns}
        rowKey={idOf}
        query={{ data: query.data, error: query.error, isPending: query.isPending }}
        open={(job) => `/jobs/${idOf(job)}`}
        empty={<p className="quiet">{t("pools.noneWaits")}</p>}
      />
      {all > total ? <p className="quiet small">{t("pools.othersWait", { count: all - total })}</p> : null}
    </Section>
  );
}

/** What runs in the pool, and where. */
export function Running({ pool, all }: JobsInProps) {
  const { t } = useTranslation();
  const query = useQuery(jobsInQuery(pool, "running"));
  const workloads = useQuery(workloadsQuery(pool)).data ?? [];
  const hosts = new Map(workloads.map((job) => [job.uid, job.hostIps]));
  const total = query.data?.total ?? 0;
  const columns: Column<Job>[] = [
    {
      key: "phase",
      title: t("pools.state"),
      width: 110,
      render: (job) => <Phase phase={job.status?.phase ?? "Running"} />,
    },
    {
      key: "name",
      title: t("pools.job"),
      render: (job) => <Link to={`/jobs/${idOf(job)}`}>{job.metadata.name}</Link>,
    },
    ...shared(t),
    {
      key: "hosts",
      title: t("pools.hosts"),
      render: (job) => <span className="mono">{hosts.get(idOf(job))?.replaceAll(",", ", ") || "–"}</span>,
    },
    {
      key: "runs",
      title: t("pools.runsFor"),
      align: "right",
      width: 120,
      render: (job) => <Duration since={job.status?.start_time} />,
    },
  ];
  return (
    <Section
      title={t("pools.running", { count: total })}
      extra={total > 0 ? <AllOf pool={pool} phases={["Running", "Terminating"]} /> : null}
    >
      <DataList<Job>
        columns={columns}
        rowKey={idOf}
        query={{ data: query.data, error: query.error, isPending: query.isPending }}
        open={(job) => `/jobs/${idOf(job)}`}
        empty={<p className="quiet">{t("pools.noneRuns")}</p>}
      />
      {all > total ? <p className="quiet small">{t("pools.othersRun", { count: all - total })}</p> : null}
    </Section>
  );
}

/** Columns of both: who, and how much. */
function shared(t: (key: string) => string): Column<Job>[] {
  return [
    { key: "owner", title: t("pools.owner"), render: (job) => job.metadata.user_name },
    {
      key: "asks",
      title: t("pools.asks"),
      render: (job) => {
        const resource = job.spec?.resource;
        return resource ? (
          <span className="tabular">
            {resource.node_count ?? 1} × {resource.flavor_name || resource.flavor_id}
          </span>
        ) : null;
      },
    },
  ];
}

function AllOf({ pool, phases }: { pool: string; phases: string[] }) {
  const { t } = useTranslation();
  const search = new URLSearchParams({ pool, phase: joined(phases) });
  return <Link to={`/jobs?${search}`}>{t("pools.inJobs")}</Link>;
}
