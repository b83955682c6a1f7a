/** The audit trail: pages, newest first, each followed by an older one. */
import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";
import { address, api, data, inProject, project, type Schemas } from "../api/client.ts";
import type { auditQuery } from "./filters.ts";

const PAGE = 100;
type Query = ReturnType<typeof auditQuery>;

export const auditKey = () => [project(), "audit"] as const;

/** `filtersKey` stands for the filters in the cache: `query` holds times that move on. */
export const recordsQuery = (filtersKey: string, query: () => Query) =>
  infiniteQueryOptions({
    queryKey: [...auditKey(), filtersKey],
    queryFn: async ({ pageParam, signal }) =>
      (await data(
        api.GET("/v1/{project_id}/audit-records", {
          params: {
            path: inProject(),
            query: { ...query(), limit: PAGE, ...(pageParam ? { after: pageParam } : {}) },
          },
          signal,
        }),
      )) as Schemas["AuditRecordList"], // as CSV only where that is asked for
    initialPageParam: "",
    getNextPageParam: (page) => page.next_after || undefined,
    placeholderData: keepPreviousData,
  });

/** All that matches as a table, for the browser to store. */
export function exportAddress(query: Query): string {
  const { outcome, user_name, operation, resource, since, until } = query;
  return address("/v1/{project_id}/audit-records", {
    user_name,
    operation,
    resource,
    outcome: outcome ?? undefined,
    since,
    until,
    format: "csv",
  });
}
