/** Models, their versions and files. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { address, api, data, inProject, project, type Schemas } from "../api/client.ts";
import type { ListState } from "../shared/listState.ts";

export type Model = Schemas["ModelItem"];
export type ModelVersion = Schemas["ModelVersionItem"];

export const modelsKey = () => [project(), "models"];

export const modelsQuery = (state: ListState, workspace_id: string) =>
  queryOptions({
    queryKey: [...modelsKey(), "list", state, workspace_id],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/models", {
          params: {
            path: inProject(),
            query: { name: state.q, workspace_id, offset: state.offset, limit: state.size },
          },
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const modelQuery = (model_id: string) =>
  queryOptions({
    queryKey: [...modelsKey(), model_id],
    queryFn: () =>
      data(api.GET("/v2/{project_id}/models/{model_id}", { params: { path: inProject({ model_id }) } })),
  });

export const versionsQuery = (model_id: string, offset: number, limit: number) =>
  queryOptions({
    queryKey: [...modelsKey(), model_id, "versions", offset, limit],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/models/{model_id}/versions", {
          params: { path: inProject({ model_id }), query: { offset, limit } },
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const versionQuery = (model_id: string, version_id: string) =>
  queryOptions({
    queryKey: [...modelsKey(), model_id, "version", version_id],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/models/{model_id}/versions/{version_id}", {
          params: { path: inProject({ model_id, version_id }) },
        }),
      ),
  });

export const filesQuery = (model_id: string, version_id: string) =>
  infiniteQueryOptions({
    queryKey: [...modelsKey(), model_id, "files", version_id],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v2/{project_id}/models/{model_id}/versions/{version_id}/files", {
          params: { path: inProject({ model_id, version_id }), query: { after: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_after || undefined,
    select: ({ pages }) => pages.flatMap((page) => page.files),
    staleTime: Number.POSITIVE_INFINITY, // a version never changes
  });

const place = (version: ModelVersion) =>
  `/v2/{project_id}/models/${encodeURIComponent(version.model_id)}/versions/${encodeURIComponent(version.version_id)}`;

/** Where a file's bytes are. */
export function fileAddress(version: ModelVersion, path: string): string {
  return address(`${place(version)}/files/${path.split("/").map(encodeURIComponent).join("/")}`);
}

/** Where all files are, as a zip archive. */
export function archiveAddress(version: ModelVersion): string {
  return address(`${place(version)}/archive`);
}
