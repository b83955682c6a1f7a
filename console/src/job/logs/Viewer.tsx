// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
import { ArrowDownOutlined } from "@ant-design/icons";
import { Button } from "antd";
import {
  type CSSProperties,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useSyncExternalStore,
} from "react";
import { useTranslation } from "react-i18next";
import type { SearchWords } from "../../api/logs.ts";
import { lineColor } from "../../shared/charts/palette.ts";
import { count, dateTime } from "../../shared/format.ts";
import { useIsDark } from "../../shared/preferences.ts";
import { LogRow } from "./LogRow.tsx";
import styles from "./logs.module.css";
import type { Row } from "./rows.ts";
import type { Scroller } from "./scroller.ts";
import type { Match } from "./search.ts";
import { useSelectedRows } from "./selection.ts";

interface ViewerProps {
  scroller: Scroller;
  label: string;
  /** All tasks' names where they are merged. */
  tasks: readonly string[] | null;
  wraps: boolean;
  hasTime: boolean;
  words: SearchWords | null;
  matchOf: (key: string) => Match | undefined;
  isTarget: (row: Row) => boolean;
  hrefOf: (row: Row) => string;
  onLine: (row: Row) => void;
  onEnd: () => void;
  /** Where nothing is to be seen. */
  children?: ReactNode;
}

/** The lines around the view in a box that scrolls over the whole log. */
export function Viewer(props: ViewerProps) {
  const { scroller, label, tasks, wraps, hasTime, words, matchOf, isTarget, hrefOf, onLine, onEnd } = props;
  const { t } = useTranslation();
  const isDark = useIsDark();
  const box = useRef<HTMLDivElement>(null);
  const strip = useRef<HTMLDivElement>(null);
  const ruler = useRef<HTMLSpanElement>(null);
  const drawn = useSyncExternalStore(scroller.subscribe, scroller.get);
  const { model } = scroller;
  useEffect(() => (box.current ? scroller.attach(box.current) : undefined), [scroller]);
  useSelectedRows(box, scroller);
  const last = drawn.rows.at(-1)?.number ?? 0;
  const digits = tasks ? 1 : Math.max(4, String(last).length);
  useLayoutEffect(() => {
    if (!wraps || !box.current || !ruler.current) {
      scroller.wrap(0);
      return;
    }
    const character = ruler.current.getBoundingClientRect().width / RULER.length;
    const columns = digits + 3 + (tasks ? longest(tasks) + 2 : 0) + (hasTime ? 16 : 0);
    scroller.wrap(Math.max(10, Math.floor(box.current.clientWidth / character) - columns));
  }, [scroller, wraps, hasTime, tasks, digits]);
  useLayoutEffect(() => {
    scroller.apply(drawn);
    if (!wraps || !strip.current) return;
    const heights: [string, number][] = [];
    for (const child of strip.current.children as HTMLCollectionOf<HTMLElement>)
      heights.push([child.dataset.key ?? "", child.offsetHeight]);
    scroller.measured(heights);
  });
  const colors = new Map(tasks?.map((task, index) => [task, lineColor(index, isDark)]));
  const size = { "--digits": digits, "--task": tasks ? longest(tasks) : 0 } as CSSProperties;
  return (
    <div className={styles.viewer}>
      <div
        ref={box}
        className={styles.box}
        role="log"
        aria-live="off"
        aria-label={label}
        tabIndex={0}
        data-wraps={wraps || undefined}
        style={size}
        onScroll={() => scroller.onScroll()}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
          if (event.key === "Home") scroller.toStart();
          else if (event.key === "End") onEnd();
          else return;
          event.preventDefault();
        }}
        onPointerOver={(event) => {
          // Made when it is wanted: of a log that grows fast most lines are never pointed at.
          const link = (event.target as Element).closest<HTMLElement>("a[data-line]");
          const row = drawn.rows.find((one) => one.key === link?.parentElement?.dataset.key);
          if (link && row?.time) link.title = dateTime(row.time);
        }}
        onClick={(event) => {
          const line = (event.target as Element).closest("a[data-line]");
          if (!line || event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          const key = line.parentElement?.dataset.key;
          const row = drawn.rows.find((one) => one.key === key);
          if (row) onLine(row);
        }}
      >
        <div className={styles.canvas} style={{ height: drawn.height }}>
          <div ref={strip} className={styles.strip} style={{ transform: `translateY(${drawn.y}px)` }}>
            {drawn.rows.slice(drawn.first, drawn.last).map((row) => (
              <LogRow
                key={row.key}
                row={row}
                style={row.style}
                isDark={isDark}
                hasTime={hasTime}
                color={tasks ? (colors.get(row.task) ?? "") : null}
                isTarget={isTarget(row)}
                words={words}
                match={matchOf(row.key)}
                href={hrefOf(row)}
                t={t}
              />
            ))}
          </div>
        </div>
      </div>
      <span ref={ruler} className={styles.ruler} aria-hidden>
        {RULER}
      </span>
      {props.children}
      {model.state === "ready" && !model.isFollowing && model.live !== "ended" ? (
        <Button className={styles.follow as string} size="small" icon={<ArrowDownOutlined />} onClick={onEnd}>
          {model.fresh > 0
            ? t("logs.followNew", { count: model.fresh, shown: count(model.fresh) })
            : t("logs.follow")}
        </Button>
      ) : null}
    </div>
  );
}

const RULER = "0".repeat(50);

function longest(names: readonly string[]): number {
  return names.reduce((most, name) => Math.max(most, name.length), 0);
}
