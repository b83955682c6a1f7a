import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session.tsx";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { DataList } from "../shared/DataList.tsx";
import { useListState } from "../shared/listState.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { useIsNarrow, useIsWide } from "../shared/narrow.ts";
import { Page } from "../shared/Page.tsx";
import { upToDate } from "../shared/ticked.ts";
import { useUrlState } from "../shared/url.ts";
import { useWorkspace } from "../shared/workspace.ts";
import { BatchBar } from "./BatchBar.tsx";
import { jobColumns } from "./columns.tsx";
import { JobFilterBar } from "./JobFilterBar.tsx";
import { JobRowActions } from "./JobRowActions.tsx";
import { LiveMark } from "./LiveMark.tsx";
import { jobsQuery } from "./queries.ts";
import { countFilters, type JobFilters, jobSearch, NO_FILTERS } from "./search.ts";
import { idOf, type Job } from "./types.ts";
import { useJobChanges } from "./useJobChanges.ts";

/** Ranges such as "the last day" move on in steps of this, or every render would be another search. */
const STEP_MS = 60_000;

/** All training jobs of the project: found, watched, compared, stopped. */
export function JobsPage() {
  const { t } = useTranslation();
  const { session, may } = useSession();
  const [workspace] = useWorkspace();
  const [state, change] = useListState();
  const [filters, setFilters] = useUrlState<JobFilters>(NO_FILTERS);
  const [ticked, setTicked] = useState<readonly Job[]>([]);
  const live = useJobChanges();
  const [isNarrow, isWide] = [useIsNarrow(), useIsWide()];
  const me = session.user?.name ?? "";
  const now = Math.floor(Date.now() / STEP_MS) * STEP_MS;
  const query = useQuery(jobsQuery(jobSearch(state, filters, { me, workspace, now })));
  const chosen = upToDate(ticked, query.data?.items ?? [], idOf);
  const [isAsked, setAsked] = useState(false);
  // Only what somebody has asked for turns the wheel: the list asks by itself all the time.
  const calm = {
    data: query.data,
    error: query.error,
    isPending: query.isPending,
    isFetching: query.isFetching && (isAsked || query.isPlaceholderData),
    refetch: async () => {
      setAsked(true);
      try {
        return await query.refetch();
      } finally {
        setAsked(false);
      }
    },
  };
  const columns = useMemo(() => jobColumns(t, isNarrow || isWide), [t, isNarrow, isWide]);
  const search = useCallback((q: string) => change({ q }), [change]);
  const filter = useCallback(
    (some: Partial<JobFilters>) => setFilters({ ...some, page: null } as Partial<JobFilters>),
    [setFilters],
  );
  const isNarrowed = state.q !== "" || countFilters(filters) > 0;
  return (
    <Page title={t("jobs.title")} aside={<LiveMark state={live} />}>
      <DataList<Job>
        name="jobs"
        columns={columns}
        rowKey={idOf}
        query={calm}
        state={state}
        onChange={change}
        toolbar={<JobFilterBar q={state.q} filters={filters} onSearch={search} onFilter={filter} />}
        open={(job) => `/jobs/${idOf(job)}`}
        selection={{ rows: chosen, onChange: setTicked }}
        rowActions={(job) => <JobRowActions job={job} />}
        empty={
          isNarrowed ? (
            <Nothing
              title={t("jobs.noMatch")}
              action={
                <Button onClick={() => setFilters({ ...NO_FILTERS, q: "" } as Partial<JobFilters>)}>
                  {t("jobs.clearFilters")}
                </Button>
              }
            />
          ) : (
            <Nothing
              title={t("jobs.none")}
              hint={t("jobs.noneHint")}
              action={
                may("modelarts:trainJob:create") ? (
                  <ButtonLink to="/jobs/new" type="primary">
                    {t("shell.create")}
                  </ButtonLink>
                ) : null
              }
            />
          )
        }
      />
      {chosen.length > 0 ? <BatchBar jobs={chosen} onClear={() => setTicked([])} /> : null}
    </Page>
  );
}
