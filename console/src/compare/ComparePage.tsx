import { DownloadOutlined } from "@ant-design/icons";
import { useQueries } from "@tanstack/react-query";
import { Button, Switch } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { CurveControls, useCurveLook } from "../job/metrics/CurveControls.tsx";
import { CurveGrid } from "../job/metrics/CurveGrid.tsx";
import { best, curvesOf } from "../job/metrics/curves.ts";
import { trainingMetricsQuery } from "../job/metrics/queries.ts";
import { jobQuery } from "../jobs/queries.ts";
import type { Job } from "../jobs/types.ts";
import { Busy } from "../shared/Busy.tsx";
import { saveText } from "../shared/download.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { Page, Section } from "../shared/Page.tsx";
import { FINAL } from "../shared/Phase.tsx";
import { Problem } from "../shared/Problem.tsx";
import { parted, useUrlState } from "../shared/url.ts";
import { AddJob } from "./AddJob.tsx";
import { CompareTable, type MetricRow } from "./CompareTable.tsx";
import { compared, toCsv } from "./differences.ts";

const MOST = 20;

/** Several jobs side by side: what they were given, how they went. The jobs stand in the address. */
export function ComparePage() {
  const { t } = useTranslation();
  const [state, set] = useUrlState({ ids: "", all: "" });
  const [look, change] = useCurveLook();
  const ids = parted(state.ids).slice(0, MOST);
  const found = useQueries({ queries: ids.map((id) => jobQuery(id)) });
  const jobs = found.flatMap((query) => (query.data ? [query.data] : []));
  const metrics = useQueries({
    queries: jobs.map((job) => trainingMetricsQuery(job.metadata.id, !FINAL.has(job.status?.phase ?? ""))),
  });
  const stamp = metrics.map((query) => query.dataUpdatedAt).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `stamp` says when the answers have changed
  const sources = useMemo(
    () =>
      jobs.flatMap((job, index) =>
        (metrics[index]?.data ?? []).map((series) => ({
          series,
          label: job.metadata.name,
          color: index,
          job,
        })),
      ),
    [stamp, jobs.length],
  );
  const charts = useMemo(
    () => curvesOf(sources, look.axis, look.smoothing),
    [sources, look.axis, look.smoothing],
  );
  const metricRows = useMemo(() => bestRows(jobs, sources), [jobs, sources]);
  const rows = compared(jobs);
  const shown = state.all ? rows : rows.filter((row) => row.differs);
  const failed = found.find((query) => query.error);
  const setIds = (next: string[]) => set({ ids: next.join(",") });

  function save() {
    const head = ["", ...jobs.map((job) => job.metadata.name)];
    const body = [...metricRows, ...rows].map((row) => [row.name, ...row.values]);
    saveText("compare.csv", "text/csv;charset=utf-8", toCsv([head, ...body]));
  }

  return (
    <Page
      title={t("compare.title")}
      above={<Link to="/jobs">‹ {t("jobs.title")}</Link>}
      actions={
        <>
          <AddJob taken={ids} onAdd={(id) => setIds([...ids, id])} />
          <Button icon={<DownloadOutlined />} disabled={jobs.length === 0} onClick={save}>
            CSV
          </Button>
        </>
      }
    >
      {failed ? <Problem error={failed.error} onRetry={() => void failed.refetch()} /> : null}
      {found.some((query) => query.isPending) ? <Busy /> : null}
      {ids.length === 0 ? <Nothing title={t("compare.none")} hint={t("compare.noneHint")} /> : null}
      {charts.length > 0 ? (
        <>
          <CurveControls look={look} onChange={change} />
          <CurveGrid charts={charts} look={look} group="compare" />
        </>
      ) : null}
      {jobs.length > 0 ? (
        <Section
          title={t("compare.values")}
          extra={
            <span>
              <Switch
                id="all-rows"
                size="small"
                checked={state.all !== ""}
                onChange={(all) => set({ all: all ? "1" : "" })}
              />{" "}
              <label htmlFor="all-rows">{t("compare.equalToo")}</label>
            </span>
          }
        >
          <CompareTable
            jobs={jobs}
            metrics={metricRows}
            rows={shown}
            onRemove={(id) => setIds(ids.filter((one) => one !== id))}
          />
        </Section>
      ) : null}
    </Page>
  );
}

type Sources = readonly { series: Parameters<typeof best>[0] & { values: unknown }; job: Job }[];

/** For each metric the best value of each job. */
function bestRows(jobs: readonly Job[], sources: Sources): MetricRow[] {
  const names = [...new Set(sources.map((source) => source.series.name))].sort();
  return names.map((name) => {
    const numbers = jobs.map((job) => {
      const values = sources
        .filter((source) => source.series.name === name && source.job === job)
        .flatMap((source) => best(source.series) ?? []);
      return best({ name, values }) ?? undefined;
    });
    const known = numbers.filter((value) => value !== undefined);
    return { name, values: numbers, best: best({ name, values: known }) };
  });
}
