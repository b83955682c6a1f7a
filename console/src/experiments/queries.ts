/** Experiments, and the jobs in them. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data, inProject, project, type Schemas } from "../api/client.ts";
import { jobKeys } from "../jobs/queries.ts";
import type { Job } from "../jobs/types.ts";
import type { ListState } from "../shared/listState.ts";

export type Experiment = Schemas["ExperimentResponse"];

export const experimentsKey = () => [project(), "experiments"];

export const MAY = {
  create: "modelarts:experiment:create",
  update: "modelarts:experiment:update",
  delete: "modelarts:experiment:delete",
  run: "modelarts:trainJob:create",
} as const;

export const experimentsQuery = (state: ListState, workspace: string) =>
  queryOptions({
    queryKey: [...experimentsKey(), "list", state, workspace],
    queryFn: async () => {
      const query = {
        offset: state.offset,
        limit: state.size,
        ...(state.sort ? { sort_by: state.sort as "name", order: state.order } : {}),
        ...(workspace ? { workspace_id: workspace } : {}),
      };
      const params = { path: inProject(), query };
      const page = await data(api.GET("/v2/{project_id}/training-experiments", { params }));
      return { items: page.items, total: page.count };
    },
    placeholderData: keepPreviousData,
  });

export const experimentQuery = (experiment_id: string) =>
  queryOptions({
    queryKey: [...experimentsKey(), experiment_id],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/training-experiments/{experiment_id}", {
          params: { path: inProject({ experiment_id }) },
        }),
      ),
  });

/** How many jobs of an experiment are looked at together. */
export const JOBS_MOST = 100;
const PAGE = 50;

/** The newest jobs of an experiment, at most `JOBS_MOST`; `total` counts all. */
export const experimentJobsQuery = (experiment_id: string) =>
  queryOptions({
    queryKey: [...jobKeys.lists(), "of-experiment", experiment_id],
    queryFn: async ({ signal }) => {
      const jobs: Job[] = [];
      for (;;) {
        const body = {
          offset: jobs.length,
          limit: PAGE,
          sort_by: "create_time",
          order: "desc",
          filters: [{ key: "experiment_id", operator: "in", value: [experiment_id] }],
        };
        const params = { path: inProject() };
        const page = await data(api.POST("/v2/{project_id}/training-job-searches", { params, body, signal }));
        jobs.push(...(page.items as Job[]));
        if (jobs.length >= Math.min(page.count, JOBS_MOST) || page.items.length === 0)
          return { jobs, total: page.count };
      }
    },
  });
