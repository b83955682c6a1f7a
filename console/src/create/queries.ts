/** What a job can be made of. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data, inProject, project } from "../api/client.ts";
import { amountsOf, cpusOf, memoryOf } from "./capacity.ts";
import { termsOf } from "./form/terms.ts";

const SLOW = { staleTime: 300_000 } as const;
const LIVE = { refetchInterval: 10_000, staleTime: 5_000 } as const;

export const enginesQuery = () =>
  queryOptions({
    queryKey: [project(), "engines", "to-choose"],
    queryFn: async () =>
      (await data(api.GET("/v2/{project_id}/training-job-engines", { params: { path: inProject() } }))).items,
    ...SLOW,
  });

export interface Flavor {
  id: string;
  aliases: readonly string[];
  /** CPU, GPU or Ascend. */
  type: string;
  cpus: number;
  /** MiB. */
  memory: number;
  cards: number;
  product: string;
  cardMemory: string;
}

/** All flavors with their exact sizes. */
export const flavorsQuery = () =>
  queryOptions({
    queryKey: [project(), "flavors", "to-choose"],
    queryFn: async (): Promise<Flavor[]> => {
      const path = inProject();
      const [offered, sizes] = await Promise.all([
        data(api.GET("/v2/{project_id}/training-job-flavors", { params: { path } })),
        data(api.GET("/v1/{project_id}/resourceflavors", { params: { path } })),
      ]);
      const exact = new Map(sizes.items.map((item) => [item.metadata.name, item.spec]));
      return offered.flavors.map((flavor) => {
        const { cpu, memory, gpu, npu } = flavor.flavor_info;
        const spec = exact.get(flavor.flavor_id);
        return {
          id: flavor.flavor_id,
          aliases: flavor.aliases ?? [],
          type: flavor.flavor_type,
          cpus: spec ? cpusOf(spec.cpu) : cpu.core_num,
          memory: spec ? memoryOf(spec.memory) : memory.size * 1024,
          cards: gpu?.unit_num ?? (npu ? Number(npu.unit_num) : 0),
          product: gpu?.product_name ?? npu?.product_name ?? "",
          cardMemory: gpu?.memory ?? npu?.memory ?? "",
        };
      });
    },
    ...SLOW,
  });

export interface Pool {
  id: string;
  name: string;
  isPublic: boolean;
  flavors: readonly string[];
}

export const poolsQuery = () =>
  queryOptions({
    queryKey: [project(), "pools", "to-choose"],
    queryFn: async (): Promise<Pool[]> => {
      const answer = await data(api.GET("/v2/{project_id}/pools", { params: { path: inProject() } }));
      return answer.items.map((pool) => ({
        id: pool.metadata.name,
        name: pool.metadata.labels?.["os.modelarts/name"] ?? pool.metadata.name,
        isPublic: pool.metadata.labels?.["os.modelarts.pool/biz"] === "public",
        flavors: pool.spec.jobFlavors,
      }));
    },
    staleTime: 60_000,
  });

/** The machines of a pool: what each has, and what of it is free now. */
export const machinesQuery = (pool: string) =>
  queryOptions({
    queryKey: [project(), "pools", pool, "machines"],
    queryFn: async () => {
      const answer = await data(
        api.GET("/v2/{project_id}/pools/{pool_name}/nodes", {
          params: { path: inProject({ pool_name: pool }) },
        }),
      );
      return answer.items.map(({ status }) => ({
        all: amountsOf(status.resources),
        free: amountsOf(status.availableResources),
      }));
    },
    enabled: pool !== "",
    ...LIVE,
  });

export interface Queue {
  waiting: number;
  /** When the last of those in line is expected to start, in ms; 0: nobody knows. */
  lastStart: number;
}

/** Who waits in a pool. */
export const queueQuery = (pool: string) =>
  queryOptions({
    queryKey: [project(), "pools", pool, "queue"],
    queryFn: async (): Promise<Queue> => {
      const path = inProject({ pool_name: pool });
      const [work, jobs] = await Promise.all([
        data(
          api.GET("/v2/{project_id}/pools/{pool_name}/workloads", {
            params: { path, query: { limit: 500 } },
          }),
        ),
        data(
          api.POST("/v2/{project_id}/training-job-searches", {
            params: { path: inProject() },
            body: { limit: 50, filters: [{ key: "phase", operator: "in", value: ["Pending"] }] },
          }),
        ),
      ]);
      const waiting = work.items.filter((item) => item.status === "Queue");
      const here = new Set(waiting.map((item) => item.uid));
      const starts = jobs.items
        .filter((job) => here.has(job.metadata.id))
        .map((job) => job.status?.pending?.starts_at ?? 0);
      return { waiting: waiting.length, lastStart: Math.max(0, ...starts) };
    },
    enabled: pool !== "",
    ...LIVE,
  });

export const algorithmsQuery = (search: string, workspace: string) =>
  queryOptions({
    queryKey: [project(), "algorithms", "to-choose", search, workspace],
    queryFn: async () => {
      const query = {
        limit: 50,
        ...(search ? { searches: `name:${search}` } : {}),
        ...(workspace ? { workspace_id: workspace } : {}),
      };
      const params = { path: inProject(), query };
      return (await data(api.GET("/v2/{project_id}/algorithms", { params }))).items;
    },
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });

export const algorithmQuery = (id: string) =>
  queryOptions({
    queryKey: [project(), "algorithms", id, "to-run"],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/algorithms/{algorithm_id}", {
          params: { path: inProject({ algorithm_id: id }) },
        }),
      ),
    enabled: id !== "",
    staleTime: 10_000,
  });

export const subscriptionsQuery = () =>
  queryOptions({
    queryKey: [project(), "subscriptions", "to-choose"],
    queryFn: async () =>
      (
        await data(
          api.GET("/v2/{project_id}/gallery/subscriptions", {
            params: { path: inProject(), query: { limit: 50 } },
          }),
        )
      ).items,
    staleTime: 10_000,
  });

export const subscriptionQuery = (id: string) =>
  queryOptions({
    queryKey: [project(), "subscriptions", id, "with-item"],
    queryFn: async () => {
      const subscription = await data(
        api.GET("/v2/{project_id}/gallery/subscriptions/{subscription_id}", {
          params: { path: inProject({ subscription_id: id }) },
        }),
      );
      const item = await data(
        api.GET("/v2/{project_id}/gallery/algorithms/{item_id}", {
          params: { path: inProject({ item_id: subscription.item_id }) },
        }),
      );
      return { subscription, item };
    },
    enabled: id !== "",
    staleTime: 10_000,
  });

export const datasetsQuery = (search: string) =>
  queryOptions({
    queryKey: [project(), "datasets", "to-choose", search],
    queryFn: async () => {
      const query = { limit: 50, ...(search ? { search_content: search } : {}) };
      return (await data(api.GET("/v2/{project_id}/datasets", { params: { path: inProject(), query } })))
        .datasets;
    },
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });

export const datasetQuery = (id: string) =>
  queryOptions({
    queryKey: [project(), "datasets", id, "item"],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/datasets/{dataset_id}", {
          params: { path: inProject({ dataset_id: id }) },
        }),
      ),
    enabled: id !== "",
    staleTime: 60_000,
  });

export const datasetVersionsQuery = (id: string) =>
  queryOptions({
    queryKey: [project(), "datasets", id, "versions", "to-choose"],
    queryFn: async () =>
      (
        await data(
          api.GET("/v2/{project_id}/datasets/{dataset_id}/versions", {
            params: { path: inProject({ dataset_id: id }), query: { limit: 50 } },
          }),
        )
      ).versions,
    enabled: id !== "",
    staleTime: 10_000,
  });

export const modelsQuery = () =>
  queryOptions({
    queryKey: [project(), "models", "to-choose"],
    queryFn: async () =>
      (
        await data(
          api.GET("/v2/{project_id}/models", { params: { path: inProject(), query: { limit: 50 } } }),
        )
      ).items,
    staleTime: 10_000,
  });

export const modelVersionsQuery = (id: string) =>
  queryOptions({
    queryKey: [project(), "models", id, "versions", "to-choose"],
    queryFn: async () =>
      (
        await data(
          api.GET("/v2/{project_id}/models/{model_id}/versions", {
            params: { path: inProject({ model_id: id }), query: { limit: 50 } },
          }),
        )
      ).items,
    enabled: id !== "",
    staleTime: 10_000,
  });

export const experimentsQuery = () =>
  queryOptions({
    queryKey: [project(), "experiments", "to-choose"],
    queryFn: async () =>
      (
        await data(
          api.GET("/v2/{project_id}/training-experiments", {
            params: { path: inProject(), query: { limit: 200 } },
          }),
        )
      ).items,
    staleTime: 10_000,
  });

/** What the server would run; `body` as text is part of the key, and an older question is cancelled by a newer one. */
/** The Python files of a code folder, the likely ones first. */
/** `train.py` and its like first, then what lies higher, then by name. Pure. */
/** The terms of an algorithm as it is answered with. */
export function termsOfAlgorithm(answer: {
  metadata: { name: string };
  job_config?: unknown;
  resource_requirements?: unknown;
}) {
  return termsOf(answer.metadata.name, answer.job_config, answer.resource_requirements);
}

/** The terms of a published version; null when there is no such. */
export function termsOfVersion(
  item: { title: string; versions?: { id: string; job_config?: unknown; resource_requirements?: unknown }[] },
  version: string,
) {
  const found = item.versions?.find((one) => one.id === version);
  return found ? termsOf(item.title, found.job_config, found.resource_requirements) : null;
}

export const jobsQuery = (name: string) =>
  queryOptions({
    queryKey: [project(), "jobs", "to-choose", name],
    queryFn: async () => {
      const filters = name ? [{ key: "name", operator: "like", value: [name] }] : [];
      const body = { limit: 50, filters };
      const params = { path: inProject() };
      return (await data(api.POST("/v2/{project_id}/training-job-searches", { params, body }))).items;
    },
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });

/** How many objects lie at a path and how large they are; of very many, the first twenty thousand. */
