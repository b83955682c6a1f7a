/** Algorithms: what is asked of the server about them. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data, inProject, project, type Schemas } from "../api/client.ts";
import { jobKeys } from "../jobs/queries.ts";
import type { ListState } from "../shared/listState.ts";

export type Algorithm = Schemas["AlgorithmResponse"];

export const algorithmsKey = () => [project(), "algorithms"];

/** By which an algorithm can be found. */
export const SEARCHED = ["name", "description", "engine", "code_dir"] as const;
export type SearchedBy = (typeof SEARCHED)[number];

/** The server's `searches`: a comma within the text is written once more. */
export function searchText(by: SearchedBy, text: string): string {
  const trimmed = text.trim();
  return trimmed ? `${by}:${encodeURIComponent(trimmed)}` : "";
}

export const algorithmsQuery = (state: ListState, by: SearchedBy, workspace: string) =>
  queryOptions({
    queryKey: [...algorithmsKey(), "list", state, by, workspace],
    queryFn: async () => {
      const query = {
        searches: searchText(by, state.q),
        offset: state.offset,
        limit: state.size,
        sort_by: state.sort,
        order: state.sort ? state.order : ("desc" as const),
        ...(workspace ? { workspace_id: workspace } : {}),
      };
      const page = await data(
        api.GET("/v2/{project_id}/algorithms", { params: { path: inProject(), query } }),
      );
      return { items: page.items, total: page.count };
    },
    placeholderData: keepPreviousData,
  });

export const algorithmQuery = (algorithm_id: string) =>
  queryOptions({
    queryKey: [...algorithmsKey(), algorithm_id, "whole"],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/algorithms/{algorithm_id}", {
          params: { path: inProject({ algorithm_id }) },
        }),
      ),
  });

/** How many jobs are made of the algorithm. */
export const jobCountQuery = (algorithm_id: string) =>
  queryOptions({
    queryKey: [...jobKeys.lists(), "of-algorithm", algorithm_id],
    queryFn: async () => {
      const filters = [{ key: "algorithm_id", operator: "in", value: [algorithm_id] }];
      const params = { path: inProject() };
      const body = { limit: 1, filters };
      return (await data(api.POST("/v2/{project_id}/training-job-searches", { params, body }))).count;
    },
  });

/** The search algorithms there are, with their settings and defaults. */
export const strategiesQuery = () =>
  queryOptions({
    queryKey: [project(), "search-algorithms"],
    queryFn: async () =>
      (await data(api.GET("/v2/{project_id}/search-algorithms", { params: { path: inProject() } })))
        .search_algo_list,
    staleTime: Number.POSITIVE_INFINITY, // the server's own list
  });

/** Who may do what with algorithms. */
export const MAY = {
  create: "modelarts:algorithm:create",
  update: "modelarts:algorithm:update",
  delete: "modelarts:algorithm:delete",
  publish: "modelarts:gallery:publish",
  run: "modelarts:trainJob:create",
} as const;
