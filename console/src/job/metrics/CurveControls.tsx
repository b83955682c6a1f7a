import { Segmented, Slider, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { useUrlState } from "../../shared/url.ts";
import type { Axis } from "./curves.ts";
import styles from "./metrics.module.css";

export interface CurveLook {
  axis: Axis;
  /** Weight of what came before, 0 to 0.99. */
  smoothing: number;
  log: boolean;
}

/** How curves are drawn, kept in the address. */
export function useCurveLook(): [CurveLook, (change: Partial<CurveLook>) => void] {
  const [state, set] = useUrlState({ axis: "step", smoothing: "0", log: "" });
  const smoothing = Math.min(0.99, Math.max(0, Number(state.smoothing) || 0));
  return [
    { axis: state.axis === "time" ? "time" : "step", smoothing, log: state.log !== "" },
    (change) =>
      set({
        ...(change.axis ? { axis: change.axis } : {}),
        ...(change.smoothing === undefined ? {} : { smoothing: String(change.smoothing) }),
        ...(change.log === undefined ? {} : { log: change.log ? "1" : "" }),
      }),
  ];
}

/** Step or time, smoothing, logarithm. */
export function CurveControls({
  look,
  onChange,
}: {
  look: CurveLook;
  onChange: (change: Partial<CurveLook>) => void;
}) {
  const { t } = useTranslation();
  return (
    <div className={styles.controls}>
      <Segmented<Axis>
        aria-label={t("charts.axis")}
        value={look.axis}
        onChange={(axis) => onChange({ axis })}
        options={(["step", "time"] as const).map((axis) => ({ value: axis, label: t(`charts.by.${axis}`) }))}
      />
      <span className={styles.control}>
        <span id="smoothing">{t("charts.smoothing")}</span>
        <Slider
          className={styles.slider as string}
          min={0}
          max={0.99}
          step={0.01}
          value={look.smoothing}
          ariaLabelledByForHandle="smoothing"
          onChange={(smoothing: number) => onChange({ smoothing })}
        />
      </span>
      <span className={styles.control}>
        <Switch id="log-axis" size="small" checked={look.log} onChange={(log) => onChange({ log })} />
        <label htmlFor="log-axis">{t("charts.log")}</label>
      </span>
    </div>
  );
}
