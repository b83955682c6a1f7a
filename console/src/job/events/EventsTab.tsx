import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Segmented } from "antd";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Busy } from "../../shared/Busy.tsx";
import { Nothing } from "../../shared/Nothing.tsx";
import { Problem } from "../../shared/Problem.tsx";
import { SearchField } from "../../shared/SearchField.tsx";
import { useUrlState } from "../../shared/url.ts";
import type { TabProps } from "../JobPage.tsx";
import { eventsQuery } from "../queries.ts";
import { EventLines } from "./EventLines.tsx";
import styles from "./events.module.css";

const LEVELS = ["", "Info", "Warning", "Error"] as const;

/** Everything that happened to the job, attempt by attempt. */
export function EventsTab({ job }: TabProps) {
  const { t } = useTranslation();
  const [filters, setFilters] = useUrlState({ level: "", source: "", pattern: "", order: "asc" });
  const query = useInfiniteQuery(eventsQuery(job.metadata.id, filters));
  const events = query.data?.pages.flatMap((page) => page.events) ?? [];
  const search = useCallback((pattern: string) => setFilters({ pattern }), [setFilters]);
  return (
    <>
      <div className={styles.bar}>
        <SearchField value={filters.pattern} onSearch={search} placeholder={t("job.searchEvents")} />
        <Segmented
          aria-label={t("job.level")}
          value={filters.level}
          onChange={(level) => setFilters({ level })}
          options={LEVELS.map((level) => ({ value: level, label: t(`job.levels.${level || "all"}`) }))}
        />
        <Segmented
          aria-label={t("job.order")}
          value={filters.order}
          onChange={(order) => setFilters({ order })}
          options={(["asc", "desc"] as const).map((order) => ({
            value: order,
            label: t(`job.orders.${order}`),
          }))}
        />
      </div>
      {query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isPending && !query.error ? <Busy /> : null}
      {query.isSuccess && events.length === 0 ? <Nothing title={t("job.noEvents")} /> : null}
      <EventLines events={events} isAscending={filters.order === "asc"} />
      {query.hasNextPage ? (
        <Button onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>
          {t("job.moreEvents")}
        </Button>
      ) : null}
    </>
  );
}
