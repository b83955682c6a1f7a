import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client.ts";
import { Dash } from "../shared/Dash.tsx";
import { count } from "../shared/format.ts";
import { doneOf, metricValue, wholePercent } from "./glance.ts";
import styles from "./jobs.module.css";
import { useQueuePlace } from "./QueuePlace.tsx";
import type { Job } from "./types.ts";

/** How far a job is and the last value of its metric; of one that waits, its place in the queue. */
export function JobProgress({ job }: { job: Job }) {
  const { progress, metric } = job.summary ?? {};
  if (job.status?.pending) return <Waiting pending={job.status.pending} />;
  if (!(progress || metric)) return <Dash />;
  return <Training progress={progress ?? null} metric={metric ?? null} />;
}

interface TrainingProps {
  progress: Schemas["JobProgress"] | null;
  metric: Schemas["LastMetric"] | null;
}

function Training({ progress, metric }: TrainingProps) {
  const { t } = useTranslation();
  const done = progress ? doneOf(progress) : "";
  const hints = [
    progress && done ? t(`jobs.unit.${progress.unit}`, { done }) : "",
    metric ? t("jobs.metricAt", { name: metric.name, task: metric.task, step: count(metric.step) }) : "",
  ];
  return (
    <Tooltip title={hints.filter(Boolean).join(" · ")}>
      <span className={styles.progress}>
        {progress ? <Bar fraction={progress.fraction} text={done} /> : null}
        {metric ? (
          <span className={styles.metric}>
            <span>{metric.name}</span>
            <b data-odd={typeof metric.value === "string" || undefined}>{metricValue(metric.value)}</b>
          </span>
        ) : null}
        {metric && !progress ? (
          <span className={styles.under}>{t("jobs.atStep", { step: count(metric.step) })}</span>
        ) : null}
      </span>
    </Tooltip>
  );
}

function Bar({ fraction, text }: { fraction: number; text: string }) {
  const { t } = useTranslation();
  const percent = wholePercent(fraction);
  return (
    <span className={styles.bar}>
      <span
        role="progressbar"
        aria-label={t("jobs.col.progress")}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={[`${percent} %`, text].filter(Boolean).join(", ")}
      >
        <i className={styles.fill} style={{ width: `${percent}%` }} />
      </span>
      {percent} %
    </span>
  );
}

function Waiting({ pending }: { pending: Schemas["PendingStatus"] }) {
  const { place, start, exact } = useQueuePlace(pending);
  if (!(place || start)) return <Dash />;
  return (
    <Tooltip title={exact}>
      <span className={styles.progress}>
        {place ? <span className={styles.place}>{place}</span> : null}
        <span className={styles.under}>{start}</span>
      </span>
    </Tooltip>
  );
}
