import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { CurveControls, useCurveLook } from "../job/metrics/CurveControls.tsx";
import { CurveGrid } from "../job/metrics/CurveGrid.tsx";
import { curvesOf } from "../job/metrics/curves.ts";
import type { MetricSeries } from "../job/metrics/queries.ts";
import { idOf, type Job } from "../jobs/types.ts";
import styles from "./experiments.module.css";
import { byWeight } from "./table.ts";

/** The curves of `jobs`, one line each in the colour of its row in the table of `shown`. */
export function ExperimentCurves({
  jobs,
  shown,
  series,
}: {
  jobs: readonly Job[];
  shown: readonly Job[];
  series: ReadonlyMap<string, readonly MetricSeries[]>;
}) {
  const { t } = useTranslation();
  const [look, change] = useCurveLook();
  const charts = useMemo(() => {
    const sources = jobs.flatMap((job) =>
      (series.get(idOf(job)) ?? []).map((one) => ({
        series: one,
        label: job.metadata.name,
        color: shown.indexOf(job),
      })),
    );
    return curvesOf(sources, look.axis, look.smoothing).sort((a, b) => byWeight(a.name, b.name));
  }, [jobs, shown, series, look.axis, look.smoothing]);
  if (charts.length === 0) return null;
  return (
    <section className={styles.curves} aria-labelledby="experiment-curves">
      <div className={styles.curvesHead}>
        <h2 id="experiment-curves">{t("experiments.curvesOf", { count: jobs.length })}</h2>
        <CurveControls look={look} onChange={change} />
      </div>
      <CurveGrid charts={charts} look={look} group="experiment" />
    </section>
  );
}
