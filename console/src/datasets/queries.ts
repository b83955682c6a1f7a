/** Datasets and their versions. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data, inProject, project, type Schemas } from "../api/client.ts";
import type { ListState } from "../shared/listState.ts";

export type Dataset = Schemas["DatasetItem"];
export type DatasetVersion = Schemas["VersionItem"];

const POLL_MS = 1000;

export const datasetsKey = () => [project(), "datasets"];

export const datasetsQuery = (state: ListState, workspace: string) =>
  queryOptions({
    queryKey: [...datasetsKey(), "list", state, workspace],
    queryFn: async () => {
      const page = await data(
        api.GET("/v2/{project_id}/datasets", {
          params: {
            path: inProject(),
            query: {
              search_content: state.q,
              workspace_id: workspace,
              sort_by: state.sort === "name" ? "dataset_name" : "create_time",
              order: state.order,
              offset: state.offset,
              limit: state.size,
            },
          },
        }),
      );
      return { items: page.datasets, total: page.total_number };
    },
    placeholderData: keepPreviousData,
  });

export const datasetQuery = (dataset_id: string) =>
  queryOptions({
    queryKey: [...datasetsKey(), dataset_id],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/datasets/{dataset_id}", { params: { path: inProject({ dataset_id }) } }),
      ),
  });

export const versionsQuery = (dataset_id: string, offset: number, limit: number) =>
  queryOptions({
    queryKey: [...datasetsKey(), dataset_id, "versions", offset, limit],
    queryFn: async () => {
      const page = await data(
        api.GET("/v2/{project_id}/datasets/{dataset_id}/versions", {
          params: { path: inProject({ dataset_id }), query: { offset, limit } },
        }),
      );
      return { items: page.versions, total: page.total_number };
    },
    // One that is being made is watched until it is ready.
    refetchInterval: ({ state }) =>
      state.data?.items.some((version) => version.state === "creating") ? POLL_MS : false,
    placeholderData: keepPreviousData,
  });

export const versionQuery = (dataset_id: string, version_id: string) =>
  queryOptions({
    queryKey: [...datasetsKey(), dataset_id, "version", version_id],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/datasets/{dataset_id}/versions/{version_id}", {
          params: { path: inProject({ dataset_id, version_id }) },
        }),
      ),
    refetchInterval: ({ state }) => (state.data?.state === "creating" ? POLL_MS : false),
  });

export const manifestQuery = (dataset_id: string, version_id: string) =>
  infiniteQueryOptions({
    queryKey: [...datasetsKey(), dataset_id, "manifest", version_id],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v2/{project_id}/datasets/{dataset_id}/versions/{version_id}/manifest", {
          params: { path: inProject({ dataset_id, version_id }), query: { after: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_after || undefined,
    select: ({ pages }) => pages.flatMap((page) => page.objects),
    staleTime: Number.POSITIVE_INFINITY, // a version never changes
  });
