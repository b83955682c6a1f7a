import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useIsDark } from "../preferences.ts";
import styles from "./Chart.module.css";
import { Legend } from "./Legend.tsx";
import { chartOptions, type Look } from "./options.ts";
import { aligned, isInView, type Line } from "./series.ts";

interface ChartProps extends Look {
  /** What is drawn, in words: the heading, and what a screen reader says. */
  title: string;
  lines: readonly Line[];
  height?: number;
  /** Says what the horizontal position means, for the legend's head. Time is shown as time. */
  xName?: string;
  legend?: boolean;
}

/** Lines over time or steps: thin, on canvas, with a cursor that charts of a group share and a legend that hides lines. */
export function Chart({ title, lines, height = 200, legend = true, xName = "", ...look }: ChartProps) {
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const isDark = useIsDark();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState<number | null>(null);
  // uPlot counts time in seconds; ours are in ms.
  const drawn = useMemo(
    () => (look.x === "time" ? lines.map((line) => ({ ...line, xs: line.xs.map((x) => x / 1000) })) : lines),
    [lines, look.x],
  );
  const data = useMemo(() => {
    // A logarithm has no place for what is not above zero: a gap.
    const shown = look.log
      ? drawn.map((line) => ({ ...line, ys: line.ys.map((y) => (y !== null && y > 0 ? y : null)) }))
      : drawn;
    return aligned(shown) as uPlot.AlignedData;
  }, [drawn, look.log]);
  const latest = useRef({ drawn, data, look });
  latest.current = { drawn, data, look };
  // Whatever changes how it is drawn makes another plot; new points only go into the one there is.
  const shape = JSON.stringify([
    lines.map((line) => [line.name, line.color]),
    look.x,
    look.log,
    look.min,
    look.max,
    look.group,
  ]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the look and the lines' names
  useEffect(() => {
    const node = place.current;
    if (node === null) return;
    const now = latest.current;
    const size = { width: Math.max(80, node.clientWidth), height };
    const made = new uPlot(chartOptions(now.drawn, now.look, size, isDark, setCursor), now.data, node);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: Math.max(80, node.clientWidth), height }));
    watch.observe(node);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, isDark, height]);
  useEffect(() => {
    const now = plot.current;
    if (now === null) return;
    // A part that was drawn out by the mouse stays in view while new points come in.
    const isZoomed = !isInView(now.data[0], now.scales.x);
    now.setData(data, !isZoomed);
    if (isZoomed) now.redraw();
  }, [data]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new plot (`shape`) shows all lines again
  useEffect(() => {
    lines.forEach((line, index) => {
      plot.current?.setSeries(index + 1, { show: !hidden.has(line.name) });
    });
  }, [hidden, lines, shape, isDark]);

  return (
    <figure className={styles.chart}>
      <figcaption className={styles.title}>{title}</figcaption>
      <div
        ref={place}
        role="img"
        aria-label={t("charts.label", { title, count: lines.length })}
        style={{ height }}
      />
      {legend ? (
        <Legend
          lines={drawn}
          hidden={hidden}
          cursor={cursor}
          isDark={isDark}
          {...(look.format ? { format: look.format } : {})}
          xText={
            cursor === null
              ? ""
              : look.x === "time"
                ? new Date(cursor * 1000).toLocaleString()
                : `${xName} ${cursor}`
          }
          onToggle={(name) => {
            const next = new Set(hidden);
            if (!next.delete(name)) next.add(name);
            setHidden(next);
          }}
        />
      ) : null}
    </figure>
  );
}
