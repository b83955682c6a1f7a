import { useQueries } from "@tanstack/react-query";
import { Segmented, Select } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Busy } from "../../shared/Busy.tsx";
import { Chart } from "../../shared/charts/Chart.tsx";
import { ChartGrid } from "../../shared/charts/ChartGrid.tsx";
import { useNow } from "../../shared/clock.ts";
import { bytes, percent } from "../../shared/format.ts";
import { Nothing } from "../../shared/Nothing.tsx";
import { FINAL } from "../../shared/Phase.tsx";
import { Problem } from "../../shared/Problem.tsx";
import { joined, parted, useUrlState } from "../../shared/url.ts";
import type { TabProps } from "../JobPage.tsx";
import metrics from "../metrics/metrics.module.css";
import { samplesQuery } from "./queries.ts";
import { MEASURES, sampleLine, thinned } from "./samples.ts";

/** Windows that can be looked at, in seconds; the server keeps three days (contract §6.10). */
const WINDOWS = { "15m": 900, "1h": 3600, "6h": 21_600, "1d": 86_400, "3d": 259_200 } as const;
type WindowName = keyof typeof WINDOWS;
const TASKS_AT_ONCE = 16;
const POINTS = 800;

const FORMATS = { percent: (value: number) => percent(value), rate: (value: number) => `${bytes(value)}/s` };

/** CPU, memory, accelerators, network and disk of the tasks, on scales that they share. */
export function ResourcesTab({ job }: TabProps) {
  const { t } = useTranslation();
  const [state, set] = useUrlState({ window: "1h", tasks: "" });
  const span: WindowName = state.window in WINDOWS ? (state.window as WindowName) : "1h";
  const id = job.metadata.id;
  const isLive = !FINAL.has(job.status?.phase ?? "");
  const all = job.status?.tasks ?? [];
  const chosen = parted(state.tasks).filter((task) => all.includes(task));
  const tasks = (chosen.length > 0 ? chosen : all).slice(0, TASKS_AT_ONCE);
  const now = useNow(60);
  // A job that has ended is looked at where it ended.
  const end_ms = isLive ? now : job.status?.end_time || now;
  const since_s = Math.floor(end_ms / 1000) - WINDOWS[span];
  const queries = useQueries({ queries: tasks.map((task) => samplesQuery(id, task, since_s, isLive)) });
  const stamp = queries.map((query) => query.dataUpdatedAt).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `stamp` says when the answers have changed
  const charts = useMemo(
    () =>
      MEASURES.map((measure) => ({
        ...measure,
        lines: tasks.flatMap((task, index) => {
          const line = sampleLine(task, queries[index]?.data ?? [], measure.name);
          return line ? [{ ...thinned(line, POINTS), color: all.indexOf(task) }] : [];
        }),
      })).filter((chart) => chart.lines.length > 0),
    [stamp, tasks.join()],
  );
  const failed = queries.find((query) => query.error && !query.data);
  return (
    <>
      <div className={metrics.controls}>
        <Segmented<WindowName>
          aria-label={t("charts.window")}
          value={span}
          onChange={(name) => set({ window: name })}
          options={(Object.keys(WINDOWS) as WindowName[]).map((name) => ({
            value: name,
            label: t(`charts.windows.${name}`),
          }))}
        />
        {all.length > 1 ? (
          <Select
            mode="multiple"
            allowClear={{ label: t("common.clear") }}
            maxTagCount={3}
            style={{ minWidth: 220, maxWidth: 480 }}
            aria-label={t("charts.tasks")}
            placeholder={
              all.length > TASKS_AT_ONCE
                ? t("charts.firstTasks", { count: TASKS_AT_ONCE })
                : t("charts.allTasks")
            }
            value={chosen}
            onChange={(names: string[]) => set({ tasks: joined(names) })}
            options={all.map((task) => ({ value: task, label: task }))}
          />
        ) : null}
      </div>
      {failed ? <Problem error={failed.error} onRetry={() => void failed.refetch()} /> : null}
      {charts.length > 0 ? (
        <ChartGrid small>
          {charts.map((chart) => (
            <Chart
              key={chart.name}
              title={t(`charts.measure.${chart.name}`)}
              lines={chart.lines}
              x="time"
              min={0}
              max={chart.top}
              format={FORMATS[chart.unit]}
              binary={chart.unit === "rate"}
              group={`resources-${id}`}
              height={160}
            />
          ))}
        </ChartGrid>
      ) : queries.some((query) => query.isPending) ? (
        <Busy />
      ) : failed ? null : (
        <Nothing title={t("charts.noSamples")} hint={t("charts.noSamplesHint")} />
      )}
    </>
  );
}
