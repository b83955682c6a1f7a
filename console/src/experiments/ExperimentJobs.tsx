import { useQueries } from "@tanstack/react-query";
import { Button } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { compared } from "../compare/differences.ts";
import { trainingMetricsQuery } from "../job/metrics/queries.ts";
import { JobRowActions } from "../jobs/JobRowActions.tsx";
import { idOf, type Job } from "../jobs/types.ts";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { DataList } from "../shared/DataList.tsx";
import { useListState } from "../shared/listState.ts";
import { FINAL } from "../shared/Phase.tsx";
import { useIsDark } from "../shared/preferences.ts";
import { cellOf, experimentColumns } from "./columns.tsx";
import { ExperimentCurves } from "./ExperimentCurves.tsx";
import styles from "./experiments.module.css";
import { type Experiment, JOBS_MOST } from "./queries.ts";
import { bestMetrics, metricKey, ordered } from "./table.ts";

interface JobsProps {
  experiment: Experiment;
  jobs: readonly Job[];
  total: number;
}

/** The jobs of an experiment in a table of what differs, and their curves over each other. */
export function ExperimentJobs({ experiment, jobs, total }: JobsProps) {
  const { t } = useTranslation();
  const isDark = useIsDark();
  const [state, change] = useListState();
  const [ticked, setTicked] = useState<readonly Job[]>([]);
  const ids = new Set(jobs.map(idOf));
  const chosen = ticked.filter((job) => ids.has(idOf(job)));
  const chosenIds = chosen.map(idOf);
  const differing = useMemo(() => compared(jobs).filter((row) => row.differs), [jobs]);
  // Only what is shown is asked for, unless the order is that of a metric.
  const isByMetric = state.sort.startsWith(metricKey(""));
  const page = (all: readonly Job[]) => all.slice(state.offset, state.offset + state.size);
  const before = isByMetric ? jobs : inOrder(jobs);
  const asked = isByMetric ? jobs : page(before);
  const answers = useQueries({
    queries: asked.map((job) => trainingMetricsQuery(idOf(job), !FINAL.has(job.status?.phase ?? ""))),
  });
  const stamp = answers.map((answer) => answer.dataUpdatedAt).join();
  const names = asked.map(idOf).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `stamp` and `names` say when the answers have changed
  const series = useMemo(
    () => new Map(asked.map((job, index) => [idOf(job), answers[index]?.data ?? []])),
    [stamp, names],
  );
  const metrics = useMemo(() => bestMetrics(series), [series]);
  const shown = isByMetric ? page(inOrder(jobs)) : asked;

  function inOrder(all: readonly Job[]): readonly Job[] {
    if (state.sort === "") return all;
    const known = isByMetric ? metrics : [];
    return ordered(all, cellOf(state.sort, jobs, differing, known), state.order);
  }

  const columns = experimentColumns(t, { jobs, shown, differing, metrics, isDark });
  const drawn = shown.filter((job) => chosen.length === 0 || chosenIds.includes(idOf(job)));
  return (
    <>
      <DataList<Job>
        name="experiment-jobs"
        columns={columns}
        rowKey={idOf}
        query={{ data: { items: shown, total: jobs.length }, error: null }}
        state={state}
        onChange={change}
        open={(job) => `/jobs/${idOf(job)}`}
        selection={{ rows: chosen, onChange: setTicked }}
        rowActions={(job) => <JobRowActions job={job} />}
        toolbar={
          total > JOBS_MOST ? (
            <span className={styles.note}>
              {t("experiments.onlyNewest", { n: JOBS_MOST })}
              <Link to={`/jobs?experiment=${experiment.metadata.id}`}>{t("experiments.allJobs")}</Link>
            </span>
          ) : undefined
        }
        extra={<CompareButton ids={chosenIds} />}
        empty={null}
      />
      <ExperimentCurves jobs={drawn} shown={shown} series={series} />
    </>
  );
}

function CompareButton({ ids }: { ids: readonly string[] }) {
  const { t } = useTranslation();
  if (ids.length < 2)
    return (
      <Button disabled title={t("experiments.compareHint")}>
        {t("experiments.compare")}
      </Button>
    );
  return (
    <ButtonLink to={`/jobs/compare?ids=${ids.join(",")}`}>
      {t("experiments.compareSome", { n: ids.length })}
    </ButtonLink>
  );
}
