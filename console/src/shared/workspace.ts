/** The workspace that lists show and new things go to; "" is all that one may see. Kept for each project. */
import { queryOptions } from "@tanstack/react-query";
import { api, data, inProject, project } from "../api/client.ts";
import { usePreference } from "./preferences.ts";

export const workspacesQuery = () =>
  queryOptions({
    queryKey: [project(), "workspaces", "names"],
    queryFn: () =>
      data(
        api.GET("/v1/{project_id}/workspaces", {
          params: { path: inProject(), query: { limit: 100, filter_accessible: true } },
        }),
      ),
    staleTime: 60_000,
  });

export function useWorkspace(): [string, (workspace: string) => void] {
  return usePreference(`workspace.${project()}`, "", (value) => typeof value === "string");
}
