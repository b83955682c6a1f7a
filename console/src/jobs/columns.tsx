import { Tag } from "antd";
import type { TFunction } from "i18next";
import { Link } from "react-router";
import type { Column } from "../shared/DataList.tsx";
import { Id } from "../shared/Id.tsx";
import { FINAL, Phase } from "../shared/Phase.tsx";
import { Ago, Duration } from "../shared/Times.tsx";
import { JobProgress } from "./JobProgress.tsx";
import { JobUtilisation } from "./JobUtilisation.tsx";
import styles from "./jobs.module.css";
import { engineOf, idOf, type Job, poolOf, priorityOf, reasonOf } from "./types.ts";

/** How long the job runs or ran; ticks while it does. */
export function JobDuration({ job }: { job: Job }) {
  const status = job.status;
  const isRunning = Boolean(status?.start_time) && !FINAL.has(status?.phase ?? "");
  return isRunning ? <Duration since={status?.start_time} /> : <Duration ms={status?.duration} />;
}

/**
 * The columns of the list of jobs; the keys are kept and are the names of the sort orders. With little room the
 * resources are not shown at the beginning.
 */
export function jobColumns(t: TFunction, hasRoom = false): Column<Job>[] {
  return [
    {
      key: "name",
      title: t("jobs.col.name"),
      fixed: true,
      sorts: true,
      render: (job) => (
        <span className={styles.name}>
          <Link to={`/jobs/${idOf(job)}`} title={job.metadata.name}>
            {job.metadata.name}
          </Link>
          <Id id={idOf(job)} />
        </span>
      ),
    },
    {
      key: "phase",
      title: t("jobs.col.phase"),
      sorts: true,
      width: 240,
      render: (job) => (
        <span className={styles.phase}>
          <Phase phase={job.status?.phase ?? "Creating"} reason={reasonOf(job)} />
        </span>
      ),
    },
    {
      key: "progress",
      title: t("jobs.col.progress"),
      width: 160,
      render: (job) => <JobProgress job={job} />,
    },
    {
      key: "usage",
      title: t("jobs.col.usage"),
      align: "right",
      width: 100,
      render: (job) => <JobUtilisation job={job} />,
    },
    {
      key: "duration",
      title: t("jobs.col.duration"),
      sorts: true,
      align: "right",
      width: 110,
      render: (job) => <JobDuration job={job} />,
    },
    {
      key: "flavor",
      title: t("jobs.col.resources"),
      hidden: !hasRoom,
      render: (job) => {
        const resource = job.spec?.resource;
        return resource ? (
          <span className={styles.two}>
            <Cut text={resource.flavor_name || (resource.flavor_id ?? "")} />
            <span className="quiet tabular">
              {t("jobs.nodes", { count: resource.node_count ?? 1 })}
              {poolOf(job) ? ` · ${poolOf(job)}` : ""}
            </span>
          </span>
        ) : null;
      },
    },
    {
      key: "user_name",
      title: t("jobs.col.owner"),
      sorts: true,
      render: (job) => <Cut text={job.metadata.user_name} />,
    },
    {
      key: "create_time",
      title: t("jobs.col.created"),
      sorts: true,
      align: "right",
      width: 120,
      render: (job) => <Ago at={job.metadata.create_time} />,
    },
    {
      key: "engine",
      title: t("jobs.col.engine"),
      hidden: true,
      render: (job) => <Cut text={engineOf(job)} />,
    },
    {
      key: "experiment",
      title: t("jobs.col.experiment"),
      hidden: true,
      render: (job) => {
        const experiment = job.metadata.training_experiment_reference;
        return experiment ? <Link to={`/experiments/${experiment.id}`}>{experiment.name}</Link> : null;
      },
    },
    {
      key: "algorithm",
      title: t("jobs.col.algorithm"),
      hidden: true,
      render: (job) =>
        job.algorithm.id ? (
          <Link to={`/algorithms/${job.algorithm.id}`}>{job.algorithm.name ?? job.algorithm.id}</Link>
        ) : null,
    },
    {
      key: "priority",
      title: t("jobs.col.priority"),
      hidden: true,
      sorts: true,
      align: "right",
      render: (job) => priorityOf(job),
    },
    {
      key: "attempt",
      title: t("jobs.col.attempts"),
      hidden: true,
      align: "right",
      render: (job) => job.status?.attempt ?? 1,
    },
    {
      key: "description",
      title: t("jobs.col.description"),
      hidden: true,
      render: (job) => <Cut text={job.metadata.description ?? ""} />,
    },
    {
      key: "tags",
      title: t("jobs.col.tags"),
      hidden: true,
      render: (job) => tagsOf(job).map((tag) => <Tag key={tag}>{tag}</Tag>),
    },
  ];
}

function tagsOf(job: Job): string[] {
  return Object.entries(job.summary?.tags ?? {}).map(([key, value]) => (value ? `${key}=${value}` : key));
}

function Cut({ text }: { text: string }) {
  return (
    <span className={styles.cut} title={text}>
      {text}
    </span>
  );
}
