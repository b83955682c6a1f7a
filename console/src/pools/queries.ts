/** Pools, their nodes, and what runs and waits in them. What jobs change is kept below the jobs' key: their stream asks anew. */
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, data, inProject, project } from "../api/client.ts";
import { jobKeys } from "../jobs/queries.ts";
import type { Job } from "../jobs/types.ts";
import { type Gathered, gather } from "./monitor.ts";
import type { Pool, PoolNode, Workload } from "./types.ts";

const AGAIN_MS = 15_000;
const MONITOR_MS = 10_000;
const JOBS_SHOWN = 20;

export const poolKeys = {
  all: () => [project(), "pools"] as const,
  one: (name: string) => [...poolKeys.all(), "one", name] as const,
};

export const allPoolsQuery = () =>
  queryOptions({
    queryKey: [...poolKeys.all(), "list"],
    queryFn: async () => {
      const found = await data(api.GET("/v2/{project_id}/pools", { params: { path: inProject() } }));
      return found.items as Pool[];
    },
    refetchInterval: AGAIN_MS,
  });

export const poolQuery = (pool_name: string) =>
  queryOptions({
    queryKey: poolKeys.one(pool_name),
    queryFn: async () =>
      (await data(
        api.GET("/v2/{project_id}/pools/{pool_name}", { params: { path: inProject({ pool_name }) } }),
      )) as Pool,
  });

export const roomKeys = () => [...jobKeys.all(), "pool-room"] as const;

/** How full pools are, who waits, how many nodes of each flavor are free; of one pool or of all. */
export const roomsQuery = (pool_id = "") =>
  queryOptions({
    queryKey: [...roomKeys(), pool_id],
    queryFn: async () =>
      (
        await data(
          api.GET("/v2/{project_id}/training-pool-room", {
            params: { path: inProject(), query: pool_id ? { pool_id } : {} },
          }),
        )
      ).pools,
    refetchInterval: AGAIN_MS,
  });

export const nodesQuery = (pool_name: string) =>
  queryOptions({
    queryKey: [...poolKeys.one(pool_name), "nodes"],
    queryFn: async ({ signal }) => {
      const items: PoolNode[] = [];
      let after = "";
      do {
        const page = await data(
          api.GET("/v2/{project_id}/pools/{pool_name}/nodes", {
            params: { path: inProject({ pool_name }), query: after ? { continue: after } : {} },
            signal,
          }),
        );
        items.push(...page.items);
        after = page.metadata.continue ?? "";
      } while (after);
      return { items, total: items.length };
    },
    refetchInterval: AGAIN_MS,
  });

/** The unfinished jobs of a pool that one sees, with the hosts they run on. */
export const workloadsQuery = (pool_name: string) =>
  queryOptions({
    queryKey: [...jobKeys.all(), "workloads", pool_name],
    queryFn: async () =>
      (
        await data(
          api.GET("/v2/{project_id}/pools/{pool_name}/workloads", {
            params: { path: inProject({ pool_name }) },
          }),
        )
      ).items as Workload[],
  });

const PHASES = { waiting: ["Pending", "Creating"], running: ["Running", "Terminating"] } as const;

/** The jobs that wait or run in a pool: who waits longest, who started last. */
export const jobsInQuery = (pool_name: string, what: keyof typeof PHASES) =>
  queryOptions({
    queryKey: [...jobKeys.lists(), "in-pool", pool_name, what],
    queryFn: async () => {
      const found = await data(
        api.POST("/v2/{project_id}/training-job-searches", {
          params: { path: inProject() },
          body: {
            offset: 0,
            limit: JOBS_SHOWN,
            sort_by: "create_time",
            order: what === "waiting" ? "asc" : "desc",
            filters: [
              { key: "pool_id", operator: "in", value: [pool_name] },
              { key: "phase", operator: "in", value: [...PHASES[what]] },
            ],
          },
        }),
      );
      return { items: found.items as Job[], total: found.count };
    },
    refetchInterval: AGAIN_MS,
  });

/** How hard the pool works: the server says only how it is now, so what it said while this page was open is kept. */
export const monitorQuery = (queries: QueryClient, pool_name: string) => {
  const queryKey = [...poolKeys.one(pool_name), "monitor"];
  return queryOptions({
    queryKey,
    queryFn: async () => {
      const told = await data(
        api.GET("/v2/{project_id}/pools/{pool_name}/monitor", {
          params: { path: inProject({ pool_name }), query: { statistics: "average" } },
        }),
      );
      return gather(queries.getQueryData<Gathered>(queryKey), told.metrics);
    },
    refetchInterval: MONITOR_MS,
    structuralSharing: false,
  });
};

export const poolEventsQuery = (name: string) =>
  queryOptions({
    queryKey: [...poolKeys.one(name), "events"],
    queryFn: async () => {
      const found = await data(
        api.GET("/v1/{project_id}/events", { params: { path: inProject(), query: { name } } }),
      );
      return { items: found.items, total: found.items.length };
    },
  });
