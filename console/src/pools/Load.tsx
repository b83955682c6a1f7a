import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Chart } from "../shared/charts/Chart.tsx";
import { percent } from "../shared/format.ts";
import { Section } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { gatheredLines } from "./monitor.ts";
import { monitorQuery } from "./queries.ts";

/** How hard the jobs work the pool: what the server says every ten seconds, from when the page was opened. */
export function Load({ pool }: { pool: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const query = useQuery(monitorQuery(queries, pool));
  const lines = useMemo(
    () => (query.data ? gatheredLines(query.data, (measure) => t(`pools.measure.${measure}`, measure)) : []),
    [query.data, t],
  );
  return (
    <Section title={t("pools.load")}>
      {query.error && !query.data ? <Problem error={query.error} /> : null}
      {lines.length > 0 ? (
        <Chart
          title={t("pools.loadHint")}
          lines={lines}
          x="time"
          min={0}
          max={100}
          format={percent}
          height={140}
        />
      ) : query.isPending ? null : (
        <p className="quiet">{t("pools.noLoad")}</p>
      )}
    </Section>
  );
}
