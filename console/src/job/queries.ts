/** What is asked of the server about one job. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, inProject } from "../api/client.ts";
import { jobKeys } from "../jobs/queries.ts";

const EVENTS_A_PAGE = 100;

const ofJob = (id: string) => ({ path: inProject({ training_job_id: id }) });

export interface EventFilters {
  level: string;
  source: string;
  pattern: string;
  order: string;
}

export const eventsQuery = (id: string, filters: EventFilters) =>
  infiniteQueryOptions({
    queryKey: [...jobKeys.one(id), "events", filters],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET("/v2/{project_id}/training-jobs/{training_job_id}/events", {
          params: { ...ofJob(id), query: { ...filters, offset: pageParam, limit: EVENTS_A_PAGE } },
          signal,
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last) => {
      const next = last.offset + last.events.length;
      return last.events.length > 0 && next < last.total ? next : undefined;
    },
  });

export const tasksQuery = (id: string) =>
  queryOptions({
    queryKey: [...jobKeys.one(id), "tasks"],
    queryFn: ({ signal }) =>
      data(api.GET("/v2/{project_id}/training-jobs/{training_job_id}/tasks", { params: ofJob(id), signal })),
  });

export const stagesQuery = (id: string) =>
  queryOptions({
    queryKey: [...jobKeys.one(id), "stages"],
    queryFn: ({ signal }) =>
      data(api.GET("/v2/{project_id}/training-jobs/{training_job_id}/stages", { params: ofJob(id), signal })),
  });

export const checkpointsQuery = (id: string) =>
  queryOptions({
    queryKey: [...jobKeys.one(id), "checkpoints"],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v2/{project_id}/training-jobs/{training_job_id}/checkpoints", {
          params: { ...ofJob(id), query: { limit: 100 } },
          signal,
        }),
      ),
  });

export const stacksQuery = (id: string) =>
  queryOptions({
    queryKey: [...jobKeys.one(id), "stacks"],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v2/{project_id}/training-jobs/{training_job_id}/stacks", {
          params: { ...ofJob(id), query: { limit: 50 } },
          signal,
        }),
      ),
  });

export const jobTagsQuery = (id: string) =>
  queryOptions({
    queryKey: [...jobKeys.one(id), "tags"],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v2/{project_id}/modelarts-training-job/{training_job_id}/tags", {
          params: ofJob(id),
          signal,
        }),
      ),
  });
