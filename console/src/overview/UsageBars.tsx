import { useTranslation } from "react-i18next";
import { lineColor } from "../shared/charts/palette.ts";
import { dateTime, measure } from "../shared/format.ts";
import { useIsDark } from "../shared/preferences.ts";
import styles from "./overview.module.css";
import { type History, stacked } from "./usage.ts";

const HEIGHT = 72;

/** Bars of the last day, an owner each colour, as high as the pool is full. */
export function UsageBars({ title, history, top }: { title: string; history: History; top: number }) {
  const { t } = useTranslation();
  const isDark = useIsDark();
  const spans = Math.max(0, ...history.owners.map((owner) => owner.values.length));
  const width = 100 / Math.max(1, spans);
  const nameOf = (name: string) => name || t("overview.others");
  return (
    <figure className={styles.usage}>
      <figcaption className="quiet small">{title}</figcaption>
      <svg
        viewBox="0 0 100 1"
        preserveAspectRatio="none"
        width="100%"
        height={HEIGHT}
        role="img"
        aria-label={title}
      >
        {Array.from({ length: spans }, (_, at) => {
          const begins = history.start + at * history.span;
          const text = history.owners
            .filter((owner) => (owner.values[at] ?? 0) > 0)
            .map((owner) => `${nameOf(owner.name)} ${measure(owner.values[at] ?? 0, 3)}`);
          return (
            <g key={begins}>
              <title>{[dateTime(begins), ...text].join("\n")}</title>
              <rect x={at * width} y={0} width={width} height={1} fill="transparent" />
              {stacked(history.owners, at, top).map((bar, index) => (
                <rect
                  key={history.owners[index]?.name}
                  x={at * width + width * 0.08}
                  y={1 - bar.from - bar.height}
                  width={width * 0.84}
                  height={bar.height}
                  fill={lineColor(index, isDark)}
                />
              ))}
            </g>
          );
        })}
      </svg>
      <div className={styles.ends}>
        <span>{dateTime(history.start).slice(5, 16)}</span>
        <span className={styles.owners}>
          {history.owners.map((owner, index) => (
            <span key={owner.name}>
              <i style={{ background: lineColor(index, isDark) }} aria-hidden />
              {nameOf(owner.name)}
            </span>
          ))}
        </span>
        <span>{t("overview.now")}</span>
      </div>
    </figure>
  );
}
