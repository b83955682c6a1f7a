import { queryOptions } from "@tanstack/react-query";
import { api, data, inProject, type Schemas } from "../api/client.ts";
import { jobKeys } from "../jobs/queries.ts";

export type Overview = Schemas["Overview"];
export type JobBrief = Schemas["JobBrief"];

const AGAIN_MS = 30_000;

/** The project at a glance; jobs that change ask for it anew, and so does half a minute. */
export const overviewQuery = () =>
  queryOptions({
    queryKey: [...jobKeys.all(), "overview"],
    queryFn: ({ signal }) =>
      data(api.GET("/v2/{project_id}/training-overview", { params: { path: inProject() }, signal })),
    refetchInterval: AGAIN_MS,
  });
