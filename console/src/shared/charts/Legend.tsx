import { measure } from "../format.ts";
import styles from "./Chart.module.css";
import { lineColor } from "./palette.ts";
import { type Line, lastValue, valueAt } from "./series.ts";

interface LegendProps {
  lines: readonly Line[];
  hidden: ReadonlySet<string>;
  /** Where the cursor is; null shows the last values. */
  cursor: number | null;
  isDark: boolean;
  xText: string;
  format?: (value: number) => string;
  onToggle: (name: string) => void;
}

/** Each line's colour, name and value under the cursor (its last one without); a click hides and shows it. */
export function Legend({ lines, hidden, cursor, isDark, xText, format = measure, onToggle }: LegendProps) {
  return (
    <div className={styles.legend}>
      {lines.map((line, index) => {
        const value = cursor === null ? lastValue(line) : valueAt(line, cursor);
        return (
          <button
            key={line.name}
            type="button"
            className={styles.entry}
            aria-pressed={!hidden.has(line.name)}
            onClick={() => onToggle(line.name)}
          >
            <i style={{ background: lineColor(line.color ?? index, isDark) }} aria-hidden />
            <span className={styles.name}>{line.name}</span>
            <span className={styles.value}>{value === null ? "–" : format(value)}</span>
          </button>
        );
      })}
      <span className={styles.x}>{xText}</span>
    </div>
  );
}
