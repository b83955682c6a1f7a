/** What is asked of the server about logs beside the lines themselves. */
import { queryOptions } from "@tanstack/react-query";
import { type LogErrors, type LogOf, logErrors, logLinks } from "../../api/logs.ts";
import { jobKeys } from "../../jobs/queries.ts";
import { type Match, matchOf, ordered } from "./search.ts";

const SEARCHING_MS = 400;
const GROWING_MS = 5000;
const FIRST_TRIES = 40;

/** Where the errors of one task's log are, in so many places; asked again until all is searched, and while the log grows. */
export const errorsQuery = (of: LogOf, places: number) =>
  queryOptions({
    queryKey: [...jobKeys.one(of.job), "logs", "errors", of.task, of.attempt, places],
    queryFn: ({ signal }) => logErrors(of, places, signal),
    refetchInterval: (query) => {
      const found = query.state.data;
      if (query.state.error || !found) return GROWING_MS;
      if (!found.complete && !isCaughtUp(found)) return SEARCHING_MS;
      return found.ended ? false : GROWING_MS;
    },
    staleTime: GROWING_MS,
  });

/** All but an unfinished last line of a log that grows. */
function isCaughtUp(found: LogErrors): boolean {
  return !found.ended && found.size - found.searched < 4096;
}

export const linksQuery = (job: string) =>
  queryOptions({
    queryKey: [...jobKeys.one(job), "logs", "links"],
    queryFn: ({ signal }) => logLinks(job, signal),
    select: (found) => ({ items: found.links, total: found.total }),
  });

/** The first error of these logs: by offset, or of several by time. */
export async function firstError(logs: readonly LogOf[], signal: AbortSignal): Promise<Match | null> {
  const found: Match[] = [];
  for (const of of logs) {
    for (let tries = 0; tries < FIRST_TRIES; tries++) {
      const errors = await logErrors(of, 1, signal);
      if (errors.first) found.push(matchOf(of.task, errors.first));
      if (errors.first || errors.complete || isCaughtUp(errors)) break;
    }
  }
  return found.sort(ordered(logs))[0] ?? null;
}
