import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Chart } from "../../shared/charts/Chart.tsx";
import { ChartGrid } from "../../shared/charts/ChartGrid.tsx";
import { useNow } from "../../shared/clock.ts";
import { percent } from "../../shared/format.ts";
import { Section } from "../../shared/Page.tsx";
import { FINAL } from "../../shared/Phase.tsx";
import type { TabProps } from "../JobPage.tsx";
import { curvesOf } from "../metrics/curves.ts";
import { trainingMetricsQuery } from "../metrics/queries.ts";
import { samplesQuery } from "../resources/queries.ts";
import { type MeasureName, sampleLine, thinned } from "../resources/samples.ts";

const CURVES = 3;
const TASKS = 8;
const WINDOW_S = 3600;
const POINTS = 300;
/** What matters most to somebody who trains; the first two of these that were measured are shown. */
const MATTERS: readonly MeasureName[] = [
  "npuUtil",
  "gpuUtil",
  "npuMemUsage",
  "gpuMemUsage",
  "cpuUsage",
  "memUsage",
];
const FIRST = /loss|acc|reward|perplexity/i;

/** The metric curves that matter, and the resources of all tasks on one scale: an odd rank is seen at a glance. */
export function OverviewCharts({ job }: TabProps) {
  const { t } = useTranslation();
  const id = job.metadata.id;
  const isLive = !FINAL.has(job.status?.phase ?? "");
  const metrics = useQuery(trainingMetricsQuery(id, isLive)).data;
  const curves = useMemo(() => {
    const all = curvesOf(
      (metrics ?? []).map((series) => ({ series })),
      "step",
      0,
    );
    return [
      ...all.filter((one) => FIRST.test(one.name)),
      ...all.filter((one) => !FIRST.test(one.name)),
    ].slice(0, CURVES);
  }, [metrics]);
  const tasks = (job.status?.tasks ?? []).slice(0, TASKS);
  const now = useNow(60);
  const since_s = Math.floor((isLive ? now : job.status?.end_time || now) / 1000) - WINDOW_S;
  const samples = useQueries({ queries: tasks.map((task) => samplesQuery(id, task, since_s, isLive)) });
  const resources = MATTERS.map((name) => ({
    name,
    lines: tasks.flatMap((task, index) => {
      const line = sampleLine(task, samples[index]?.data ?? [], name);
      return line ? [thinned(line, POINTS)] : [];
    }),
  }))
    .filter((chart) => chart.lines.length > 0)
    .slice(0, 2);
  if (curves.length + resources.length === 0) return null;
  return (
    <Section title={t("job.atAGlance")} extra={<Link to={`/jobs/${id}/metrics`}>{t("job.allMetrics")}</Link>}>
      <ChartGrid small>
        {curves.map((curve) => (
          <Chart
            key={curve.name}
            title={curve.name}
            lines={curve.lines}
            x="number"
            xName={t("charts.step")}
            group={`glance-${id}`}
            height={140}
          />
        ))}
        {resources.map((chart) => (
          <Chart
            key={chart.name}
            title={t(`charts.measure.${chart.name}`)}
            lines={chart.lines}
            x="time"
            min={0}
            max={100}
            format={percent}
            group={`glance-time-${id}`}
            height={140}
          />
        ))}
      </ChartGrid>
    </Section>
  );
}
