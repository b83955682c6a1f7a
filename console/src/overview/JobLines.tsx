import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useWaitText } from "../jobs/QueuePlace.tsx";
import { FINAL, Phase } from "../shared/Phase.tsx";
import { Ago, Duration } from "../shared/Times.tsx";
import styles from "./overview.module.css";
import type { JobBrief } from "./queries.ts";

const MOST = 8;

/** Jobs, a line each: phase, name, why, since when. With `causes` each failed one leads to its first error. */
export function JobLines({
  jobs,
  empty,
  causes = false,
}: {
  jobs: readonly JobBrief[];
  empty: string;
  causes?: boolean;
}) {
  const { t } = useTranslation();
  if (jobs.length === 0) return <p className="quiet">{empty}</p>;
  return (
    <ul className={styles.lines}>
      {jobs.slice(0, MOST).map((job) => (
        <li key={job.id}>
          <span className={styles.phase}>
            <Phase phase={job.phase} />
          </span>
          <span className={styles.what}>
            <Link to={`/jobs/${job.id}`}>{job.name}</Link>
            <Why job={job}>
              {causes && job.cause?.task ? (
                <Link
                  to={`/jobs/${job.id}/logs?${new URLSearchParams({ task: job.cause.task, at: "error" })}`}
                >
                  {t("overview.cause", { task: job.cause.task, code: job.cause.exit_code })}
                </Link>
              ) : null}
            </Why>
          </span>
          <span className={styles.when}>
            {FINAL.has(job.phase) ? (
              <Ago at={job.end_time || job.create_time} />
            ) : job.start_time ? (
              <Duration since={job.start_time} />
            ) : (
              <Ago at={job.create_time} />
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Why({ job, children }: { job: JobBrief; children: ReactNode }) {
  const waits = useWaitText(job.pending_reason ?? "", job.starts_at ?? 0);
  const why = job.phase === "Completed" ? "" : waits || job.reason_message || "";
  return (
    <span className={styles.why} title={why}>
      {children} {why}
    </span>
  );
}
