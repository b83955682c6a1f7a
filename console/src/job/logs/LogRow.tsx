import type { TFunction } from "i18next";
import { type CSSProperties, memo, useState } from "react";
import type { SearchWords } from "../../api/logs.ts";
import { count, dateTime } from "../../shared/format.ts";
import { parseAnsi, type Span, type Style } from "./ansi.ts";
import { inPlain, pieces, placesOf, type Range } from "./highlight.ts";
import styles from "./logs.module.css";
import { lookOf } from "./looks.ts";
import type { Row } from "./rows.ts";
import type { Match } from "./search.ts";

const SHOWN = 3000; // characters of a line, unless somebody asks for all: long lines are slow to lay out

interface LogRowProps {
  row: Row;
  style: Style;
  isDark: boolean;
  hasTime: boolean;
  /** The task's colour, where all tasks are merged. */
  color: string | null;
  isTarget: boolean;
  words: SearchWords | null;
  /** What the server found in this line. */
  match: Match | undefined;
  /** The address of this line. */
  href: string;
  t: TFunction;
}

/** One line: its number, a link to it; the task it is of; its text in the colours that the program gave it. */
export const LogRow = memo(function LogRow(props: LogRowProps) {
  const { row, style, isDark, hasTime, color, isTarget, words, match, href, t } = props;
  const [isWhole, setWhole] = useState(false);
  const { spans } = parseAnsi(row.text, style);
  const ranges = words ? rangesOf(row, spans, words, match) : [];
  const rest = isWhole ? 0 : row.text.length - SHOWN;
  return (
    <div
      className={styles.row}
      data-key={row.key}
      data-system={row.system || undefined}
      data-error={row.error || undefined}
      data-target={isTarget || undefined}
      data-match={(match && ranges.length === 0) || undefined}
    >
      <a
        className={styles.number}
        href={href}
        tabIndex={-1}
        data-line
        aria-label={row.number ? undefined : row.key}
      >
        {row.number || "·"}
      </a>
      {hasTime ? <Time at={row.time} /> : null}
      {color === null ? null : (
        <span className={styles.task} style={{ color }}>
          {row.task}
        </span>
      )}
      <span className={styles.text} data-text>
        <Spans
          spans={spans}
          ranges={ranges}
          isDark={isDark}
          limit={isWhole ? Number.POSITIVE_INFINITY : SHOWN}
        />
      </span>
      {rest > 0 ? (
        <button type="button" className={styles.more} onClick={() => setWhole(true)}>
          {t("logs.moreOfLine", { rest: count(rest) })}
        </button>
      ) : row.cut ? (
        <span className={styles.cut}>{t("logs.lineCut")}</span>
      ) : null}
    </div>
  );
});

function Time({ at }: { at: number }) {
  const text = at ? dateTime(at) : "";
  return (
    <time className={styles.time}>
      <span className={styles.day}>{text.slice(5, 11)}</span>
      {text.slice(11)}
    </time>
  );
}

function rangesOf(row: Row, spans: Span[], words: SearchWords, match: Match | undefined): Range[] {
  if (words.errors) return [];
  if (!words.regex) {
    const plain = spans.map((span) => span.text).join("");
    return placesOf(plain, words.query ?? "", words.case ?? false);
  }
  return match && !match.cut && match.text === row.text ? inPlain(row.text, spans, match.ranges) : [];
}

function Spans({
  spans,
  ranges,
  isDark,
  limit,
}: {
  spans: Span[];
  ranges: Range[];
  isDark: boolean;
  limit: number;
}) {
  let start = 0;
  const drawn = [];
  for (const span of spans) {
    const text = span.text.slice(0, Math.max(0, limit - start));
    if (!text) break;
    const parts = ranges.length > 0 ? pieces(text, start, ranges) : [{ text, isMatch: false }];
    drawn.push(
      <Styled key={span.at} look={lookOf(span.style, isDark)}>
        {parts.map((part, index) =>
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other name than their place
          part.isMatch ? <mark key={index}>{part.text}</mark> : part.text,
        )}
      </Styled>,
    );
    start += span.text.length;
  }
  return <>{drawn}</>;
}

function Styled({ look, children }: { look: ReturnType<typeof lookOf>; children: React.ReactNode }) {
  const { classes, color, backgroundColor } = look;
  if (classes.length === 0 && !color) return <>{children}</>;
  const style: CSSProperties = {
    ...(color ? { color } : {}),
    ...(backgroundColor ? { backgroundColor } : {}),
  };
  return (
    <span className={classes.map((name) => styles[name]).join(" ")} style={style}>
      {children}
    </span>
  );
}
