import { ReloadOutlined } from "@ant-design/icons";
import type { UseQueryResult } from "@tanstack/react-query";
import { Button, Table, type TableColumnsType } from "antd";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Busy } from "./Busy.tsx";
import { Cards } from "./Cards.tsx";
import { ColumnChooser } from "./ColumnChooser.tsx";
import { useColumns } from "./columns.ts";
import styles from "./DataList.module.css";
import type { ListChange, ListState } from "./listState.ts";
import { useIsNarrow } from "./narrow.ts";
import { Pages } from "./Pages.tsx";
import { Problem } from "./Problem.tsx";
import { retick } from "./ticked.ts";

export interface Column<T> {
  /** Stable name: kept with the chosen columns, and sent as the sort key when `sorts`. */
  key: string;
  title: string;
  render: (row: T) => ReactNode;
  sorts?: boolean;
  width?: number;
  align?: "left" | "right" | "center";
  /** Not shown until somebody asks for it. */
  hidden?: boolean;
  /** Always shown, always first. */
  fixed?: boolean;
  /** Cut with an ellipsis instead of wrapped. */
  ellipsis?: boolean;
}

export interface DataListProps<T extends object> {
  /** Name of the list; its chosen columns are kept under it. Without it columns cannot be chosen. */
  name?: string;
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  /** A query; what is already known needs only its data. */
  query: Pick<UseQueryResult<{ items: readonly T[]; total: number }>, "data" | "error"> &
    Partial<Pick<UseQueryResult, "isPending" | "isFetching" | "refetch">>;
  /** Without them the list has one page and no order of its own. */
  state?: ListState;
  onChange?: (change: ListChange) => void;
  /** Its heading, where a page has more than the list. */
  title?: string;
  /** Search field and filters, left above the rows. */
  toolbar?: ReactNode;
  /** Right above the rows, beside refresh. */
  extra?: ReactNode;
  /** Instead of rows when there are none. */
  empty: ReactNode;
  /** Where a row leads to. */
  open?: (row: T) => string;
  /** The ticked rows: those of other pages stay ticked until they are cleared. */
  selection?: { rows: readonly T[]; onChange: (rows: T[]) => void };
  /** Shown at the right end of each row. */
  rowActions?: (row: T) => ReactNode;
}

/** The one list of the console: toolbar, rows (cards on narrow screens), pages; loading, empty and failed states. */
export function DataList<T extends object>(props: DataListProps<T>) {
  const { t } = useTranslation();
  const narrow = useIsNarrow();
  const columns = useColumns(props.name, props.columns);
  const { shown } = columns;
  const { query, state, onChange } = props;
  const rows = query.data?.items ?? [];
  const total = query.data?.total ?? 0;
  return (
    <div className={styles.list}>
      <div className={styles.bar} hidden={!(props.title || props.toolbar || props.extra || query.refetch)}>
        <div className={styles.tools}>
          {props.title ? <h2 className={styles.title}>{props.title}</h2> : null}
          {props.toolbar}
        </div>
        <div className={styles.right}>
          {props.extra}
          {query.refetch ? (
            <Button
              icon={<ReloadOutlined spin={query.isFetching ?? false} />}
              aria-label={t("common.refresh")}
              onClick={() => void query.refetch?.()}
            />
          ) : null}
          {props.name && !narrow ? <ColumnChooser columns={columns} /> : null}
        </div>
      </div>
      {query.error ? <Problem error={query.error} onRetry={() => void query.refetch?.()} /> : null}
      {query.isPending ? (
        query.error ? null : (
          <Busy />
        )
      ) : rows.length === 0 && !query.error ? (
        props.empty
      ) : narrow ? (
        <Cards {...props} columns={shown} rows={rows} />
      ) : (
        <Rows {...props} columns={shown} rows={rows} />
      )}
      {state && onChange && total > 0 ? <Pages state={state} total={total} onChange={onChange} /> : null}
    </div>
  );
}

function Rows<T extends object>({
  columns,
  rows,
  rowKey,
  state,
  onChange,
  open,
  selection,
  rowActions,
}: DataListProps<T> & { rows: readonly T[] }) {
  const navigate = useNavigate();
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // antd measures columns with a row that nobody sees, in which "select all" stands a second time.
    place.current?.querySelector(".ant-table-measure-row")?.setAttribute("inert", "");
  });
  const antColumns: TableColumnsType<T> = columns.map((column) => ({
    key: column.key,
    title: column.title,
    align: column.align ?? "left",
    ellipsis: column.ellipsis ?? false,
    sorter: column.sorts ?? false,
    sortOrder: state?.sort === column.key ? (state.order === "asc" ? "ascend" : "descend") : null,
    showSorterTooltip: false,
    ...(column.width === undefined ? {} : { width: column.width }),
    render: (_: unknown, row: T) => column.render(row),
  }));
  if (rowActions)
    antColumns.push({
      key: "actions",
      title: <span className="hidden">{t("common.actions")}</span>,
      align: "right",
      className: styles.actions as string,
      render: (_: unknown, row: T) => rowActions(row),
    });
  return (
    <div ref={place}>
      <Table<T>
        className={styles.table as string}
        size="middle"
        columns={antColumns}
        dataSource={rows as T[]}
        rowKey={rowKey}
        pagination={false}
        scroll={{ x: "max-content" }}
        onRow={(row) =>
          open
            ? {
                tabIndex: -1,
                "data-hotkey": "row",
                onKeyDown: (event) => {
                  if (event.key === "Enter" && event.target === event.currentTarget) void navigate(open(row));
                },
              }
            : {}
        }
        onChange={(_pages, _filters, sorter) => {
          const one = Array.isArray(sorter) ? sorter[0] : sorter;
          if (one?.column && one.columnKey)
            onChange?.({ sort: String(one.columnKey), order: one.order === "ascend" ? "asc" : "desc" });
          else onChange?.({ sort: "" });
        }}
        {...(selection
          ? {
              rowSelection: {
                selectedRowKeys: selection.rows.map(rowKey),
                preserveSelectedRowKeys: true,
                onChange: (keys: React.Key[]) =>
                  selection.onChange(retick(selection.rows, rows, keys.map(String), rowKey)),
                columnWidth: 40,
              },
            }
          : {})}
      />
    </div>
  );
}
