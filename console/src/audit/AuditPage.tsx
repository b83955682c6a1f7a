import { DownloadOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { DataList } from "../shared/DataList.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { Page } from "../shared/Page.tsx";
import { useUrlState } from "../shared/url.ts";
import { AuditFilterBar } from "./AuditFilterBar.tsx";
import styles from "./audit.module.css";
import { auditColumns } from "./columns.tsx";
import { type AuditFilters, auditQuery, isNarrowed, NO_FILTERS } from "./filters.ts";
import type { AuditRecord } from "./operations.ts";
import { exportAddress, recordsQuery } from "./queries.ts";

/** Who did what: every request that changed something or tried to, and every sign-in, newest first. */
export function AuditPage() {
  const { t } = useTranslation();
  const [filters, setFilters] = useUrlState<AuditFilters>(NO_FILTERS);
  const ask = () => auditQuery(filters, Date.now());
  const query = useInfiniteQuery(recordsQuery(JSON.stringify(filters), ask));
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.records), [query.data]);
  const columns = useMemo(
    () => auditColumns(t, (user) => setFilters({ user }, { push: true })),
    [t, setFilters],
  );
  return (
    <Page
      title={t("audit.title")}
      actions={
        <Button icon={<DownloadOutlined />} href={exportAddress(ask())} download="audit-records.csv">
          {t("audit.export")}
        </Button>
      }
    >
      <DataList<AuditRecord>
        name="audit"
        columns={columns}
        rowKey={(record) => record.id}
        query={{
          data: items ? { items, total: items.length } : undefined,
          error: query.error,
          isPending: query.isPending,
          isFetching: query.isFetching,
          refetch: query.refetch,
        }}
        toolbar={
          <AuditFilterBar filters={filters} onFilter={(change) => setFilters(change, { push: true })} />
        }
        empty={
          isNarrowed(filters) ? (
            <Nothing
              title={t("audit.noMatch")}
              action={<Button onClick={() => setFilters(NO_FILTERS)}>{t("jobs.clearFilters")}</Button>}
            />
          ) : (
            <Nothing title={t("audit.none")} hint={t("audit.noneHint")} />
          )
        }
      />
      {query.hasNextPage ? (
        <div className={styles.older}>
          <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t("audit.older")}
          </Button>
        </div>
      ) : null}
    </Page>
  );
}
