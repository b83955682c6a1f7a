// biome-ignore-all lint/a11y/useSemanticElements: rows that are drawn only when in sight cannot be those of a table element
// biome-ignore-all lint/a11y/useFocusableInteractive: rows and headings of a table that is read, not of a grid
import { Checkbox, Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { useIsNarrow } from "../shared/narrow.ts";
import { Row } from "./ObjectRow.tsx";
import styles from "./ObjectTable.module.css";
import type { Entry } from "./queries.ts";
import type { Order } from "./sorted.ts";
import { Virtual } from "./Virtual.tsx";

const ROW_HEIGHT = 44;
const NARROW_ROW_HEIGHT = 56;

export type EntryAction = "path" | "dataset" | "rename" | "copy" | "move" | "delete";

export interface TableProps {
  bucket: string;
  prefix: string;
  rows: readonly Entry[];
  order: Order;
  /** Null while the folder is not loaded whole: what is not here cannot be put in order. */
  onOrder: ((order: Order) => void) | null;
  chosen: ReadonlySet<string>;
  onChosen: (keys: ReadonlySet<string>) => void;
  onEnd?: (() => void) | undefined;
  onAct: (action: EntryAction, entry: Entry) => void;
}

/** Folders and files as rows; only those in sight are drawn. */
export function ObjectTable(props: TableProps) {
  const { rows, chosen, onChosen, bucket, prefix } = props;
  const { t } = useTranslation();
  const narrow = useIsNarrow();
  const all = rows.length > 0 && chosen.size === rows.length;
  const head = (
    <div role="row" className={`${styles.row} ${styles.head}`}>
      <span role="columnheader">
        <Checkbox
          aria-label={t("storage.chooseAll")}
          checked={all}
          indeterminate={chosen.size > 0 && !all}
          onChange={() => onChosen(all ? new Set() : new Set(rows.map((row) => row.key)))}
        />
      </span>
      <Heading {...props} by="name" />
      <Heading {...props} by="size" />
      <Heading {...props} by="time" />
      <span role="columnheader">
        <span className="hidden">{t("common.actions")}</span>
      </span>
    </div>
  );
  return (
    <Virtual
      rows={rows}
      rowKey={(entry) => entry.key}
      rowHeight={narrow ? NARROW_ROW_HEIGHT : ROW_HEIGHT}
      className={styles.table}
      head={head}
      label={t("storage.contents")}
      resetKey={`${bucket}/${prefix}`}
      onEnd={props.onEnd}
      render={(entry) => <Row {...props} entry={entry} narrow={narrow} />}
    />
  );
}

function Heading({ by, order, onOrder }: TableProps & { by: Order["by"] }) {
  const { t } = useTranslation();
  const isThis = order.by === by;
  const name = t(`storage.col.${by}`);
  const arrow = isThis ? (order.isDown ? " ↓" : " ↑") : "";
  return (
    <span
      role="columnheader"
      className={styles[by]}
      aria-sort={isThis ? (order.isDown ? "descending" : "ascending") : "none"}
    >
      {onOrder ? (
        <button type="button" onClick={() => onOrder({ by, isDown: isThis ? !order.isDown : by !== "name" })}>
          {name}
          <span aria-hidden>{arrow}</span>
        </button>
      ) : (
        <Tooltip title={t("storage.noOrder")}>
          <span>{name}</span>
        </Tooltip>
      )}
    </span>
  );
}
