/** Pools as the console reads them: Kubernetes-like objects, whose labels hold what one looks for. */
import type { Schemas } from "../api/client.ts";

export type Room = Schemas["PoolRoom"];
export type PoolNode = Schemas["NodeItem"];
export type Workload = Schemas["WorkloadItem"];
export type Pool = Schemas["PoolItem"] & {
  /** The server answers with it where it was given; the schema of answers leaves it open. */
  spec: { preemption?: Schemas["PoolPreemption"] };
};

export const PUBLIC_POOL = "pool-public";
export const NAME_LABEL = "os.modelarts/name";
export const WORKSPACE_LABEL = "os.modelarts/workspace.id";
export const DESCRIPTION = "os.modelarts/description";
/** A pool of the default workspace serves all of them. */
export const EVERY_WORKSPACE = "0";
const KIND_LABEL = "os.modelarts.pool/biz";

export function poolId(pool: Pool): string {
  return pool.metadata.name;
}

export function labelOf(pool: Pool, label: string): string {
  return pool.metadata.labels?.[label] ?? "";
}

export function descriptionOf(pool: Pool): string {
  return pool.metadata.annotations?.[DESCRIPTION] ?? "";
}

export type PoolKind = "public" | "dedicated" | "configured";

/** The one everybody shares, a share of a project's own, or one that the cluster's configuration makes. */
export function kindOf(pool: Pool): PoolKind {
  if (poolId(pool) === PUBLIC_POOL) return "public";
  return labelOf(pool, KIND_LABEL) === "private" ? "dedicated" : "configured";
}
