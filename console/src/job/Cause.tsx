import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../api/session.tsx";
import { useWaitText } from "../jobs/QueuePlace.tsx";
import { isWaiting, type Job, reasonOf } from "../jobs/types.ts";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { useEvidence } from "./evidence.ts";
import styles from "./job.module.css";

const SERIOUS = new Set(["Failed", "Abnormal"]);

/** Why the job failed, where that shows, what to do; why it waits; what deserves attention. Nothing when all is well. */
export function Cause({ job, brief }: { job: Job; brief: boolean }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const phase = job.status?.phase ?? "";
  const reason = useWaitText(reasonOf(job), (isWaiting(job) && job.status?.pending?.starts_at) || 0);
  const isSerious = SERIOUS.has(phase);
  const failed = (job.status?.task_statuses ?? []).filter(
    (task) => task.exit_code !== 0 && task.reason !== "ended_with_job",
  );
  const culprit = job.status?.running_records?.at(-1)?.end_related_task;
  const first = failed.find((task) => task.task === culprit) ?? failed[0];
  const id = job.metadata.id;
  const isTold = isSerious && first !== undefined && !brief;
  const evidence = useEvidence(id, first?.task ?? "", job.status?.attempt ?? 1, isTold);
  if (!reason) return null;
  if (brief)
    return (
      <p className={styles.brief} data-serious={isSerious || undefined}>
        {reason}
      </p>
    );
  return (
    <section className={styles.cause} data-serious={isSerious || undefined} aria-label={t("job.cause")}>
      <div className={styles.what}>{isSerious ? t("job.failedBecause", { reason }) : reason}</div>
      {first ? (
        <div className="quiet">
          {t("job.failedTask", { task: first.task, code: first.exit_code })}
          {failed.length > 1 ? ` · ${t("job.failedMore", { count: failed.length - 1 })}` : ""}
        </div>
      ) : null}
      {evidence.text ? (
        <Link className={styles.evidence} to={evidence.to}>
          {evidence.text}
        </Link>
      ) : null}
      {job.status?.reason_advice ? <p className={styles.advice}>{job.status.reason_advice}</p> : null}
      {isSerious ? (
        <div className={styles.causeActions}>
          <ButtonLink
            size="small"
            to={`/jobs/${id}/logs?${new URLSearchParams({
              ...(first ? { task: first.task } : {}),
              ...(evidence.isInLog ? { at: "error" } : {}),
            })}`}
          >
            {evidence.isInLog ? t("job.toFirstError") : t("job.toLog")}
          </ButtonLink>
          {may("modelarts:trainJob:create") ? (
            <ButtonLink size="small" to={`/jobs/new?from=${id}`}>
              {t("jobs.rebuild")}
            </ButtonLink>
          ) : null}
        </div>
      ) : null}
    </section>
  );
}
