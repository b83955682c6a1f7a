import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Busy } from "../../shared/Busy.tsx";
import { Nothing } from "../../shared/Nothing.tsx";
import { FINAL } from "../../shared/Phase.tsx";
import { Problem } from "../../shared/Problem.tsx";
import type { TabProps } from "../JobPage.tsx";
import { CurveControls, useCurveLook } from "./CurveControls.tsx";
import { CurveGrid } from "./CurveGrid.tsx";
import { curvesOf } from "./curves.ts";
import { trainingMetricsQuery } from "./queries.ts";

/** The curves of what the script reported. */
export function MetricsTab({ job }: TabProps) {
  const { t } = useTranslation();
  const [look, change] = useCurveLook();
  const isLive = !FINAL.has(job.status?.phase ?? "");
  const allAttempts = (job.status?.attempt ?? 1) > 1;
  const query = useQuery(trainingMetricsQuery(job.metadata.id, isLive, allAttempts ? 0 : null));
  const charts = useMemo(
    () =>
      curvesOf(
        (query.data ?? []).map((series) => ({ series })),
        look.axis,
        look.smoothing,
      ),
    [query.data, look.axis, look.smoothing],
  );
  if (query.isPending) return <Busy />;
  if (query.error && !query.data) return <Problem error={query.error} onRetry={() => void query.refetch()} />;
  if (charts.length === 0)
    return (
      <Nothing
        title={t("charts.noMetrics")}
        hint={
          <>
            {t("charts.noMetricsHint")}
            <pre className="code">
              {"from trainwright import inside\n\ninside.report(step=step, loss=loss)"}
            </pre>
          </>
        }
      />
    );
  return (
    <>
      <CurveControls look={look} onChange={change} />
      <CurveGrid charts={charts} look={look} group={`metrics-${job.metadata.id}`} />
    </>
  );
}
