import { useTranslation } from "react-i18next";
import { Chart } from "../../shared/charts/Chart.tsx";
import { ChartGrid } from "../../shared/charts/ChartGrid.tsx";
import type { CurveLook } from "./CurveControls.tsx";
import type { curvesOf } from "./curves.ts";

interface CurveGridProps {
  charts: ReturnType<typeof curvesOf>;
  look: CurveLook;
  /** Charts of one group share the cursor. */
  group: string;
}

/** The curves of metrics, a chart each, drawn as the look says. */
export function CurveGrid({ charts, look, group }: CurveGridProps) {
  const { t } = useTranslation();
  return (
    <ChartGrid>
      {charts.map((chart) => (
        <Chart
          key={chart.name}
          title={chart.name}
          lines={chart.lines}
          x={look.axis === "time" ? "time" : "number"}
          xName={t("charts.step")}
          log={look.log}
          group={group}
          height={220}
        />
      ))}
    </ChartGrid>
  );
}
