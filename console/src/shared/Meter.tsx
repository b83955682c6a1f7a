// biome-ignore-all lint/a11y/useSemanticElements: a meter element cannot be given our colours in every browser
import styles from "./Meter.module.css";

interface MeterProps {
  label: string;
  used: number;
  of: number;
  text: string;
  /** Without the label, which stands elsewhere: in a column's head. */
  bare?: boolean;
}

/** How much of something is used: a bar, and the numbers beside it. Amber from 80 %, red from 100 %. */
export function Meter({ label, used, of, text, bare = false }: MeterProps) {
  const share = of > 0 ? Math.min(1, used / of) : 0;
  return (
    <div className={styles.meter} data-bare={bare || undefined}>
      {bare ? null : <span className={styles.label}>{label}</span>}
      <span
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={of}
        aria-valuenow={Math.min(used, of)}
        aria-valuetext={text}
        className={styles.track}
      >
        <i
          style={{ width: `${share * 100}%` }}
          data-level={share >= 1 ? "full" : share >= 0.8 ? "high" : "some"}
        />
      </span>
      <span className={styles.text}>{text}</span>
    </div>
  );
}
