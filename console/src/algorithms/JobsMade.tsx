import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { jobColumns } from "../jobs/columns.tsx";
import { JobRowActions } from "../jobs/JobRowActions.tsx";
import { jobsQuery } from "../jobs/queries.ts";
import { idOf, type Job } from "../jobs/types.ts";
import { useJobChanges } from "../jobs/useJobChanges.ts";
import { DataList } from "../shared/DataList.tsx";
import { useListState } from "../shared/listState.ts";
import { Nothing } from "../shared/Nothing.tsx";
import type { Algorithm } from "./queries.ts";

/** The jobs that were made of an algorithm, the newest first. */
export function JobsMade({ algorithm }: { algorithm: Algorithm }) {
  const { t } = useTranslation();
  const [state, change] = useListState();
  const columns = useMemo(() => jobColumns(t).filter((column) => column.key !== "algorithm"), [t]);
  useJobChanges();
  const query = useQuery(
    jobsQuery({
      offset: state.offset,
      limit: state.size,
      sort_by: state.sort || "create_time",
      order: state.sort ? state.order : "desc",
      filters: [{ key: "algorithm_id", operator: "in", value: [algorithm.metadata.id] }],
    }),
  );
  return (
    <DataList<Job>
      name="algorithm-jobs"
      columns={columns}
      rowKey={idOf}
      query={query}
      state={state}
      onChange={change}
      open={(job) => `/jobs/${idOf(job)}`}
      rowActions={(job) => <JobRowActions job={job} />}
      empty={<Nothing title={t("algorithms.noJobs")} hint={t("algorithms.noJobsHint")} />}
    />
  );
}
