import { useEffect, useRef, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useIsDark } from "../../shared/preferences.ts";
import styles from "./logs.module.css";
import { type Mark, type Marked, nearestMark } from "./marks.ts";
import type { Scroller } from "./scroller.ts";

const WIDTH = 12;
const LEAST_PX = 3;
const NEAR_PX = 5;

/** The whole log from top to bottom: where its errors and the search's matches are, and where the view is. */
export function Minimap({
  scroller,
  marks,
  onJump,
  onLine,
}: {
  scroller: Scroller;
  marks: readonly Mark[];
  /** To about that share of the log. */
  onJump: (share: number) => void;
  /** To a line that is marked. */
  onLine: (line: Marked) => void;
}) {
  const { t } = useTranslation();
  const isDark = useIsDark();
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useSyncExternalStore(scroller.subscribe, scroller.get);
  const height = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const draw = () => {
      height.current = element.clientHeight;
      paint(element, marks);
    };
    draw();
    const sizes = new ResizeObserver(draw);
    sizes.observe(element);
    return () => sizes.disconnect();
  }, [marks, isDark]);
  const span = Math.max(drawn.to - drawn.from, 0);
  return (
    <button
      type="button"
      tabIndex={-1}
      className={styles.minimap}
      aria-label={t("logs.minimap")}
      title={t("logs.minimap")}
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        const share = (event.clientY - box.top) / box.height;
        const near = nearestMark(marks, share, NEAR_PX / box.height);
        if (near) onLine(near.line);
        else onJump(share);
      }}
    >
      <canvas ref={canvas} width={WIDTH} />
      {span < 1 ? (
        <span
          className={styles.window}
          style={{ top: `${drawn.from * 100}%`, height: `max(${LEAST_PX}px, ${span * 100}%)` }}
        />
      ) : null}
    </button>
  );
}

function paint(canvas: HTMLCanvasElement, marks: readonly Mark[]) {
  const context = canvas.getContext("2d");
  const height = canvas.clientHeight;
  if (!context || height === 0) return;
  const scale = window.devicePixelRatio || 1;
  canvas.width = WIDTH * scale;
  canvas.height = height * scale;
  context.scale(scale, scale);
  const colors = getComputedStyle(canvas);
  for (const kind of ["match", "error"] as const) {
    context.fillStyle = colors.getPropertyValue(kind === "error" ? "--phase-failed" : "--log-match-mark");
    const x = kind === "error" ? 0 : WIDTH / 2;
    let done = -LEAST_PX;
    for (const mark of marks) {
      if (mark.kind !== kind) continue;
      const y = Math.round(mark.share * (height - 2));
      if (y === done) continue;
      context.fillRect(x, y, WIDTH / 2, 2);
      done = y;
    }
  }
}
