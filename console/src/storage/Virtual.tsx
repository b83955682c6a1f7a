// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
// biome-ignore-all lint/a11y/useSemanticElements: rows that are drawn only when in sight cannot be those of a table element
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";

interface VirtualProps<T> {
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** Pixels; all rows are alike. */
  rowHeight: number;
  render: (row: T, index: number) => ReactNode;
  /** The last rows are in sight: time to fetch what follows. */
  onEnd?: (() => void) | undefined;
  className?: string | undefined;
  /** Makes it a table: its heading row, which stays in sight. Without it, it is a list. */
  head?: ReactNode;
  /** Name for those who do not see it. */
  label: string;
  /** Scrolls back to the top when it changes. */
  resetKey?: string;
}

/** Rows of one height in a box that scrolls; only those in sight are in the page, so a hundred thousand are no burden. */
export function Virtual<T>(props: VirtualProps<T>) {
  const { rows, rowHeight, onEnd, head, label, resetKey } = props;
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialRect: { width: 800, height: 600 },
    getItemKey: (index) => props.rowKey(rows[index] as T),
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (onEnd && last >= rows.length - 30 && rows.length > 0) onEnd();
  }, [last, rows.length, onEnd]);
  useEffect(() => {
    if (resetKey !== undefined) box.current?.scrollTo({ top: 0 });
  }, [resetKey]);
  const drawn = items.map((item) => (
    <div
      key={item.key}
      role={head ? "row" : "listitem"}
      {...(head ? { "aria-rowindex": item.index + 2 } : {})}
      style={{
        position: "absolute",
        top: 0,
        left: 0,
        width: "100%",
        height: rowHeight,
        transform: `translateY(${item.start}px)`,
      }}
    >
      {props.render(rows[item.index] as T, item.index)}
    </div>
  ));
  const whole = { position: "relative", height: virtual.getTotalSize() } as const;
  return (
    <div
      ref={box}
      className={props.className}
      style={{ overflow: "auto" }}
      tabIndex={0}
      {...(head ? { role: "table", "aria-label": label, "aria-rowcount": rows.length + 1 } : {})}
    >
      {head ? (
        <div role="rowgroup" style={{ position: "sticky", top: 0, zIndex: 1 }}>
          {head}
        </div>
      ) : null}
      <div style={whole} {...(head ? { role: "rowgroup" } : { role: "list", "aria-label": label })}>
        {drawn}
      </div>
    </div>
  );
}
