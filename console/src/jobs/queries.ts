/** What is asked of the server about jobs. Keys begin with the project. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data, inProject, project, type Schemas } from "../api/client.ts";
import type { Job } from "./types.ts";

export const jobKeys = {
  all: () => [project(), "jobs"] as const,
  lists: () => [...jobKeys.all(), "list"] as const,
  one: (id: string) => [...jobKeys.all(), "one", id] as const,
};

/** Metrics and loads change without a word on the stream of changes. */
const RUNNING_CHANGES_MS = 10_000;

/** Jobs that match, each with its summary; asked for again now and then while one of them runs and the page is seen. */
export const jobsQuery = (search: Schemas["JobSearch"]) =>
  queryOptions({
    queryKey: [...jobKeys.lists(), search],
    queryFn: async ({ signal }) => {
      const found = await data(
        api.POST("/v2/{project_id}/training-job-searches", {
          params: { path: inProject() },
          body: { summary: true, ...search },
          signal,
        }),
      );
      return { items: found.items as Job[], total: found.count, all: found.total };
    },
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.items.some((job) => job.status?.phase === "Running") ? RUNNING_CHANGES_MS : false,
  });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: jobKeys.one(id),
    queryFn: async ({ signal }) =>
      (await data(
        api.GET("/v2/{project_id}/training-jobs/{training_job_id}", {
          params: { path: inProject({ training_job_id: id }) },
          signal,
        }),
      )) as Job,
  });

const RARELY_CHANGES_MS = 300_000;

export const enginesQuery = () =>
  queryOptions({
    queryKey: [project(), "engines"],
    queryFn: () => data(api.GET("/v2/{project_id}/training-job-engines", { params: { path: inProject() } })),
    staleTime: RARELY_CHANGES_MS,
  });

export const flavorsQuery = () =>
  queryOptions({
    queryKey: [project(), "flavors"],
    queryFn: () => data(api.GET("/v2/{project_id}/training-job-flavors", { params: { path: inProject() } })),
    staleTime: RARELY_CHANGES_MS,
  });

export const poolsQuery = () =>
  queryOptions({
    queryKey: [project(), "pools", "names"],
    queryFn: () => data(api.GET("/v2/{project_id}/pools", { params: { path: inProject() } })),
    staleTime: RARELY_CHANGES_MS,
  });

export const jobTagsQuery = () =>
  queryOptions({
    queryKey: [project(), "job-tags"],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/modelarts-training-job/tags", {
          params: { path: inProject(), query: { limit: 200 } },
        }),
      ),
    staleTime: 60_000,
  });

export const experimentNamesQuery = () =>
  queryOptions({
    queryKey: [project(), "experiments", "names"],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/training-experiments", {
          params: { path: inProject(), query: { limit: 50 } },
        }),
      ),
    staleTime: 60_000,
  });
