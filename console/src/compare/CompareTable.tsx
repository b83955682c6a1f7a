import { CloseOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { JobDuration } from "../jobs/columns.tsx";
import { idOf, type Job } from "../jobs/types.ts";
import { lineColor } from "../shared/charts/palette.ts";
import { measure } from "../shared/format.ts";
import { Phase } from "../shared/Phase.tsx";
import { useIsDark } from "../shared/preferences.ts";
import styles from "./compare.module.css";
import type { Row } from "./differences.ts";

export interface MetricRow {
  name: string;
  values: (number | undefined)[];
  /** The best of them; marked. */
  best: number | null;
}

interface CompareTableProps {
  jobs: readonly Job[];
  metrics: readonly MetricRow[];
  rows: readonly Row[];
  onRemove: (id: string) => void;
}

/** Rows are metrics and parameters, columns are jobs in the colours of their curves. */
export function CompareTable({ jobs, metrics, rows, onRemove }: CompareTableProps) {
  const { t } = useTranslation();
  const isDark = useIsDark();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={styles.scroll} tabIndex={0} aria-label={t("compare.values")}>
      <table className={styles.table}>
        <thead>
          <tr>
            <td />
            {jobs.map((job, index) => (
              <th key={idOf(job)} scope="col">
                <span className={styles.job}>
                  <i style={{ background: lineColor(index, isDark) }} aria-hidden />
                  <Link to={`/jobs/${idOf(job)}`}>{job.metadata.name}</Link>
                  <Button
                    type="text"
                    size="small"
                    icon={<CloseOutlined />}
                    aria-label={t("compare.remove", { name: job.metadata.name })}
                    onClick={() => onRemove(idOf(job))}
                  />
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{t("jobs.col.phase")}</th>
            {jobs.map((job) => (
              <td key={idOf(job)}>
                <Phase phase={job.status?.phase ?? "Creating"} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">{t("jobs.col.duration")}</th>
            {jobs.map((job) => (
              <td key={idOf(job)}>
                <JobDuration job={job} />
              </td>
            ))}
          </tr>
          {metrics.map((row) => (
            <tr key={row.name}>
              <th scope="row">{t("compare.best", { name: row.name })}</th>
              {row.values.map((value, index) => (
                <td
                  key={idOf(jobs[index] as Job)}
                  className="tabular"
                  data-best={(value !== undefined && value === row.best) || undefined}
                >
                  {value === undefined ? "–" : measure(value, 5)}
                </td>
              ))}
            </tr>
          ))}
          {rows.map((row) => (
            <tr key={`${row.group} ${row.name}`} data-differs={row.differs || undefined}>
              <th scope="row">
                <span className="quiet">{t(`compare.group.${row.group}`)}</span>{" "}
                {row.group === "resource" ? t(`compare.name.${row.name}`) : row.name}
              </th>
              {row.values.map((value, index) => (
                <td key={idOf(jobs[index] as Job)} className="mono">
                  {value ?? "–"}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
