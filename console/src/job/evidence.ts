import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { logErrors } from "../api/logs.ts";
import { jobKeys } from "../jobs/queries.ts";
import { eventsQuery } from "./queries.ts";

export interface Evidence {
  /** The words that tell what went wrong; empty while nothing is known. */
  text: string;
  /** Where they stand. */
  to: string;
  /** Whether the log itself has a line that tells it. */
  isInLog: boolean;
}

/** What the log of a task says went wrong; where it says nothing, what the platform noted of that task. */
export function useEvidence(job: string, task: string, attempt: number, isWanted: boolean): Evidence {
  const log = useQuery({
    queryKey: [...jobKeys.one(job), "evidence", task, attempt],
    queryFn: ({ signal }) => logErrors({ job, task, attempt }, 1, signal),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: isWanted,
  });
  const line = log.data?.first;
  const events = useInfiniteQuery({
    ...eventsQuery(job, { level: "Error", source: "Task", pattern: "", order: "desc" }),
    enabled: isWanted && (log.isError || (log.isSuccess && !line)),
  });
  if (line) {
    const mark = new URLSearchParams({ task, mark: `${task}:${line.offset}` });
    return { text: log.data?.summary || line.text, to: `/jobs/${job}/logs?${mark}`, isInLog: true };
  }
  const noted = events.data?.pages[0]?.events.find((event) => event.task === task);
  return { text: noted?.message ?? "", to: `/jobs/${job}/events?level=Error`, isInLog: false };
}
