// biome-ignore-all lint/a11y/useSemanticElements: rows that are drawn only when in sight cannot be those of a table element
// biome-ignore-all lint/a11y/useFocusableInteractive: rows and headings of a table that is read, not of a grid
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { bytes } from "../shared/format.ts";
import styles from "./FileRows.module.css";
import { Virtual } from "./Virtual.tsx";

interface File {
  path: string;
  size: number;
}

/** The files of a version (of a dataset, of a model): path, size, and one thing more. */
export function FileRows<T extends File>({
  files,
  name,
  last,
  onEnd,
}: {
  files: readonly T[];
  /** What stands for the path: a link, a button. */
  name: (file: T) => ReactNode;
  last: { title: ReactNode; render: (file: T) => ReactNode };
  onEnd?: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  return (
    <Virtual
      rows={files}
      rowKey={(file) => file.path}
      rowHeight={40}
      className={styles.files}
      label={t("storage.files")}
      onEnd={onEnd}
      head={
        <div role="row" className={`${styles.row} ${styles.head}`}>
          <span role="columnheader">{t("storage.path")}</span>
          <span role="columnheader" className="number">
            {t("storage.col.size")}
          </span>
          <span role="columnheader" className={styles.last}>
            {last.title}
          </span>
        </div>
      }
      render={(file) => (
        <div className={styles.row}>
          <span role="cell" className={styles.name} title={file.path}>
            {name(file)}
          </span>
          <span role="cell" className="number quiet">
            {bytes(file.size)}
          </span>
          <span role="cell" className={styles.last}>
            {last.render(file)}
          </span>
        </div>
      )}
    />
  );
}
