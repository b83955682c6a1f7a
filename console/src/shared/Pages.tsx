import { Pagination } from "antd";
import { cloneElement, isValidElement } from "react";
import { useTranslation } from "react-i18next";
import styles from "./DataList.module.css";
import { count } from "./format.ts";
import { type ListChange, type ListState, PAGE_SIZES } from "./listState.ts";
import { useIsNarrow } from "./narrow.ts";

interface PagesProps {
  state: ListState;
  total: number;
  onChange: (change: ListChange) => void;
}

/** How many there are of a list, and its pages. */
export function Pages({ state, total, onChange }: PagesProps) {
  const { t } = useTranslation();
  const narrow = useIsNarrow();
  return (
    <div className={styles.pages}>
      <span className="quiet tabular">{t("common.total", { total: count(total) })}</span>
      <Pagination
        size="small"
        current={state.page}
        pageSize={state.size}
        total={total}
        showSizeChanger={!narrow}
        pageSizeOptions={[...PAGE_SIZES]}
        showLessItems={narrow}
        itemRender={(_page, kind, drawn) =>
          isValidElement<{ "aria-label"?: string }>(drawn) && (kind === "prev" || kind === "next")
            ? cloneElement(drawn, {
                "aria-label": t(kind === "prev" ? "common.pageBefore" : "common.pageAfter"),
              })
            : drawn
        }
        onChange={(page, size) => onChange(size === state.size ? { page } : { page: 1, size })}
      />
    </div>
  );
}
