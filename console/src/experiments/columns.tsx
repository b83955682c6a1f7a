import type { TFunction } from "i18next";
import { Link } from "react-router";
import type { Row } from "../compare/differences.ts";
import { jobColumns } from "../jobs/columns.tsx";
import { idOf, type Job } from "../jobs/types.ts";
import { lineColor } from "../shared/charts/palette.ts";
import { Dash } from "../shared/Dash.tsx";
import type { Column } from "../shared/DataList.tsx";
import { measure } from "../shared/format.ts";
import styles from "./experiments.module.css";
import { type Cell, columnKey, isQuality, type Metric, metricKey } from "./table.ts";

const DIFFERING_SHOWN = 6;
const METRICS_SHOWN = 4;
const PHASE_WIDTH = 160;
const USUAL = ["phase", "duration", "user_name", "create_time"];
const USUAL_HIDDEN = ["user_name"];

interface Shown {
  jobs: readonly Job[];
  /** Those of this page, in the colours of their curves. */
  shown: readonly Job[];
  differing: readonly Row[];
  metrics: readonly Metric[];
  isDark: boolean;
}

/** Name, phase, best values, what differs, time. */
export function experimentColumns(
  t: TFunction,
  { jobs, shown, differing, metrics, isDark }: Shown,
): Column<Job>[] {
  const usual = new Map(jobColumns(t).map((column) => [column.key, column]));
  const plain = (key: string): Column<Job>[] => {
    const column = usual.get(key);
    if (!column) return [];
    const width = key === "phase" ? { width: PHASE_WIDTH } : {};
    return [{ ...column, ...width, sorts: true, hidden: USUAL_HIDDEN.includes(key) }];
  };
  const [phase, duration, ...rest] = USUAL;
  const knowsQuality = metrics.some((metric) => isQuality(metric.name));
  const placeOf = new Map(jobs.map((job, index) => [idOf(job), index]));
  return [
    {
      key: "name",
      title: t("jobs.col.name"),
      sorts: true,
      fixed: true,
      render: (job) => (
        <span className={styles.job}>
          <i style={{ background: lineColor(shown.indexOf(job), isDark) }} aria-hidden />
          <Link to={`/jobs/${idOf(job)}`} title={job.metadata.name}>
            {job.metadata.name}
          </Link>
        </span>
      ),
    },
    ...plain(phase as string),
    ...differing.map(
      (row, index): Column<Job> => ({
        key: columnKey(row),
        title: titleOf(t, row),
        sorts: true,
        hidden: index >= DIFFERING_SHOWN || row.group === "source",
        render: (job) => {
          const value = row.values[placeOf.get(idOf(job)) ?? -1];
          return value === undefined ? (
            <Dash />
          ) : (
            <span className={`mono ${styles.value}`} title={value}>
              {value}
            </span>
          );
        },
      }),
    ),
    ...metrics.map(
      (metric, index): Column<Job> => ({
        key: metricKey(metric.name),
        title: isQuality(metric.name)
          ? t("experiments.best", { name: metric.name })
          : t("experiments.most", { name: metric.name }),
        sorts: true,
        align: "right",
        hidden: index >= METRICS_SHOWN || (knowsQuality && !isQuality(metric.name)),
        render: (job) => <Best t={t} metric={metric} job={idOf(job)} />,
      }),
    ),
    ...plain(duration as string),
    ...rest.flatMap(plain),
  ];
}

function titleOf(t: TFunction, row: Row): string {
  if (row.group === "parameter") return row.name;
  const name = row.group === "resource" ? t(`compare.name.${row.name}`) : row.name;
  return row.group === "resource" ? name : `${t(`compare.group.${row.group}`)} ${name}`;
}

function Best({ t, metric, job }: { t: TFunction; metric: Metric; job: string }) {
  const value = metric.byJob.get(job);
  if (value === undefined) return <Dash />;
  const isBest = value === metric.best;
  return (
    <span className="tabular" data-best={isBest || undefined} title={isBest ? t("experiments.isBest") : ""}>
      {isBest ? (
        <>
          <span aria-hidden>★ </span>
          <strong className="good">{measure(value, 5)}</strong>
          <span className="hidden">{t("experiments.isBest")}</span>
        </>
      ) : (
        measure(value, 5)
      )}
    </span>
  );
}

/** What of a job the column `key` is ordered by. */
export function cellOf(
  key: string,
  jobs: readonly Job[],
  differing: readonly Row[],
  metrics: readonly Metric[],
): (job: Job) => Cell {
  const metric = metrics.find((one) => metricKey(one.name) === key);
  if (metric) return (job) => metric.byJob.get(idOf(job));
  const row = differing.find((one) => columnKey(one) === key);
  if (row) {
    const placeOf = new Map(jobs.map((job, index) => [idOf(job), index]));
    return (job) => row.values[placeOf.get(idOf(job)) ?? -1];
  }
  switch (key) {
    case "name":
      return (job) => job.metadata.name;
    case "phase":
      return (job) => job.status?.phase;
    case "duration":
      return (job) => job.status?.duration;
    case "user_name":
      return (job) => job.metadata.user_name;
    case "create_time":
      return (job) => job.metadata.create_time;
    default:
      return () => undefined; // a metric that is not known yet
  }
}
