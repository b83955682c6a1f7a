import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import styles from "./DataList.module.css";
import type { DataListProps } from "./DataList.tsx";
import { retick } from "./ticked.ts";

/** The rows of a list on a narrow screen: one card each, the first column as its heading. */
export function Cards<T extends object>({
  columns,
  rows,
  rowKey,
  selection,
  rowActions,
}: DataListProps<T> & { rows: readonly T[] }) {
  const { t } = useTranslation();
  const [head, ...rest] = columns;
  const ticked = selection?.rows.map(rowKey) ?? [];
  return (
    <ul className={styles.cards}>
      {rows.map((row) => {
        const key = rowKey(row);
        return (
          <li key={key} className={styles.card}>
            <div className={styles.cardHead}>
              {selection ? (
                <Checkbox
                  aria-label={t("common.select")}
                  checked={ticked.includes(key)}
                  onChange={({ target }) => {
                    const keys = target.checked ? [...ticked, key] : ticked.filter((one) => one !== key);
                    selection.onChange(retick(selection.rows, rows, keys, rowKey));
                  }}
                />
              ) : null}
              <div className={styles.cardTitle}>{head?.render(row)}</div>
            </div>
            <dl className={styles.facts}>
              {rest.map((column) => (
                <div key={column.key}>
                  <dt>{column.title}</dt>
                  <dd>{column.render(row)}</dd>
                </div>
              ))}
            </dl>
            {rowActions ? <div className={styles.cardActions}>{rowActions(row)}</div> : null}
          </li>
        );
      })}
    </ul>
  );
}
