/** Workspaces, their members, quotas and what lies in them; quotas of users. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data, inProject, project, type Schemas } from "../api/client.ts";
import { labelOf, type Pool, PUBLIC_POOL, poolId, WORKSPACE_LABEL } from "../pools/types.ts";
import type { ListState } from "../shared/listState.ts";

export type Workspace = Schemas["WorkspaceResponse"];
export type WorkspaceItem = Schemas["WorkspaceItem"];
export type WorkspaceQuota = Schemas["trainwright__wire__workspaces__QuotaItem"];

export const DEFAULT_WORKSPACE = "0";
/** Limits of everybody who has none of their own. */
export const EVERYONE = "all-users";
const USER_JOBS = "job-num";
const NAMES_FRESH_MS = 60_000;

/** The one of `shared/workspace.ts` begins so, too: a change asks for the switch in the top bar anew. */
export const workspaceKeys = {
  all: () => [project(), "workspaces"] as const,
  one: (id: string) => [...workspaceKeys.all(), "one", id] as const,
  userQuotas: () => [project(), "user-quotas"] as const,
};

export const workspaceListQuery = (state: ListState) =>
  queryOptions({
    queryKey: [...workspaceKeys.all(), "list", state],
    queryFn: async () => {
      const page = await data(
        api.GET("/v1/{project_id}/workspaces", {
          params: {
            path: inProject(),
            query: {
              offset: state.offset,
              limit: state.size,
              sort_by: state.sort === "update_time" ? "update_time" : "name",
              order: state.order,
              name: state.q,
            },
          },
        }),
      );
      return { items: page.workspaces, total: page.total_count };
    },
    placeholderData: keepPreviousData,
  });

export const workspaceQuery = (workspace_id: string) =>
  queryOptions({
    queryKey: workspaceKeys.one(workspace_id),
    queryFn: () =>
      data(
        api.GET("/v1/{project_id}/workspaces/{workspace_id}", {
          params: { path: inProject({ workspace_id }) },
        }),
      ),
  });

export const quotasQuery = (workspace_id: string) =>
  queryOptions({
    queryKey: [...workspaceKeys.one(workspace_id), "quotas"],
    queryFn: async () =>
      (
        await data(
          api.GET("/v1/{project_id}/workspaces/{workspace_id}/quotas", {
            params: { path: inProject({ workspace_id }) },
          }),
        )
      ).quotas,
  });

/** The users of the project by name, those who may call. */
export const namesQuery = () =>
  queryOptions({
    queryKey: [project(), "users", "names"],
    queryFn: async () =>
      (await data(api.GET("/v1/{project_id}/workspaces/users/list", { params: { path: inProject() } })))
        .users,
    staleTime: NAMES_FRESH_MS,
  });

/** How many unfinished jobs a user may have, and has; -1: as many as they want. */
export const userQuotaQuery = (user_id: string) =>
  queryOptions({
    queryKey: [...workspaceKeys.userQuotas(), user_id],
    queryFn: async () => {
      const found = await data(
        api.GET("/v2/{project_id}/training-quotas", {
          params: { path: inProject(), query: { user_id, resource: USER_JOBS } },
        }),
      );
      const { quota = -1, used = 0 } = found.quotas[0] ?? {};
      return { quota, used };
    },
  });

export async function setUserQuota(user_id: string, quota: number): Promise<void> {
  await api.PUT("/v2/{project_id}/training-quotas", {
    params: { path: inProject() },
    body: { user_id, quotas: [{ resource: USER_JOBS, quota }] },
  });
}

export interface Contents {
  jobs: number;
  algorithms: number;
  experiments: number;
  datasets: number;
  pools: number;
}

/** How much lies in a workspace. */
export const contentsQuery = (workspace_id: string) =>
  queryOptions({
    queryKey: [...workspaceKeys.one(workspace_id), "contents"],
    queryFn: async (): Promise<Contents> => {
      const path = inProject();
      const one = { limit: 1, workspace_id };
      const [jobs, algorithms, experiments, datasets, pools] = await Promise.all([
        data(
          api.POST("/v2/{project_id}/training-job-searches", {
            params: { path },
            body: { offset: 0, limit: 1, workspace_id },
          }),
        ),
        data(api.GET("/v2/{project_id}/algorithms", { params: { path, query: one } })),
        data(api.GET("/v2/{project_id}/training-experiments", { params: { path, query: one } })),
        data(api.GET("/v2/{project_id}/datasets", { params: { path, query: one } })),
        data(api.GET("/v2/{project_id}/pools", { params: { path, query: { workspaceId: workspace_id } } })),
      ]);
      return {
        jobs: jobs.count,
        algorithms: algorithms.total,
        experiments: experiments.total,
        datasets: datasets.total_number,
        // Those that serve every workspace are listed, too, and do not lie in this one.
        pools: (pools.items as Pool[]).filter(
          (pool) => labelOf(pool, WORKSPACE_LABEL) === workspace_id && poolId(pool) !== PUBLIC_POOL,
        ).length,
      };
    },
  });
